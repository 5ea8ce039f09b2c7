"""Whose choices are analysed."""

from __future__ import annotations

from collections.abc import Sequence

from plywise.arena.output.text import single_line
from plywise.datasets.errors import ConfigError
from plywise.datasets.showdown_data import to_id

BOTH = "both"


def chosen_players(asked: str, names: Sequence[str]) -> tuple[int, ...]:
    """Return the players that a setting names: by number, by name, or both.

    Args:
        asked: ``0``, ``1``, ``both``, or a name; upper and lower case and signs do not matter.
        names: of the players.

    Raises:
        ConfigError: it names neither, or both by the same name.
    """
    if asked == BOTH:
        return (0, 1)
    if asked in ("0", "1"):
        return (int(asked),)
    same = [number for number, name in enumerate(names) if name == asked] or [
        number for number, name in enumerate(names) if to_id(name) == to_id(asked) != ""
    ]
    if len(same) != 1:
        shown = ", ".join(f"{n} {single_line(name)[:40]}" for n, name in enumerate(names))
        raise ConfigError(f"player={asked}: the players are {shown}; or player=both")
    return (same[0],)
