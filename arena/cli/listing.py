"""``plywise agents`` and ``plywise games``: one line each."""

from __future__ import annotations


def list_agents() -> int:
    """Print the agents, with where each of them plays."""
    from plywise.arena.agents.catalog import CATALOG

    width = max(map(len, CATALOG)) + 2
    for name, spec in CATALOG.items():
        print(f"{name:<{width}}{spec.words} [{', '.join(spec.plays) or 'terminal'}]")
    return 0


def list_games() -> int:
    """Print the games."""
    from plywise.games.registry import PLUGINS, REGISTRY

    listed = {entry.name: entry.summary for entry in REGISTRY.values()} | PLUGINS
    width = max(map(len, listed)) + 2
    for name, summary in listed.items():
        print(f"{name:<{width}}{summary}")
    return 0
