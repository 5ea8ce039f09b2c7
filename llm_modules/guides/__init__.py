"""The guides of a search (propose, model, value) and the questions that they put to a model."""
