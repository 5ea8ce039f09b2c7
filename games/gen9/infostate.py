"""One player's information state in a Gen 9 singles battle, as plain values that JSON can store.

Ids are Showdown's (``knockoff``, ``heavydutyboots``).  No text that the opponent can choose enters:
no names, nicknames or chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from plywise.engine.battle import constants as c

# Actions, as the engine numbers them: moves, the same with Terastallization, switches to a team
# index, the single option of a forced move, and nothing to send in.
MOVE, TERA, SWITCH = c.ACTION_MOVE, c.ACTION_TERA, c.ACTION_SWITCH
FORCED, PASS = c.ACTION_FORCED, c.ACTION_PASS

HISTORY_LENGTH = 12
"""Entries that ``InfoState.history`` keeps."""


@dataclass(frozen=True)
class MoveView:
    """One known move.

    Attributes:
        id: Showdown's id.
        used: number of times that it was seen used.
        pp, max_pp: PP left and at most; None for the opponent's moves.
        disabled: the player may not choose it now.
    """

    id: str
    used: int = 0
    pp: int | None = None
    max_pp: int | None = None
    disabled: bool = False


@dataclass(frozen=True)
class MonView:
    """One Pokémon as a player knows it.

    Attributes:
        species: current forme; ``base_species``: forme at the start of the battle.
        hp, max_hp: HP for the player's Pokémon, percent (``max_hp`` = 100) for the opponent's.
        item: item held; "" none, None unknown; ``lost_item``: item held earlier, "" none known.
        ability: current ability, None unknown; ``base_ability``: that of its set.
        status_turns: turns slept, or the stage of bad poison.
        stats: atk, def, spa, spd, spe without boosts; None unknown.
        tera_type: None unknown.
        revealed: the opponent has seen it.
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
        """HP left, as a fraction of the maximum."""
        return self.hp / self.max_hp if self.max_hp else 0.0


@dataclass(frozen=True)
class SideView:
    """One side: its known Pokémon and all conditions.

    Attributes:
        mons: its known Pokémon, for the player by team index.
        active: index of the active Pokémon in ``mons``; None: none.
        boosts: stages of the active one (``names.BOOST_NAMES``), zeros left out.
        volatiles: volatile conditions of the active one -> turns since their start.
        conditions: side conditions -> layers (hazards) or turns since their start; also ``wish``
            and the future move that will hit this side.
        types: current types of the active one if a move or ability changed them; () otherwise.
        size: number of Pokémon in the team.
        transformed: the active one's moves, stats and types are copies of the opponent's.
        last_move: the active one's last move since it was sent out; "" none.
        turns_out: turns since the active one was sent out.
        can_tera: Terastallization has not been used.
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
        """The active Pokémon; None: none."""
        return None if self.active is None else self.mons[self.active]

    @property
    def left(self) -> int:
        """Number of Pokémon that have not fainted, unseen ones included."""
        return self.size - sum(m.fainted for m in self.mons)


@dataclass(frozen=True)
class InfoState:
    """The information state of ``player`` at one decision.

    Attributes:
        own, foe: the player's side and the opponent's.
        request: "move", "switch" (a replacement is due) or "wait".
        legal: the player's legal actions in the engine's numbering, ascending.
        weather, terrain: id, "" none; ``weather_turns``, ``terrain_turns``: turns since its start.
        pseudo_weathers: id, such as ``trickroom`` -> turns since its start.
        trapped: the player cannot switch; ``maybe_trapped``: possibly cannot.
        reviving: the switch requested is Revival Blessing's choice of a Pokémon to revive.
        foe_pending: the opponent's action of this turn has not been executed (a pivot in mid-turn).
        history: recent events in our own words, oldest first.
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
