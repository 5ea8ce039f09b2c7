"""Whether the opponent's active Pokémon may be an Illusion: what shows since it came in.

An Illusion looks like the last Pokémon of its team that has not fainted, and a damaging hit ends it
(``data/abilities.js``); types, HP, moves and ability are those of who is behind it.  What speaks
for and against it is kept here; how likely that makes it: ``games/gen9/illusions``.
"""

from __future__ import annotations

from collections.abc import Sequence

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.known import Channel, EntryNotes, KnownSide
from plywise.games.gen9.tracking.wire import ProtocolLine, condition_of, place_of, shown_hp

_CHANGES_FORME = frozenset(["-formechange", "-transform", "detailschange"])
_ENDS_MOVE = frozenset(["", "cant", "drag", "switch", "turn", "upkeep"])
_GROUNDING = frozenset(["ingrain", "roost", "smackdown"])
_CHANGES_TYPE = frozenset(
    ["aerilate", "galvanize", "liquidvoice", "normalize", "pixilate", "refrigerate"]
)
BEFORE = (
    _CHANGES_FORME
    | _ENDS_MOVE
    | frozenset(
        """-ability -activate -block -boost -curestatus -damage -end -fail -fieldstart -heal -immune
        -item -sideend -start -status -unboost -weather move""".split()
    )
)
"""Kinds of lines that :meth:`Disguises.before` takes."""


class Disguises:
    """Notes of the opponent's active Pokémon what asks whether it is what it looks like.

    Args:
        reader: of whose lines and knowledge it goes by; a spectator's notes nothing.
    """

    def __init__(self, reader: Channel) -> None:
        self._reader = reader
        self._move = ""  # of the player's, under way

    def before(self, line: ProtocolLine) -> None:
        """Take note of a line that the reader has not read yet."""
        player, kind = self._reader.player, line.kind
        if player is None:
            return
        if kind == "move":
            self._move = to_id(line.arg(1)) if place_of(line.arg(0))[0] == player else ""
            return
        if kind in _ENDS_MOVE:
            self._move = ""
            return
        notes = self._reader.battle.sides[1 - player].notes
        if notes is None or notes.genuine:
            return
        if self._tells_ability(line) or kind == "-sideend":
            notes.genuine |= kind != "-sideend" or self._absorbs(line)
        elif self._is_foe(line.arg(0)):
            if kind in _CHANGES_FORME:
                notes.genuine = True
            elif kind == "-end" and tables.effect_id(line.arg(1)) in tables.FUTURE_MOVES:
                self._move = tables.effect_id(line.arg(1))
            else:
                self._look(line, notes)

    def _is_foe(self, ident: str) -> bool:
        assert self._reader.player is not None
        return place_of(ident)[0] == 1 - self._reader.player and ident[2:3] == "a"

    def _tells_ability(self, line: ProtocolLine) -> bool:
        """Return whether a line tells an ability of the opponent's active Pokémon."""
        kind = line.kind
        if kind == "-ability" and to_id(line.arg(1)) == "neutralizinggas":
            return True  # it ends an Illusion
        if kind == "-ability":  # Trace tells both
            return self._is_foe(line.arg(0)) or self._is_foe(line.tags.get("of", ""))
        if line.origin[0] == "ability":
            frisked = kind == "-item" and line.origin[1] == "frisk"
            return self._is_foe(line.tags.get("of", "") if frisked else line.owner)
        named = any(part.startswith("ability: ") for part in line.args[1:])
        return named and self._is_foe(line.arg(0))

    def _absorbs(self, line: ProtocolLine) -> bool:
        """Return whether a grounded Poison type takes Toxic Spikes away."""
        spikes = tables.effect_id(line.arg(1)) == "toxicspikes"
        return spikes and self._is_foe(line.tags.get("of", ""))

    def _look(self, line: ProtocolLine, notes: EntryNotes) -> None:
        """Note what a line about the opponent's active Pokémon shows of it."""
        kind, cause = line.kind, line.origin[1]
        battle = self._reader.battle
        assert self._reader.player is not None
        own, foe = battle.sides[self._reader.player], battle.sides[1 - self._reader.player]
        mon = foe.mon
        if mon is None or foe.types or foe.added_type or foe.copy is not None:
            return
        sign: tuple[str, str] | None = None
        if kind == "-damage" and "from" not in line.tags:
            notes.genuine |= bool(self._move)
        elif kind == "-damage" and cause == "stealthrock":
            now, most, _ = condition_of(line.arg(1))
            left = shown_hp(now, most) if self._reader.exact and most else now
            sign = ("rock", str(mon.hp - left))
        elif kind == "-damage" and cause == "spikes":
            grounded = "gravity" in battle.conditions or _GROUNDING & foe.effects.keys()
            sign = None if grounded else ("hurt", "Ground")
        elif kind == "-damage" and cause == "sandstorm":
            sign = ("hurt", "sandstorm")
        elif kind == "-start" and tables.effect_id(line.arg(1)) == "leechseed":
            sign = ("hurt", "powder")  # to both the same types are immune
        elif kind == "-status" and line.arg(1) != "slp":
            if own.mon is not None and own.mon.ability != "corrosion":
                sign = ("hurt", line.arg(1))
        elif kind == "-immune" and not line.tags and self._move and own.mon is not None:
            keys = self._immunities(own.mon.ability, electrified="electrify" in own.effects)
            sign = ("immune", " ".join(keys)) if keys else None
        if sign is not None and sign not in notes.signs:
            notes.signs += (sign,)

    def _immunities(self, ability: str | None, *, electrified: bool) -> Sequence[str]:
        """Return which immunities of a type to the move under way there are; () not known."""
        move = load().moves.get(self._move)
        if move is None or ability is None or "ohko" in move:
            return ()
        if self._move == "leechseed":
            return ("powder", "prankster") if ability == "prankster" else ("powder",)
        special = {"onTryImmunity", "onModifyType", "onModifyMove"} & set(move.get("cb", ()))
        if special or electrified:
            return ()
        if move["category"] != "Status":
            changed = ability in _CHANGES_TYPE or move.get("ignoreImmunity")
            return () if changed else (move["type"],)
        keys = [move["status"]] if "status" in move else []
        if move.get("ignoreImmunity") is False:
            keys.append(move["type"])
        if "powder" in move.get("flags", {}):
            keys.append("powder")
        return (*keys, "prankster") if ability == "prankster" else keys


def may_be_misnamed(own: KnownSide) -> bool:
    """Return whether lines may name another than the player's own active Pokémon.

    Its own Illusion is told by the next request.
    """
    return not own.turns and any(mon.base_ability == "illusion" for mon in own.mons)


def exchanged(places: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the places of a team after ``name`` has come in for the first one."""
    if not places:
        return ()
    left = list(places)
    if name in left:
        left[left.index(name)] = left[0]
    left[0] = name
    return tuple(left)


def places_behind(places: tuple[str, ...], real: str, shown: str, size: int) -> tuple[str, ...]:
    """Return the places of a team after ``real`` has come in, looking like ``shown``.

    Only who has fainted stands behind ``shown``, and nobody asks for them.

    Args:
        places: before.
        real, shown: base species.
        size: of the team.
    """
    left = list(exchanged(places, real)) or [real, *("" for _ in range(size - 1))]
    if shown not in left[1:]:
        left[-1] = shown
    return tuple(left)
