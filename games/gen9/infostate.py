"""What one player knows in a Gen 9 singles battle: plain values that a decision log can store.

Ids are Showdown's (``knockoff``, ``heavydutyboots``).  Nothing here comes from text that the
opponent can choose: names, nicknames and chat never enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from plywise.engine.battle import constants as c

# Actions, as the engine numbers them: moves, the same with Terastallization, switches to a team
# index, the single option of a forced move, and nothing to send in.
MOVE, TERA, SWITCH, FORCED, PASS = (
    c.ACTION_MOVE,
    c.ACTION_TERA,
    c.ACTION_SWITCH,
    c.ACTION_FORCED,
    c.ACTION_PASS,
)

HISTORY_LENGTH = 12
"""Entries that ``InfoState.history`` keeps."""


@dataclass(frozen=True)
class MoveView:
    """One known move: how often it was seen used, and for one's own also what PP is left."""

    id: str
    used: int = 0
    pp: int | None = None
    max_pp: int | None = None
    disabled: bool = False


@dataclass(frozen=True)
class MonView:
    """One Pokémon as a player knows it.

    Attributes:
        species: the present forme; ``base_species`` the one it entered the battle with.
        hp, max_hp: points for one's own; for the opponent's parts of ``max_hp`` = 100.
        item: None unknown, "" none, else the item held now; ``lost_item`` one it held before.
        ability: None unknown, else the present one; ``base_ability`` the one it was built with.
        status_turns: for sleep the turns slept, for bad poison the stage.
        stats: atk, def, spa, spd, spe without boosts; None unknown.
        tera_type: None unknown.
    """

    species: str
    base_species: str
    level: int
    gender: str = "N"
    hp: int = 100
    max_hp: int = 100
    status: str = ""
    status_turns: int = 0
    moves: tuple[MoveView, ...] = ()
    item: str | None = None
    lost_item: str = ""
    ability: str | None = None
    base_ability: str | None = None
    tera_type: str | None = None
    terastallized: bool = False
    stats: tuple[int, ...] | None = None
    revealed: bool = True

    @property
    def fainted(self) -> bool:
        """Whether it has no HP left."""
        return self.hp <= 0

    @property
    def hp_fraction(self) -> float:
        """HP left as a share of the maximum."""
        return self.hp / self.max_hp if self.max_hp else 0.0


@dataclass(frozen=True)
class SideView:
    """One side: the Pokémon known, which one is out, and what holds for it.

    Attributes:
        active: index into ``mons``; None when nobody is out.
        boosts: stages of the active one (``names.BOOST_NAMES``), zeros left out.
        volatiles: volatile conditions of the active one -> turns since they began.
        conditions: side conditions -> layers (hazards) or turns since they began; also ``wish``
            and the future move that will land on this side.
        types: present types of the active one where a move or ability changed them.
        size: how many Pokémon the side brought.
        transformed: the active one's moves, stats and types are a copy of the opponent's.
        last_move: the active one's last move since it came in.
        turns_out: turns that the active one has been out.
        can_tera: Terastallization is still unused.
    """

    mons: tuple[MonView, ...]
    active: int | None
    boosts: Mapping[str, int] = field(default_factory=dict)
    volatiles: Mapping[str, int] = field(default_factory=dict)
    conditions: Mapping[str, int] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    size: int = 6
    transformed: bool = False
    last_move: str = ""
    turns_out: int = 0
    can_tera: bool = True

    @property
    def active_mon(self) -> MonView | None:
        """The Pokémon that is out, if any."""
        return None if self.active is None else self.mons[self.active]

    @property
    def left(self) -> int:
        """How many Pokémon can still fight, unseen ones included."""
        return self.size - sum(m.fainted for m in self.mons)


@dataclass(frozen=True)
class InfoState:
    """All that ``player`` knows at one decision.

    Attributes:
        own, foe: the two sides, from the player's point of view.
        request: "move", "switch" (a replacement is due) or "wait".
        legal: the player's legal actions in the engine's numbering, ascending.
        weather, terrain: id and turns since it began; "" none.
        pseudo_weathers: e.g. ``trickroom`` -> turns since it began.
        trapped: the player may not switch; ``maybe_trapped``: perhaps not.
        reviving: the switch asked for is Revival Blessing's choice of whom to revive.
        foe_pending: the opponent's action of this turn is still to come (a pivot in mid-turn).
        history: what happened lately, in our own words, oldest first.
    """

    player: int
    turn: int
    own: SideView
    foe: SideView
    request: str
    legal: tuple[int, ...]
    weather: str = ""
    weather_turns: int = 0
    terrain: str = ""
    terrain_turns: int = 0
    pseudo_weathers: Mapping[str, int] = field(default_factory=dict)
    trapped: bool = False
    maybe_trapped: bool = False
    reviving: bool = False
    foe_pending: bool = False
    history: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return one line of JSON that :func:`from_json` reads."""
        return msgspec.json.encode(self).decode()

    def with_legal(self, legal: tuple[int, ...]) -> InfoState:
        """Return a copy with other legal actions (after the server refused one)."""
        return replace(self, legal=tuple(sorted(legal)))


def from_json(text: str) -> InfoState:
    """Return the information state that ``InfoState.to_json`` wrote.

    Raises:
        ValueError: the text is not an information state.
    """
    try:
        return msgspec.json.decode(text, type=InfoState)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an information state of gen9 singles: {error}") from error


def action_name(info: InfoState, action: int) -> str:
    """Return the action's name for people and prompts, e.g. ``switch garchomp``."""
    if action == PASS:
        return "pass"
    if action == FORCED:
        return "go on"
    if action >= SWITCH:
        verb = "revive" if info.reviving else "switch"
        return f"{verb} {info.own.mons[action - SWITCH].species}"
    mon = info.own.active_mon
    slot = action % 4
    name = mon.moves[slot].id if mon is not None and slot < len(mon.moves) else f"move {slot + 1}"
    return f"{name} tera" if action >= TERA else name
