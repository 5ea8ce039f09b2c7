"""Information states of a battle as JSON, of parts that are kept while they do not change.

Of two teams of six at most a few Pokémon change between two decisions; the text is that of
``InfoState.to_json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple, cast

import msgspec

from plywise.games.gen9.infostate import Condition, Entrance, MonView, SideView
from plywise.games.gen9.tracking.information import ViewKinds, mon_view, side_view
from plywise.games.gen9.tracking.known import KnownMon, KnownSide

_encode = msgspec.json.Encoder().encode


def _record(kind: type) -> Any:
    """Return a class of the same JSON: twice as fast to make, and out of the collector's way."""
    return msgspec.defstruct(kind.__name__, [one.name for one in fields(kind)], gc=False)


_KINDS = ViewKinds(*map(_record, (Condition, Entrance, MonView, SideView)))
_NO_MONS = b'{"mons":[]'
_MOST_ENTRIES = 12  # of a side at a time, that may be told of
_MADE_OPPOSITE = "futuremove"  # the condition of a slot that the other side makes
_changed: Any = msgspec.structs.replace


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
            made = _changed(future, source=opposite(future.source))
            changed["conditions"] = {**view.conditions, _MADE_OPPOSITE: made}
        if view.stat_moves:
            changed["stat_moves"] = tuple(
                (move, None if n is None else opposite(n)) for move, n in view.stat_moves
            )
        text = _encode(_changed(view, **changed) if changed else view)
        assert text.startswith(_NO_MONS)
        return msgspec.Raw(b'{"mons":[' + b",".join(self.mons) + text[len(_NO_MONS) - 1 :])


def renumbered(
    conditions: Mapping[str, Condition], new: Callable[[int], int | None]
) -> dict[str, Condition]:
    """Return conditions whose makers are numbered anew."""
    return {
        name: found if found.source is None else _changed(found, source=new(found.source))
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
        self._entries: dict[int, tuple[KnownMon, KnownMon, msgspec.Raw]] = {}

    def view(self, side: KnownSide, ends: int, legal: tuple[int, ...] | None) -> SideText:
        """Return a view; arguments: as of ``side_view``."""
        mons = tuple(self._mon(side, number, ends, legal) for number in range(len(side.mons)))
        view = side_view(
            side, ends, legal, own=self._own, mons=(), before=self._before, kinds=_KINDS
        )
        return SideText(view, mons)

    def _before(self, mon: KnownMon) -> MonView:
        """Return what was known before an entry, as JSON in place of a view: it rarely changes."""
        _, was, text = self._entries.get(id(mon), (None, None, None))
        if text is None or was is None or was.__dict__ != mon.__dict__:
            if len(self._entries) > _MOST_ENTRIES:
                self._entries.clear()
            text = msgspec.Raw(_encode(mon_view(mon, None, 0, None, own=False, kinds=_KINDS)))
            self._entries[id(mon)] = (mon, mon.snapshot(), text)  # it lives, so its id is its own
        return cast(MonView, text)

    def _mon(self, side: KnownSide, number: int, ends: int, legal: tuple[int, ...] | None) -> bytes:
        mon = side.mons[number]
        if number == side.active:
            self._kept.pop(number, None)
            if self._changed is not None:
                self._changed(number, mon)
            return _encode(mon_view(mon, side, ends, legal, own=self._own, kinds=_KINDS))
        kept = self._kept.get(number)
        # As `==` of dataclasses, which makes two tuples first, and takes ten times as long.
        if kept is not None and kept[0].__dict__ == mon.__dict__:
            return kept[1]
        if self._changed is not None:
            self._changed(number, mon)
        text = _encode(mon_view(mon, None, ends, None, own=self._own, kinds=_KINDS))
        self._kept[number] = (mon.snapshot(), text)
        return text
