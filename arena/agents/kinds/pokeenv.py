"""``agent=pokeenv_…``: poke-env's own players (``games/showdown/baselines.py`` makes them)."""

from __future__ import annotations

from plywise.arena.agents.spec import AgentSpec

AGENTS = (
    AgentSpec("pokeenv_random", "poke-env's RandomPlayer", plays=("server",)),
    AgentSpec("pokeenv_max_base_power", "poke-env's MaxBasePowerPlayer", plays=("server",)),
    AgentSpec("pokeenv_simple_heuristics", "poke-env's SimpleHeuristicsPlayer", plays=("server",)),
)
