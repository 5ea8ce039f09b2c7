"""Battles on a Pokémon Showdown server: players, connections, a match and its live view."""
