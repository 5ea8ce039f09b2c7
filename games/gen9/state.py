"""A generation 9 battle as a ``State``: the whole state, or one player's information state.

:class:`Gen9State` is a battle in this process.  :class:`InfoStateView` holds one player's
information state alone, of a battle here or on a server: it can be displayed, searched through
sampled worlds and serialized, but not played on.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
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
from plywise.games.gen9.action_tables import action_tables
from plywise.games.gen9.belief import RandomBattleBelief
from plywise.games.gen9.briefing import briefing as make_briefing
from plywise.games.gen9.briefing import observation
from plywise.games.gen9.infostate import InfoState, MonView, MoveView, SideView, action_name
from plywise.games.gen9.knowledge import information_state_from_battle
from plywise.games.gen9.seen import Seen, SideSeen, ends_of_turn, observe, shown_hp
from plywise.games.gen9.worlds import sample_worlds

_BELIEF = RandomBattleBelief()
_TABLE_WORLDS = 16


class _Gen9Base(State):
    """Methods that need one player's information state alone."""

    belief = _BELIEF

    @abstractmethod
    def information_state(self, player: int) -> InfoState:
        """Return the information state of ``player``."""

    def action_to_string(self, player: int, action: int) -> str:
        """Return the action's name, e.g. ``earthquake tera`` or ``switch garchomp``."""
        return action_name(self.information_state(player), action)

    def action_tables(self, player: int) -> tuple[ActionTable, ...]:
        """Return tables of the legal moves and switches with computed facts."""
        info = self.information_state(player)
        return action_tables(info, self.worlds(player, _TABLE_WORLDS, seed=info.turn))

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Return the legal action named last in a reply.

        Only whole names count: ``switch pyroar`` does not name ``roar``.
        """
        info = self.information_state(self.current_player() if player is None else player)
        best: tuple[int, int, int] | None = None
        for action in info.legal:
            name = action_name(info, action)
            pattern = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])"
            for found in re.finditer(pattern, text.lower()):
                best = max(best or (-1, 0, 0), (found.start(), len(name), action))
        if best is None:
            return ParseResult(None, reason="no legal move is named in the reply")
        return ParseResult(best[2], extracted=action_name(info, best[2]))

    def observation_string(self, player: int) -> str:
        """Return the information state in a few lines of text."""
        return observation(self.information_state(player))

    def worlds(
        self, player: int, count: int, seed: int, deadline: float | None = None
    ) -> NDArray[Any]:
        """Return ``count`` flat states drawn from the belief (engine/battle's state dtype).

        Only the first is drawn after ``deadline`` (``time.perf_counter``).
        """
        return sample_worlds(self.information_state(player), count, seed, self.belief, deadline)

    def briefing(self, player: int) -> Briefing:
        """Return what a guide may know, with computed facts."""
        info = self.information_state(player)
        return make_briefing(info, self.worlds(player, 8, seed=info.turn), self.belief)


class Gen9State(_Gen9Base):
    """A battle and what both players have observed of it.

    Attributes:
        battle: the engine's state, hidden information included.
        seen: what each side has revealed.
    """

    def __init__(self, battle: BattleState, seen: Seen) -> None:
        self.battle = battle
        self.seen = seen
        self._known: dict[int, InfoState] = {}

    def current_player(self) -> int:
        """Return SIMULTANEOUS, the only side that decides, or TERMINAL."""
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
            raise ValueError("both players decide here: name the player")
        return self.battle.legal_actions(who)

    def apply_actions(self, actions: Sequence[int]) -> None:
        """Apply one action per player (NO_ACTION where none is due), up to the next decision."""
        if self.current_player() == TERMINAL:
            raise IllegalActionError("the battle has ended: no action is possible")
        if len(actions) != 2:
            raise IllegalActionError(f"{len(actions)} actions, not one per player")
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
        self.seen = observe(self.seen, before, after, actions)

    def apply_action(self, action: int) -> None:
        """Apply the action of the only side that decides."""
        player = self.current_player()
        if player not in (0, 1):
            raise IllegalActionError("both sides decide here, or none: use apply_actions")
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
        """Return the information state of ``player``."""
        if player not in self._known:
            b = plain.thaw(self.battle.pool, 0)
            legal = self.battle.legal_actions(player)
            self._known[player] = information_state_from_battle(b, self.seen, player, legal)
        return self._known[player]

    def view(self, player: int) -> InfoStateView:
        """Return the information state of ``player`` as a ``State``, for agents."""
        return InfoStateView(self.information_state(player))

    def information_state_string(self, player: int) -> str:
        """Return the information state as JSON."""
        return self.information_state(player).to_json()

    def flat(self) -> NDArray[Any]:
        """Return a copy of the battle as a pool of one state."""
        return self.battle.pool.copy()

    def serialize(self) -> str:
        """Return the whole state as JSON."""
        seen = msgspec.to_builtins(self.seen)
        return json.dumps({"battle": self.battle.serialize(), "seen": seen})

    def resample_from_infostate(self, player: int, rng: Random) -> Gen9State:
        """Return a battle of equal information state for ``player``, drawn from its belief."""
        pool = self.worlds(player, 1, rng.getrandbits(31))
        battle = BattleState(pool)
        _copy_request(pool, self.battle.pool, player, rng)
        sides = list(self.seen.sides)
        theirs = sides[1 - player]
        # In a sampled world the opponent's team is in order of appearance, without Illusion.
        sides[1 - player] = replace(theirs, indices=tuple(range(len(theirs.indices))), behind=None)
        return Gen9State(battle, replace(self.seen, sides=(sides[0], sides[1])))


def _copy_request(world: NDArray[Any], truth: NDArray[Any], player: int, rng: Random) -> None:
    """Copy into a sampled world the request and the rest of this turn, which both players know.

    The opponent's queued move alone is sampled.
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


class InfoStateView(_Gen9Base):
    """An information state as a ``State``; ``belief`` is the one about the opponent's sets."""

    def __init__(
        self,
        info: InfoState,
        belief: RandomBattleBelief = _BELIEF,
        time_left: TimeLeft | None = None,
    ) -> None:
        self.info = info
        self.belief = belief
        self.time_left = time_left

    def information_state(self, player: int) -> InfoState:
        """Return the information state, whoever ``player`` is."""
        return self.info

    def current_player(self) -> int:
        """Return the player of the information state; the opponent's decision is hidden."""
        return self.info.player

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the player's legal actions; [] for the opponent, whose are unknown."""
        return list(self.info.legal) if player in (None, self.info.player) else []

    def returns(self) -> list[float]:
        """Return zeros: the battle has not ended."""
        return [0.0, 0.0]

    def clone(self) -> State:
        """Return the view itself, which is immutable."""
        return self

    def serialize(self) -> str:
        """Return the information state as JSON."""
        return self.info.to_json()

    def resample_from_infostate(self, player: int, rng: Random) -> Gen9State:
        """Return a playable battle in one world of the belief: see :func:`hypothetical`."""
        return hypothetical(self.info, self.worlds(player, 1, rng.getrandbits(31)))


def hypothetical(info: InfoState, world: NDArray[Any]) -> Gen9State:
    """Return a playable battle made from an information state and a pool of one sampled world.

    The opponent's team is in order of appearance.  The opponent in it knows the player's Pokémon
    that came in, with their items, abilities and used moves.
    """
    now = ends_of_turn(plain.thaw(world, 0))
    own, foe = _revealed_side(info.own, now), _revealed_side(info.foe, now)
    turns = dict(info.pseudo_weathers)
    turns |= {info.weather: info.weather_turns} if info.weather else {}
    turns |= {info.terrain: info.terrain_turns} if info.terrain else {}
    who = {"own": info.player, "foe": 1 - info.player}
    history = ((who[side], words) for side, _, words in (h.partition(", ") for h in info.history))
    seen = Seen(
        sides=(own, foe) if info.player == 0 else (foe, own),
        began=_start_turns(turns, now),
        history=tuple(history),
    )
    return Gen9State(BattleState(world), seen)


def _revealed_side(view: SideView, now: int) -> SideSeen:
    # Sampled worlds have no Illusion: the active Pokémon is revealed.
    indices = tuple(i for i, mon in enumerate(view.mons) if mon.revealed or i == view.active)
    return SideSeen(
        view=replace(
            view,
            mons=tuple(_revealed_mon(view.mons[i]) for i in indices),
            active=None if view.active is None else indices.index(view.active),
        ),
        indices=indices,
        began=_start_turns({**view.conditions, **view.volatiles}, now),
    )


def _revealed_mon(mon: MonView) -> MonView:
    """Return a Pokémon as the opponent sees it."""
    used = tuple(MoveView(move.id, move.used) for move in mon.moves if move.used)
    return replace(mon, hp=shown_hp(mon.hp, mon.max_hp), max_hp=100, moves=used)


def _start_turns(turns: Mapping[str, int], now: int) -> dict[str, int]:
    return {name: now - since for name, since in turns.items()}
