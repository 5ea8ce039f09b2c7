"""What a request tells a player of its own Pokémon and of its choices (``Side.getRequestData``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from plywise.datasets.battle_formats import names_asked
from plywise.datasets.showdown_data import to_id
from plywise.engine.battle.names import STAT_NAMES
from plywise.games.gen9.infostate import FORCED, MOVE, PASS, SWITCH, TERA
from plywise.games.gen9.tracking.wire import condition_of, details_of, place_of


class OwnMon(NamedTuple):
    """One of the player's Pokémon.

    Attributes:
        name: from the wire; it stays in this room.
        hp, max_hp: exact; ``max_hp`` is 0 of one that has fainted.
        moves: ids by slot, copied ones of one that has transformed.
        stats: atk, def, spa, spd, spe of its own forme.
    """

    name: str
    species: str
    level: int
    gender: str
    hp: int
    max_hp: int
    status: str
    stats: tuple[int, ...]
    moves: tuple[str, ...]
    ability: str
    base_ability: str
    item: str
    tera_type: str
    terastallized: bool


@dataclass(frozen=True)
class BattleRequest:
    """A request.

    Attributes:
        kind: "move", "switch", "wait" or "preview".
        mons: the player's Pokémon in the server's present order, the active one first.
        pp: of the active one's moves, as far as they are told: id -> PP left and at most.
        bench: positions in ``mons`` of those that may come in (or be revived).
        slots: what may be chosen of the active one's four moves; ``forced``: instead there is one
            choice alone, which is none of these; ``locked``: the server offers one move alone.
        tera: the move chosen may come with Terastallization.
        maybe_trapped: a switch may be refused.
        reviving: a fainted Pokémon is chosen, to be revived.
        id: number that the choice names; None: it has none.
        named, to_name: at Team Preview, the indices of those named so far, and how many it takes.
    """

    kind: str
    mons: tuple[OwnMon, ...]
    pp: Mapping[str, tuple[int, int]]
    bench: tuple[int, ...] = ()
    slots: tuple[int, ...] = ()
    forced: bool = False
    locked: bool = False
    tera: bool = False
    maybe_trapped: bool = False
    reviving: bool = False
    id: int | None = None
    named: tuple[int, ...] = ()
    to_name: int = 0

    def legal(self, indices: Sequence[int]) -> tuple[int, ...]:
        """Return the legal actions, ascending; ``indices``: team index by position."""
        switches = [SWITCH + indices[k] for k in self.bench]
        if self.kind == "switch":
            return tuple(sorted(switches)) or (PASS,)
        if self.kind == "preview":
            return tuple(SWITCH + i for i in nameable(len(self.mons), self.named, self.to_name))
        if self.kind != "move":
            return ()
        moves = [MOVE + slot for slot in self.slots]
        if self.tera:
            moves += [TERA + slot for slot in self.slots]
        return tuple(sorted([*moves, *switches, *([FORCED] if self.forced else [])]))


def nameable(size: int, named: Sequence[int], to_name: int) -> list[int]:
    """Return who may be named next at Team Preview, as ``engine/battle/team_preview.py`` does.

    Who begins is anybody; the others are named by ascending index.
    """
    if not named:
        return list(range(size))
    last = named[-1] if len(named) > 1 else -1
    free = [i for i in range(size) if i not in named and i > last]
    return free[: len(free) - (to_name - len(named)) + 1]


def parse_request(raw: Mapping[str, Any]) -> BattleRequest:
    """Return a request as the server's JSON states it.

    Raises:
        ValueError: it is none of a singles battle.
    """
    try:
        return _parsed(raw)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"not a request of a singles battle: {error!r}") from error


def _parsed(raw: Mapping[str, Any]) -> BattleRequest:
    entries = raw["side"]["pokemon"]
    mons = tuple(map(_own_mon, entries))
    number = int(raw["rqid"]) if "rqid" in raw else None
    if raw.get("wait"):
        return BattleRequest("wait", mons, {}, id=number)
    if raw.get("teamPreview"):
        brought = min(len(mons), int(raw.get("maxChosenTeamSize") or len(mons)))
        return BattleRequest(
            "preview", mons, {}, id=number, to_name=names_asked(len(mons), brought)
        )
    reviving = any(entry.get("reviving") for entry in entries)
    bench = tuple(k for k, mon in enumerate(mons) if k > 0 and (mon.hp == 0) == reviving)
    if raw.get("forceSwitch"):
        return BattleRequest("switch", mons, {}, bench, reviving=reviving, id=number)
    active = raw["active"][0]
    offered = active["moves"]
    pp = {to_id(m["id"]): (int(m["pp"]), int(m["maxpp"])) for m in offered if "pp" in m}
    own, slots = mons[0].moves, []
    locked = len(offered) == 1
    if locked:  # locked in, recharging, struggling, or it knows one move alone
        slots = [k for k, move in enumerate(own) if move == to_id(offered[0]["id"])][:1]
    else:
        slots = [k for k, m in enumerate(offered[:4]) if not m.get("disabled")]
    forced = not slots
    return BattleRequest(
        "move",
        mons,
        pp,
        bench=() if active.get("trapped") else bench,
        slots=tuple(slots),
        forced=forced,
        locked=locked,
        tera=bool(active.get("canTerastallize")) and not forced,
        maybe_trapped=bool(active.get("maybeTrapped")),
        id=number,
    )


def _own_mon(entry: Mapping[str, Any]) -> OwnMon:
    species, level, gender, _ = details_of(entry["details"])
    hp, max_hp, status = condition_of(entry["condition"])
    return OwnMon(
        name=place_of(entry["ident"])[1],
        species=species,
        level=level,
        gender=gender,
        hp=hp,
        max_hp=max_hp,
        status=status,
        stats=tuple(int(entry["stats"][name]) for name in STAT_NAMES),
        moves=tuple(to_id(move) for move in entry["moves"]),
        ability=to_id(entry.get("ability") or entry["baseAbility"]),
        base_ability=to_id(entry["baseAbility"]),
        item=to_id(entry["item"]),
        tera_type=str(entry.get("teraType") or ""),
        terastallized=bool(entry.get("terastallized")),
    )
