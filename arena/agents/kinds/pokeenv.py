"""``agent=pokeenv_…``: poke-env's own players (``games/showdown/baselines.py`` makes them)."""

from __future__ import annotations

from plywise.arena.agents.spec import AgentSpec

AGENTS = (
    AgentSpec("pokeenv_random", "poke-env's RandomPlayer", server=True),
    AgentSpec("pokeenv_max_base_power", "poke-env's MaxBasePowerPlayer", server=True),
    AgentSpec("pokeenv_simple_heuristics", "poke-env's SimpleHeuristicsPlayer", server=True),
)
