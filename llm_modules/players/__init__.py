"""Language models that play alone, with the prompting methods of the papers."""
