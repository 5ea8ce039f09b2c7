"""Comparisons of the battle engine with recordings of the real simulator."""
