"""Pokémon generation 9 singles: information states, the belief, the game and its briefing."""
