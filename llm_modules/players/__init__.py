"""Language models without a search: prompting methods of the papers, and benchmark questions."""
