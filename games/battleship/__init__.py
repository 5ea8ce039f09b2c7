"""Battleship: rules, placement, notation, and hints on where to hide."""
