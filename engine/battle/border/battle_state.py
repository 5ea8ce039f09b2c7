"""One battle for Python code: built from teams or dumps, played, printed, saved.

Kernels and searches work on pools of flat states (:mod:`state`, :mod:`rules`); this class is one
such state with names instead of numbers, for adapters, tests and people.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from plywise.datasets.battle_corpus import Dump
from plywise.datasets.battle_formats import names_asked
from plywise.datasets.errors import PlywiseError
from plywise.datasets.pokemon_sets import parse_packed_team
from plywise.datasets.showdown_data import UnknownNameError, to_id
from plywise.engine.battle import chance, damage_rolls, log_events
from plywise.engine.battle import chance_tree as branches
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec, describe, plain
from plywise.engine.battle.border import teams as team_building
from plywise.engine.battle.border.formats import playable
from plywise.engine.battle.border.seeds import unstarted_from_seed
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.log.lines import protocol_lines
from plywise.engine.battle.names import (
    ABILITY_NAMES,
    BOOST_NAMES,
    ITEM_NAMES,
    MOVE_ID,
    MOVE_NAMES,
    SPECIES_NAMES,
    STATUS_NAMES,
    TYPE_NAMES,
)
from plywise.engine.battle.oracle import state_facts as facts
from plywise.engine.battle.rules import RULES, start
from plywise.engine.battle.state import BATTLE
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL

_LAYOUT = hashlib.sha256(repr(BATTLE.descr).encode()).hexdigest()[:12]


class IllegalBattleActionError(PlywiseError):
    """An action that its side may not choose now."""


@dataclass(frozen=True)
class Member:
    """One Pokémon of a team, in Showdown's ids.

    Attributes:
        index: its team index, 0 to 5, the same for the whole battle.
        moves, pp: by slot.
        item: empty without one.
        status: empty, or brn, par, psn, tox, slp, frz.
    """

    index: int
    species: str
    level: int
    hp: int
    max_hp: int
    status: str
    ability: str
    item: str
    tera_type: str
    terastallized: bool
    fainted: bool
    moves: tuple[str, ...]
    pp: tuple[int, ...]
    stats: tuple[int, ...]


@dataclass(frozen=True)
class BattleSide:
    """One side.

    Attributes:
        active: team index of the Pokémon in battle (which may have fainted); -1: none, at Team
            Preview.
        boosts: stages of atk def spa spd spe accuracy evasion.
        types: type names of the active one before Terastallization.
        volatiles: Showdown's ids of what clings to the active one.
        conditions: side condition -> turns left, or layers of a hazard.
    """

    active: int
    team: tuple[Member, ...]
    boosts: dict[str, int]
    types: tuple[str, ...]
    volatiles: tuple[str, ...]
    conditions: dict[str, int]


class BattleState:
    """A Gen 9 singles battle.

    ``pool`` is a one-element pool for kernels; it is this state, not a copy.  ``labels`` are what
    log lines call its members; without them they go by their species' names.
    """

    start_log: tuple[str, ...] = ()
    """Lines of the start (see :meth:`apply_actions`), of a state that was started here."""

    def __init__(self, pool: np.ndarray[Any, Any], labels: Labels | None = None) -> None:
        if pool.dtype != BATTLE or pool.shape != (1,):
            raise ValueError("a one-element pool of battle states is wanted")
        self.pool = pool
        self.labels = labels

    @classmethod
    def from_teams(
        cls,
        first: team_building.Team,
        second: team_building.Team,
        seed: int = 0,
        format: str = "gen9randombattle",
        leads: tuple[int, int] = (0, 0),
    ) -> "BattleState":
        """Start a battle: both leads come out and their abilities work.

        Raises:
            TeamError, UnknownNameError: a set is not one of a battle.
            UnmodelledError: a set has something that the engine does not model.
            ValueError: a lead is none of its team.
        """
        pool = team_building.unstarted((first, second), format, rng=Random(seed))
        RULES.reseed(pool, 0, seed)
        for side, lead in zip(pool[0].sides, leads, strict=True):
            if not 0 <= lead < int(side.team_size):
                raise ValueError(f"lead {lead}: the team has {int(side.team_size)} Pokémon")
            # Showdown's team preview: the lead first, the others in their order.
            side.order = [lead, *(k for k in range(6) if k != lead)]
        return cls._started(pool, Labels.of_teams((first, second), format))

    @classmethod
    def at_preview(
        cls, first: team_building.Team, second: team_building.Team, seed: int, format: str
    ) -> "BattleState":
        """Return a battle at Team Preview, with both whole teams.

        Its actions are those of :mod:`~plywise.engine.battle.team_preview`.

        Raises:
            TeamError, UnknownNameError: a set is not one of a battle.
            UnmodelledError: a set has something that the engine does not model.
            UnknownFormatError: the engine cannot play the format.
        """
        pool = team_building.unstarted((first, second), format, rng=Random(seed))
        RULES.reseed(pool, 0, seed)
        team_building.begin_preview(pool, format)
        return cls(pool, Labels.of_teams((first, second), format))

    @classmethod
    def _started(cls, pool: np.ndarray[Any, Any], labels: Labels) -> "BattleState":
        state = cls(pool, labels)
        state.start_log = tuple(state._logged(lambda: start(pool, 0)))
        return state

    @classmethod
    def from_packed(
        cls,
        first: str,
        second: str,
        seed: int = 0,
        format: str = "gen9randombattle",
        leads: tuple[int, int] = (0, 0),
    ) -> "BattleState":
        """Start a battle of two teams in Showdown's packed format, see :meth:`from_teams`.

        Raises:
            TeamError, UnknownNameError: a text is not a packed team, or a set not one of a battle.
            UnmodelledError: a set has something that the engine does not model.
        """
        teams = [parse_packed_team(text) for text in (first, second)]
        return cls.from_teams(teams[0], teams[1], seed, format, leads)

    @classmethod
    def from_seed(
        cls,
        first: str,
        second: str,
        seed: str,
        format: str = "gen9randombattle",
        picked: tuple[Sequence[int], Sequence[int]] | None = None,
    ) -> "BattleState":
        """Start the battle that Showdown makes of two packed teams and a ``gen5`` seed.

        Every draw of it is Showdown's own, so that the same choices lead to the same end there.
        ``picked``: who comes into it, in the order of Team Preview's choice; None: the first ones,
        as ``default`` chooses.

        Raises:
            SeedError: the seed is of another generator.
            TeamError, UnknownNameError: a text is not a packed team, or a set not one of a battle.
            UnmodelledError: a set has something that the engine does not model.
        """
        teams = (parse_packed_team(first), parse_packed_team(second))
        if picked is None:
            most = playable(format).brought
            picked = (range(len(teams[0]))[:most], range(len(teams[1]))[:most])
        pool = unstarted_from_seed(teams, format, seed, picked)
        one, two = ([team[i] for i in order] for team, order in zip(teams, picked, strict=True))
        return cls._started(pool, Labels.of_teams((one, two), format))

    @classmethod
    def from_dump(cls, dump: Dump, setup: codec.BattleSetup, seed: int = 0) -> "BattleState":
        """Return the state that a dump of the real simulator describes.

        Raises:
            DecodeError, UnknownNameError: the flat state has no place for something in it.
        """
        pool = codec.decode(dump, setup)
        RULES.reseed(pool, 0, seed)
        return cls(pool, Labels.of_teams(setup.teams, setup.format))

    def clone(self) -> "BattleState":
        """Return an independent copy, random source included."""
        return BattleState(self.pool.copy(), self.labels)

    # ------------------------------------------------------------------------------- play

    def current_player(self) -> int:
        """Return the side that decides, ``SIMULTANEOUS`` or ``TERMINAL``."""
        return int(RULES.current(self.pool, 0))

    def is_terminal(self) -> bool:
        """Return whether the battle is over."""
        return self.current_player() == TERMINAL

    def legal_actions(self, side: int) -> list[int]:
        """Return the legal actions of a side, ascending; empty where it has nothing to decide.

        Raises:
            ValueError: there is no such side.
        """
        if side not in (0, 1):
            raise ValueError(f"side {side}: sides are 0 and 1")
        out = np.zeros(RULES.num_actions, np.int32)
        return [int(a) for a in out[: RULES.legal(self.pool, 0, side, out)]]

    def apply_actions(self, first: int, second: int, *, log: bool = False) -> list[str]:
        """Play on to the next decision.

        ``NO_ACTION`` stands for a side that has nothing to decide.

        Returns:
            with ``log``, what has happened as lines of Showdown's protocol (:mod:`log_lines`), both
            sides' HP exact; else nothing.  The battle goes on the same either way.

        Raises:
            IllegalBattleActionError: a side may not choose its action, or the battle is over.
        """
        self._check_actions(first, second)
        opening = self._bring((first, second)) if self.previewing else []
        if not log:
            RULES.step(self.pool, 0, first, second)
            return []
        return [*opening, *self._logged(lambda: RULES.step(self.pool, 0, first, second))]

    def _bring(self, actions: tuple[int, int]) -> list[str]:
        """Take over the labels of those that are brought if these actions end Team Preview.

        Returns:
            the lines before those of the leads; [] if it goes on.
        """
        orders = []
        for side, action in zip(self.pool[0].sides, actions, strict=True):
            order, named = [int(i) for i in side.order[: side.team_size]], int(side.active)
            if action != NO_ACTION:
                order.remove(action - c.ACTION_SWITCH)
                order.insert(named, action - c.ACTION_SWITCH)
                named += 1
            brought = int(side.pokemon_left)
            if named < names_asked(len(order), brought):
                return []
            orders.append(order[:brought])
        if self.labels is not None:
            self.labels = self.labels.brought((orders[0], orders[1]))
        return [*(f"|teamsize|p{s + 1}|{len(order)}" for s, order in enumerate(orders)), "|start"]

    def _logged(self, play: Callable[[], None]) -> list[str]:
        """Return the lines of what ``play`` does with the state."""
        state = self.pool[0]
        script, events = chance.resumed(state), log_events.new_events()
        chance.attach_script(state, script, events)
        play()
        chance.detach_script(state, chance.generator(script))
        labels = self.labels or Labels.of_state(self.pool, 0)
        return protocol_lines(log_events.written_events(events), self.pool, 0, labels)

    def chance_outcomes(
        self,
        first: int,
        second: int,
        limit: int = branches.MOST_BRANCHES,
        damage_classes: int | None = None,
    ) -> list[tuple["BattleState", float]]:
        """Return every way in which both actions can turn out, with its probability.

        The most probable comes first; equal successors are one.  Arguments and limits as in
        :func:`branches.enumerate_step`.

        Raises:
            IllegalBattleActionError: a side may not choose its action, or the battle is over.
            TooManyBranchesError: there are more than ``limit``.
        """
        self._check_actions(first, second)
        found = branches.enumerate_step(self.pool, 0, first, second, limit, damage_classes)
        return [
            (BattleState(found.states[k : k + 1].copy(), self.labels), float(probability))
            for k, probability in enumerate(found.probabilities)
        ]

    def _check_actions(self, first: int, second: int) -> None:
        if self.is_terminal():
            raise IllegalBattleActionError("the battle is over: nobody may choose any more")
        for side, action in enumerate((first, second)):
            legal = self.legal_actions(side) or [NO_ACTION]
            if action not in legal:
                raise IllegalBattleActionError(
                    f"side {side + 1} may not choose {action} "
                    f"({describe.action_label(action)}); legal: {legal}"
                )

    def returns(self) -> tuple[float, float]:
        """Return both sides' results, 1 win, 0 tie, -1 loss; zeros before the end."""
        if not self.is_terminal():
            return 0.0, 0.0
        value = float(RULES.returns(self.pool, 0))
        return value, -value

    def reseed(self, seed: int) -> None:
        """Set the random source."""
        RULES.reseed(self.pool, 0, seed)

    def damage_rolls(
        self, attacker: int, move: str | int, *, critical: bool = False
    ) -> tuple[int, ...]:
        """Return the 16 damages, in HP, of one hit of the active of side ``attacker``.

        Args:
            move: Showdown's id or number of a move; it need not be one of the user's.
            critical: all as critical hits, else none.

        Returns:
            the lowest first, see :func:`damage_rolls.damage_rolls`; zeros where nobody stands.

        Raises:
            ValueError: there is no such side.
            UnknownNameError: there is no such move.
        """
        if attacker not in (0, 1):
            raise ValueError(f"side {attacker}: sides are 0 and 1")
        if isinstance(move, str):
            move = team_building.number(MOVE_ID, to_id(move), "move")
        if not 1 <= move < len(MOVE_NAMES):
            raise UnknownNameError(f"unknown move {move!r}: 1 to {len(MOVE_NAMES) - 1}")
        for side in self.pool[0]["sides"]:
            if int(side["mons"][side["active"]]["hp"]) <= 0:
                return (0,) * 16
        rolls = damage_rolls.damage_rolls(self.pool, 0, attacker, move, critical=critical)
        return tuple(int(roll) for roll in rolls)

    # ------------------------------------------------------------------------------- look

    @property
    def previewing(self) -> bool:
        """Whether it is at Team Preview."""
        return int(self.pool[0].request) == c.REQUEST_PREVIEW

    @property
    def turn(self) -> int:
        """The turn, from 1."""
        return int(self.pool[0].turn)

    @property
    def winner(self) -> int | None:
        """The side that has won, 0 or 1; None before the end and after a tie."""
        winner = int(self.pool[0].winner)
        return winner if winner in (0, 1) else None

    @property
    def simultaneous(self) -> bool:
        """Whether both sides decide now."""
        return self.current_player() == SIMULTANEOUS

    def side(self, side: int) -> BattleSide:
        """Return what a side looks like now.

        Raises:
            ValueError: there is no such side.
        """
        if side not in (0, 1):
            raise ValueError(f"side {side}: sides are 0 and 1")
        plain_side = plain.thaw(self.pool, 0).sides[side]
        found = facts.state_facts(self.pool, 0)
        where = f"p{side + 1}"
        condition, volatile = "side condition ", "volatile "
        active = -1 if self.previewing else plain_side.active
        return BattleSide(
            active=active,
            team=tuple(_member(plain_side, k) for k in range(plain_side.team_size)),
            boosts=dict(zip(BOOST_NAMES, plain_side.boosts, strict=True)),
            types=tuple(TYPE_NAMES[t] for t in plain_side.types if t),
            volatiles=tuple(
                what.removeprefix(volatile)
                for at, what in found
                if at == f"{where}:{active}" and what.startswith(volatile)
            ),
            conditions={
                what.removeprefix(condition): int(value)
                for (at, what), value in found.items()
                if at == where and what.startswith(condition)
            },
        )

    def describe(self) -> str:
        """Return the state as a few lines of text for people."""
        return describe.describe_state(self.pool, 0)

    # ------------------------------------------------------------------------------- save

    def serialize(self) -> str:
        """Return the state as one line of JSON, random source included, ``labels`` left out."""
        return json.dumps(
            {"battle": _LAYOUT, "state": base64.b64encode(self.pool.tobytes()).decode("ascii")}
        )

    @classmethod
    def deserialize(cls, text: str) -> "BattleState":
        """Return the state that :meth:`serialize` wrote.

        Raises:
            ValueError: the text is not such a state, or of another version of the engine.
        """
        try:
            found = json.loads(text)
            layout, state = found["battle"], base64.b64decode(found["state"], validate=True)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("not a serialized battle state") from error
        if layout != _LAYOUT or len(state) != BATTLE.itemsize:
            raise ValueError(
                f"a battle state of another version (layout {layout}, this one is {_LAYOUT})"
            )
        return cls(np.frombuffer(state, BATTLE).copy())


def _member(side: Any, k: int) -> Member:
    mon = side.mons[k]
    slots = [j for j in range(4) if mon.moves[j]]
    return Member(
        index=k,
        species=SPECIES_NAMES[mon.species],
        level=mon.level,
        hp=mon.hp,
        max_hp=mon.max_hp,
        status=STATUS_NAMES[mon.status],
        ability=ABILITY_NAMES[mon.ability] if mon.ability else "",
        item=ITEM_NAMES[mon.held_item] if mon.held_item else "",
        tera_type=TYPE_NAMES[mon.tera_type],
        terastallized=bool(mon.flag_bits & c.MON_TERASTALLIZED),
        fainted=bool(mon.flag_bits & c.MON_FAINTED),
        moves=tuple(MOVE_NAMES[mon.moves[j]] for j in slots),
        pp=tuple(mon.pp[j] for j in slots),
        stats=tuple(mon.stats),
    )
