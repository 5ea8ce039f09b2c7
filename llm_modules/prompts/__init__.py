"""What a model reads, and how its reply is read: texts, forms, examples, scores of letters."""
