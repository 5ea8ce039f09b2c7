"""Random battles of generation 9 in this process: two whole teams, simultaneous moves.

``gen9randombattle``: both teams are ones that Showdown's generator made, drawn by the seed; chance
inside a turn comes from the state's own random source, which the seed sets too.  What a player
knows is an :class:`~plywise.games.gen9.infostate.InfoState`, as on a server.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import numpy as np

from plywise.datasets.pokemon_sets import PokemonSet, random_battle_sets
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import plain, teams
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.damage_rolls import prepare_damage_rolls
from plywise.engine.battle.rules import rules
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL, RulesKernels
from plywise.games.base import Briefing, Game, GameInfo, IllegalActionError, ParseResult, State
from plywise.games.gen9 import seen as seeing
from plywise.games.gen9.briefing import observation
from plywise.games.gen9.infostate import InfoState, action_name
from plywise.games.gen9.knowledge import information_state
from plywise.games.gen9.seen import Seen
from plywise.games.gen9.view import InfoStateView

FORMAT = "gen9randombattle"
# Showdown ends a battle as a tie after 1000 turns; a turn may ask for a pivot's replacement of each
# side and for replacements at its end.
_MAX_DECISIONS = 4000

Team = tuple[PokemonSet, ...]


class Gen9State(State):
    """A battle and what it has shown.

    Attributes:
        battle: the engine's state, all of it.
        seen: what each side has shown of itself.
    """

    def __init__(self, battle: BattleState, seen: Seen) -> None:
        self.battle = battle
        self.seen = seen
        self._known: dict[int, InfoState] = {}

    def current_player(self) -> int:
        """Return SIMULTANEOUS, the one side that decides alone, or TERMINAL."""
        return self.battle.current_player()

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the actions of a player (see :mod:`~plywise.games.gen9.infostate`), ascending.

        Raises:
            ValueError: ``player`` is left out where both decide.
        """
        who = self.current_player() if player is None else player
        if who == TERMINAL:
            return []
        if who == SIMULTANEOUS:
            raise ValueError("both players decide here: say whose actions are wanted")
        return self.battle.legal_actions(who)

    def apply_actions(self, actions: Sequence[int]) -> None:
        """Play on to the next decision; NO_ACTION for a player who has nothing to decide.

        Raises:
            IllegalActionError: an action is not legal, or the battle has ended.
        """
        if self.current_player() == TERMINAL:
            raise IllegalActionError("the battle has ended: no action is possible")
        if len(actions) != 2:
            raise IllegalActionError(f"one action per player is wanted, not {len(actions)}")
        for player, action in enumerate(actions):
            legal = self.battle.legal_actions(player) or [NO_ACTION]
            if action not in legal:
                raise IllegalActionError(
                    f"player {player} may not choose action {action}; legal are {legal}"
                )
        before = plain.thaw(self.battle.pool, 0)
        self.battle.apply_actions(int(actions[0]), int(actions[1]))
        self._known.clear()
        after = plain.thaw(self.battle.pool, 0)
        self.seen = seeing.observe(self.seen, before, after, actions)

    def apply_action(self, action: int) -> None:
        """Play the action of the one side that decides.

        Raises:
            IllegalActionError: it is not legal, or not one side alone decides.
        """
        player = self.current_player()
        if player not in (0, 1):
            raise IllegalActionError("no side decides alone here: use apply_actions")
        pair = [NO_ACTION, NO_ACTION]
        pair[player] = action
        self.apply_actions(pair)

    def returns(self) -> list[float]:
        """Return 1 for the winner and -1 for the loser; zeros for a tie or before the end."""
        return list(self.battle.returns())

    def clone(self) -> Gen9State:
        """Return an independent copy, random source included."""
        copy = Gen9State(self.battle.clone(), self.seen)
        copy._known = self._known.copy()
        return copy

    def information_state(self, player: int) -> InfoState:
        """Return what ``player`` knows."""
        if player not in self._known:
            b = plain.thaw(self.battle.pool, 0)
            legal = self.battle.legal_actions(player)
            self._known[player] = information_state(b, self.seen, player, legal)
        return self._known[player]

    def view(self, player: int) -> InfoStateView:
        """Return the decision as ``player`` sees it: all that an agent may look at."""
        return InfoStateView(self.information_state(player))

    def worlds(self, count: int, seed: int, player: int) -> np.ndarray[Any, Any]:
        """Return ``count`` flat states drawn from what ``player`` believes."""
        return self.view(player).worlds(count, seed)

    def action_to_string(self, player: int, action: int) -> str:
        """Return the action's name, e.g. ``earthquake tera`` or ``switch garchomp``."""
        return action_name(self.information_state(player), action)

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Find a legal action in a reply; the last one named counts."""
        return self.view(self.current_player() if player is None else player).parse(text)

    def observation_string(self, player: int) -> str:
        """Return what the player knows, in a few lines of text."""
        return observation(self.information_state(player))

    def information_state_string(self, player: int) -> str:
        """Return what the player knows, as JSON."""
        return self.information_state(player).to_json()

    def briefing(self, player: int) -> Briefing:
        """Return what a guide may be told, with computed facts."""
        return self.view(player).briefing(player)

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a copy of the battle as a pool of one state."""
        return self.battle.pool.copy()

    def serialize(self) -> str:
        """Return the whole state as JSON."""
        return json.dumps({"battle": self.battle.serialize(), "seen": self.seen.to_plain()})

    def resample_from_infostate(self, player: int, rng: Random) -> Gen9State:
        """Return a battle that ``player`` cannot tell from this one, drawn from its belief."""
        pool = self.worlds(1, rng.getrandbits(31), player)
        battle = BattleState(pool)
        _ask_the_same(pool, self.battle.pool, player, rng)
        sides = list(self.seen.sides)
        theirs = sides[1 - player]
        # In a drawn world the opponent's team stands in order of appearance, and nobody is masked.
        sides[1 - player] = replace(theirs, indices=tuple(range(len(theirs.indices))), behind=None)
        return Gen9State(battle, replace(self.seen, sides=(sides[0], sides[1])))


def _ask_the_same(
    world: np.ndarray[Any, Any], truth: np.ndarray[Any, Any], player: int, rng: Random
) -> None:
    """Write into a drawn world who decides now and what is still to come of this turn.

    Both players know that; the opponent's queued move alone is drawn.
    """
    b, real = world[0], truth[0]
    for name in ("request", "winner", "mid_turn", "residual_pending", "queue_length"):
        b[name] = real[name]
    b.queue[:] = real.queue
    for k in range(int(b.queue_length)):
        entry = b.queue[k]
        if int(entry.side) == 1 - player and int(entry.kind) == c.QUEUE_MOVE:
            foe = b.sides[1 - player]
            mon = foe.mons[int(foe.active)]
            entry.mon = foe.active
            entry.move = rng.choice([int(m) for m in mon.moves if m])
            entry.priority = entry.fractional = 0
    for side, original in zip(b.sides, real.sides, strict=True):
        side.switch_flag = original.switch_flag
        reviving = int(original.flag_bits) & c.SIDE_REVIVAL_BLESSING
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_REVIVAL_BLESSING | reviving
    b.sides[player].illusion = real.sides[player].illusion


@dataclass(frozen=True)
class Gen9Battle(Game):
    """Random battles of generation 9, singles."""

    info: GameInfo = field(
        init=False,
        default=GameInfo(
            FORMAT,
            "random battles of Pokémon generation 9, singles",
            simultaneous=True,
            stochastic=True,
            hidden_information=True,
        ),
    )

    def new_initial_state(self, seed: int = 0) -> Gen9State:
        """Return the first decision of a battle between two teams drawn with ``seed``."""
        self.kernels()
        return start(self.teams(seed), Random(f"{FORMAT} dice {seed}").getrandbits(63))

    def teams(self, seed: int) -> tuple[Team, Team]:
        """Return the teams of :meth:`new_initial_state`, whole ones of Showdown's generator."""
        rng = Random(f"{FORMAT} {seed}")
        sets = random_battle_sets()
        return sets.random_team(rng), sets.random_team(rng)

    def deserialize_state(self, text: str) -> Gen9State:
        """Return the state that ``State.serialize`` wrote.

        Raises:
            ValueError: the text is not a state of this game, or one of another version.
        """
        try:
            raw = json.loads(text)
            battle, seen = raw["battle"], seeing.from_plain(raw["seen"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a state of {FORMAT}: {error!r}") from error
        self.kernels()
        return Gen9State(BattleState.deserialize(battle), seen)

    def num_distinct_actions(self) -> int:
        """Return 16: four moves, the same terastallized, six switches, forced and pass."""
        return c.NUM_ACTIONS

    def max_game_length(self) -> int:
        """Return a bound on the decisions of one battle."""
        return _MAX_DECISIONS

    def kernels(self) -> RulesKernels:
        """Return the engine's rules, compiled, with all else that a decision needs."""
        prepare_damage_rolls()
        return rules()


def start(both: tuple[Team, Team], seed: int) -> Gen9State:
    """Return the first decision of a battle between two given teams; the first of each leads.

    Raises:
        TeamError, UnknownNameError: a set is not one of a battle.
    """
    battle = BattleState.from_teams(*both, seed=seed, format=FORMAT)
    unstarted = teams.unstarted(both, FORMAT, rng=Random(seed))
    before, after = plain.thaw(unstarted, 0), plain.thaw(battle.pool, 0)
    return Gen9State(battle, seeing.observe(Seen(), before, after, (NO_ACTION, NO_ACTION)))
