"""Exact values of small games: matrix games, equilibria, exploitability, expectimax."""
