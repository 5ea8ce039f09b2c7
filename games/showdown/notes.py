"""Facts of a battle that poke-env's ``Battle`` does not keep, read from its protocol lines.

Items that Pokémon held before they lost them, turns of weather, current formes, last moves, and a
short history in our own words.  Protocol identifiers distinguish Pokémon; since they contain
nicknames, they stay in this module: only species and move ids leave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from poke_env.data import to_id_str

from plywise.games.gen9.infostate import HISTORY_LENGTH

_SWAPS = ("[from] move: Trick", "[from] move: Switcheroo")


def _key(identifier: str) -> str:
    """Return ``p1: Name`` for ``p1a: Name``."""
    role, _, name = identifier.partition(": ")
    return f"{role[:2]}: {name}"


@dataclass
class BattleNotes:
    """The notes on one battle; it reads each protocol line once, in order.

    Attributes:
        species: identifier -> species id of the latest details.
        forme: identifier -> current forme, if it differs.
        lost_item: identifier -> first item seen to be lost.
        weather_turns: ends of turn since the weather's start.
        last_move: role (``p1``/``p2``) -> last move id of the active Pokémon.
        acted: roles whose Pokémon has moved, been sent out or failed to move this turn.
        used: identifier -> move id -> number of uses seen (moves of its set only).
        history: recent events, oldest first, as ``(role, words)``.
        turn: number of the turn.
        unreadable: number of lines that could not be read.
    """

    species: dict[str, str] = field(default_factory=dict)
    forme: dict[str, str] = field(default_factory=dict)
    lost_item: dict[str, str] = field(default_factory=dict)
    weather_turns: int = 0
    last_move: dict[str, str] = field(default_factory=dict)
    used: dict[str, dict[str, int]] = field(default_factory=dict)
    history: list[tuple[str, str]] = field(default_factory=list)
    acted: set[str] = field(default_factory=set)
    turn: int = 0
    unreadable: int = 0
    _seen: int = 0
    _active: dict[str, str] = field(default_factory=dict)

    def update(self, lines: Sequence[Sequence[str]]) -> None:
        """Read the new ones of ``lines``, a battle's growing list."""
        for line in lines[self._seen :]:
            if len(line) >= 2:
                try:
                    self._read(list(line))
                except (ValueError, IndexError):  # a line that no Showdown server sends
                    self.unreadable += 1
        self._seen = len(lines)

    def _note(self, role: str, words: str) -> None:
        self.history.append((role, f"turn {self.turn}: {words}"))
        del self.history[:-HISTORY_LENGTH]

    def _read(self, event: list[str]) -> None:
        kind, args = event[1], event[2:]
        if kind == "turn":
            self.turn = int(args[0])
            self.acted.clear()
        elif kind == "cant" and args:
            self.acted.add(args[0][:2])
        elif kind in ("switch", "drag", "replace") and len(args) >= 2:
            self._switch(kind, _key(args[0]), to_id_str(args[1].split(",")[0]))
        elif kind == "detailschange" and len(args) >= 2:
            self.species[_key(args[0])] = to_id_str(args[1].split(",")[0])
            self.forme.pop(_key(args[0]), None)
        elif kind == "-formechange" and len(args) >= 2:
            self.forme[_key(args[0])] = to_id_str(args[1].split(",")[0])
        elif kind == "move" and len(args) >= 2:
            self._move(args)
        elif kind == "-enditem" and len(args) >= 2:
            self.lost_item.setdefault(_key(args[0]), to_id_str(args[1]))
        elif kind == "-item" and len(args) >= 3 and args[2] in _SWAPS:
            # An item received by Trick comes from the opposite Pokémon.
            giver = self._active.get("p2" if args[0][:2] == "p1" else "p1")
            if giver is not None:
                self.lost_item.setdefault(giver, to_id_str(args[1]))
        elif kind == "-weather" and args:
            self.weather_turns = self.weather_turns + 1 if "[upkeep]" in args else 0
        elif kind == "faint" and args:
            key = _key(args[0])
            self._note(key[:2], f"{self.species.get(key, 'a Pokémon')} fainted")

    def _switch(self, kind: str, key: str, species: str) -> None:
        role = key[:2]
        before = self._active.get(role)
        if before is not None and kind != "replace":
            self.forme.pop(before, None)  # temporary formes end with a switch
        self.species[key] = species
        self._active[role] = key
        self.acted.add(role)
        self.last_move.pop(role, None)
        self._note(role, f"{species} {'was dragged in' if kind == 'drag' else 'came in'}")

    def _move(self, args: list[str]) -> None:
        key, move = _key(args[0]), to_id_str(args[1])
        called = any(a.startswith("[from]") and "lockedmove" not in a for a in args[2:])
        self.last_move[key[:2]] = move
        self.acted.add(key[:2])
        if not called:
            used = self.used.setdefault(key, {})
            used[move] = used.get(move, 0) + 1
        self._note(key[:2], f"{self.species.get(key, 'a Pokémon')} used {move}")
