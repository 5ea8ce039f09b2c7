"""Comparison with the real simulator: recorded steps replayed, states compared.

Plain Python: no kernel belongs here.
"""
