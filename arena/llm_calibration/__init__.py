"""Measures a language model on questions with known answers; trust comes from it."""
