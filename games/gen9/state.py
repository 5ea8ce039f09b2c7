"""A battle of generation 9 as a ``State``: the whole truth, or what one player knows of it.

:class:`Gen9State` is a battle in this process.  :class:`InfoStateView` holds what one player knows
and nothing more, of a battle here or on a server: it can be looked at, searched through sampled
worlds and written down, but not played on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from numpy.typing import NDArray

from plywise.engine.battle import constants as c
from plywise.engine.battle.border import plain
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL
from plywise.games.base import (
    ActionTable,
    Briefing,
    IllegalActionError,
    ParseResult,
    State,
    TimeLeft,
)
from plywise.games.gen9 import seen as seeing
from plywise.games.gen9.action_tables import action_tables
from plywise.games.gen9.belief import RandomBattleBelief
from plywise.games.gen9.briefing import briefing as make_briefing
from plywise.games.gen9.briefing import observation
from plywise.games.gen9.infostate import InfoState, MonView, MoveView, SideView, action_name
from plywise.games.gen9.knowledge import information_state
from plywise.games.gen9.seen import Seen, SideSeen, ends_of_turn, shown_hp
from plywise.games.gen9.worlds import sample_worlds

_BELIEF = RandomBattleBelief()
_TABLE_WORLDS = 16


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

    def worlds(
        self, player: int, count: int, seed: int, deadline: float | None = None
    ) -> NDArray[Any]:
        """Return ``count`` flat states drawn from what ``player`` believes."""
        return self.view(player).worlds(player, count, seed, deadline)

    def action_to_string(self, player: int, action: int) -> str:
        """Return the action's name, e.g. ``earthquake tera`` or ``switch garchomp``."""
        return action_name(self.information_state(player), action)

    def action_tables(self, player: int) -> tuple[ActionTable, ...]:
        """Return moves and switches with what the engine computes for them."""
        return self.view(player).action_tables(player)

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

    def flat(self) -> NDArray[Any]:
        """Return a copy of the battle as a pool of one state."""
        return self.battle.pool.copy()

    def serialize(self) -> str:
        """Return the whole state as JSON."""
        return json.dumps({"battle": self.battle.serialize(), "seen": self.seen.to_plain()})

    def resample_from_infostate(self, player: int, rng: Random) -> Gen9State:
        """Return a battle that ``player`` cannot tell from this one, drawn from its belief."""
        pool = self.worlds(player, 1, rng.getrandbits(31))
        battle = BattleState(pool)
        _ask_the_same(pool, self.battle.pool, player, rng)
        sides = list(self.seen.sides)
        theirs = sides[1 - player]
        # In a drawn world the opponent's team stands in order of appearance, and nobody is masked.
        sides[1 - player] = replace(theirs, indices=tuple(range(len(theirs.indices))), behind=None)
        return Gen9State(battle, replace(self.seen, sides=(sides[0], sides[1])))


def _ask_the_same(world: NDArray[Any], truth: NDArray[Any], player: int, rng: Random) -> None:
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


class InfoStateView(State):
    """An information state of gen9 singles as a ``State`` for the player who holds it.

    Attributes:
        time_left: what the server's timer leaves; None where none runs.
    """

    def __init__(
        self,
        info: InfoState,
        belief: RandomBattleBelief = _BELIEF,
        time_left: TimeLeft | None = None,
    ) -> None:
        self.info = info
        self.belief = belief
        self.time_left = time_left

    def current_player(self) -> int:
        """Return the player who knows this; the other one's decision is hidden from it."""
        return self.info.player

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the player's legal actions; the opponent's are unknown ([])."""
        return list(self.info.legal) if player in (None, self.info.player) else []

    def returns(self) -> list[float]:
        """Return zeros: the battle goes on."""
        return [0.0, 0.0]

    def clone(self) -> State:
        """Return this view: it never changes."""
        return self

    def action_to_string(self, player: int, action: int) -> str:
        """Return the action's name, e.g. ``earthquake tera`` or ``switch garchomp``."""
        return action_name(self.info, action)

    def action_tables(self, player: int) -> tuple[ActionTable, ...]:
        """Return moves and switches with what the engine computes for them."""
        return action_tables(self.info, self.worlds(player, _TABLE_WORLDS, seed=self.info.turn))

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Find a legal action in a reply; the last one named counts.

        Only whole names count: ``switch pyroar`` does not name ``roar``.
        """
        best: tuple[int, int, int] | None = None
        for action in self.info.legal:
            name = action_name(self.info, action)
            pattern = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])"
            for found in re.finditer(pattern, text.lower()):
                best = max(best or (-1, 0, 0), (found.start(), len(name), action))
        if best is None:
            return ParseResult(None, reason="no legal move is named in the reply")
        return ParseResult(best[2], extracted=action_name(self.info, best[2]))

    def observation_string(self, player: int) -> str:
        """Return what the player sees, as text."""
        return observation(self.info)

    def serialize(self) -> str:
        """Return the information state as JSON."""
        return self.info.to_json()

    def worlds(
        self, player: int, count: int, seed: int, deadline: float | None = None
    ) -> NDArray[Any]:
        """Return ``count`` flat states drawn from the belief (engine/battle's state dtype).

        None is begun after ``deadline`` (``time.perf_counter``) but the first.
        """
        return sample_worlds(self.info, count, seed, self.belief, deadline)

    def resample_from_infostate(self, player: int, rng: Random) -> Gen9State:
        """Return a battle to play on, in one world of the belief: see :func:`hypothetical`."""
        return hypothetical(self.info, self.worlds(player, 1, rng.getrandbits(31)))

    def briefing(self, player: int) -> Briefing:
        """Return what a guide may be told, with computed facts."""
        return make_briefing(self.info, self.worlds(player, 8, seed=self.info.turn), self.belief)


def hypothetical(info: InfoState, world: NDArray[Any]) -> Gen9State:
    """Return a battle to play on from what one player knows alone, here as on a server.

    In the world drawn the opponent's team stands in order of appearance.  The opponent there knows
    of the player's Pokémon those that came in and the moves that they used, and of these also items
    and abilities.

    Args:
        info: what the player knows.
        world: a pool of one state, drawn from it (``worlds.sample_worlds``).
    """
    now = ends_of_turn(plain.thaw(world, 0))
    own, foe = _side(info.own, now), _side(info.foe, now)
    turns = dict(info.pseudo_weathers)
    turns |= {info.weather: info.weather_turns} if info.weather else {}
    turns |= {info.terrain: info.terrain_turns} if info.terrain else {}
    who = {"own": info.player, "foe": 1 - info.player}
    history = ((who[side], words) for side, _, words in (h.partition(", ") for h in info.history))
    seen = Seen(
        sides=(own, foe) if info.player == 0 else (foe, own),
        began=_began(turns, now),
        history=tuple(history),
    )
    return Gen9State(BattleState(world), seen)


def _side(view: SideView, now: int) -> SideSeen:
    # Worlds carry no Illusion: who is out is seen.
    indices = tuple(i for i, mon in enumerate(view.mons) if mon.revealed or i == view.active)
    return SideSeen(
        view=replace(
            view,
            mons=tuple(_shown(view.mons[i]) for i in indices),
            active=None if view.active is None else indices.index(view.active),
        ),
        indices=indices,
        began=_began({**view.conditions, **view.volatiles}, now),
    )


def _shown(mon: MonView) -> MonView:
    """Return what an opponent sees of a Pokémon."""
    used = tuple(MoveView(move.id, move.used) for move in mon.moves if move.used)
    return replace(mon, hp=shown_hp(mon.hp, mon.max_hp), max_hp=100, moves=used)


def _began(turns: Mapping[str, int], now: int) -> dict[str, int]:
    return {name: now - since for name, since in turns.items()}
