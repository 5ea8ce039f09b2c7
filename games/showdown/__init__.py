"""Pokémon Showdown: the pinned server, and the bridge from its battles to ours."""
