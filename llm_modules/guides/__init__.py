"""The three guides of a search (propose, model, value), and what they are asked with."""
