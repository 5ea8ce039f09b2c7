"""``agent=human``: a person in the terminal, whom :mod:`plywise.arena.terminal` asks."""

from __future__ import annotations

from plywise.arena.agents.spec import AgentSpec

AGENTS = (AgentSpec("human", "you, in the terminal (plywise play)"),)
