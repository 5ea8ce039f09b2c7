"""Information states of a battle as JSON, of parts that are kept while they do not change.

Of two teams of six at most a few Pokémon change between two decisions; the text is that of
``InfoState.to_json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import msgspec

from plywise.games.gen9.infostate import Condition, SideView
from plywise.games.gen9.tracking.information import mon_view, side_view
from plywise.games.gen9.tracking.known import KnownMon, KnownSide

_encode = msgspec.json.Encoder().encode
_NO_MONS = b'{"mons":[]'
_MADE_OPPOSITE = "futuremove"  # the condition of a slot that the other side makes


class SideText(NamedTuple):
    """A view of one side: without its Pokémon, and these as JSON."""

    view: SideView
    mons: tuple[bytes, ...]

    def encoded(self, opposite: Callable[[int], int | None]) -> msgspec.Raw:
        """Return it as JSON, Pokémon of the opposite side numbered anew."""
        view = self.view
        changed: dict[str, object] = {}
        if any(found.source is not None for found in view.volatiles.values()):
            changed["volatiles"] = renumbered(view.volatiles, opposite)
        future = view.conditions.get(_MADE_OPPOSITE)
        if future is not None and future.source is not None:
            made = replace(future, source=opposite(future.source))
            changed["conditions"] = {**view.conditions, _MADE_OPPOSITE: made}
        if view.stat_moves:
            changed["stat_moves"] = tuple(
                (move, None if n is None else opposite(n)) for move, n in view.stat_moves
            )
        text = _encode(replace(view, **changed) if changed else view)  # type: ignore[arg-type]
        assert text.startswith(_NO_MONS)
        return msgspec.Raw(b'{"mons":[' + b",".join(self.mons) + text[len(_NO_MONS) - 1 :])


def renumbered(
    conditions: Mapping[str, Condition], new: Callable[[int], int | None]
) -> dict[str, Condition]:
    """Return conditions whose makers are numbered anew."""
    return {
        name: found if found.source is None else replace(found, source=new(found.source))
        for name, found in conditions.items()
    }


class SideStates:
    """Views of one side, again and again, each Pokémon made anew only where it has changed.

    Args:
        own: they are for its player; else for the opponent.
        changed: called with the number of a Pokémon that has changed, and what is known of it.
    """

    def __init__(
        self, *, own: bool, changed: Callable[[int, KnownMon], None] | None = None
    ) -> None:
        self._own = own
        self._changed = changed
        self._kept: dict[int, tuple[KnownMon, bytes]] = {}

    def view(self, side: KnownSide, ends: int, legal: tuple[int, ...] | None) -> SideText:
        """Return a view; arguments: as of ``side_view``."""
        mons = tuple(self._mon(side, number, ends, legal) for number in range(len(side.mons)))
        return SideText(side_view(side, ends, legal, own=self._own, mons=()), mons)

    def _mon(self, side: KnownSide, number: int, ends: int, legal: tuple[int, ...] | None) -> bytes:
        mon = side.mons[number]
        if number == side.active:
            self._kept.pop(number, None)
            if self._changed is not None:
                self._changed(number, mon)
            return _encode(mon_view(mon, side, ends, legal, own=self._own))
        kept = self._kept.get(number)
        # As `==` of dataclasses, which makes two tuples first, and takes ten times as long.
        if kept is not None and kept[0].__dict__ == mon.__dict__:
            return kept[1]
        if self._changed is not None:
            self._changed(number, mon)
        text = _encode(mon_view(mon, None, ends, None, own=self._own))
        self._kept[number] = (mon.snapshot(), text)
        return text
