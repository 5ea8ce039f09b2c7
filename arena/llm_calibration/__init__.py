"""Measurement of a language model on questions with known answers; trust is derived from it."""
