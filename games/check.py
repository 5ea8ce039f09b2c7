"""The conformance test that every game passes: ``check_game(game)``.

It plays random games and checks the contract of ``games/base.py`` in every position.  A violation
is reported with the seed and the moves that reproduce it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

from plywise.engine.kernels import RulesKernels
from plywise.games.base import (
    CHANCE,
    NO_ACTION,
    SIMULTANEOUS,
    TERMINAL,
    Game,
    IllegalActionError,
    State,
)

PLAYERS = (0, 1)
_Move = int | tuple[int, ...]
"""An action, a chance outcome, or one action per player at a simultaneous node."""


class GameContractError(AssertionError):
    """A violation of the game interface's contract.

    Attributes:
        law: short name of the law violated.
        detail: the values found.
        seed: ``check_game(game, plays=1, seed=seed)`` reproduces it.
        moves: the moves played from ``game.new_initial_state(seed)``.
    """

    def __init__(self, game: str, law: str, detail: str, seed: int, moves: Sequence[_Move]) -> None:
        self.law = law
        self.detail = detail
        self.seed = seed
        self.moves = list(moves)
        super().__init__(
            f"{game or 'a game without a name'} breaks the law of {law}: {detail} "
            f"(seed={seed}, moves={self.moves})"
        )


@dataclass
class GameCheck:
    """Counts of a passed check.

    Attributes:
        plays, positions: games played, and positions checked in them.
        longest: most decisions in one game.
        worlds: resampled states that differ from the original.
    """

    plays: int = 0
    positions: int = 0
    longest: int = 0
    worlds: int = 0


def check_game(game: Game, plays: int = 20, seed: int = 0) -> GameCheck:
    """Check the contract along ``plays`` random games; game ``k`` uses ``seed + k``.

    Raises:
        GameContractError: a law is broken.
        ValueError: ``plays`` is less than 1.
    """
    if plays < 1:
        raise ValueError(f"plays is {plays}, it must be at least 1")
    seen = GameCheck()
    for k in range(plays):
        check = _Check(game, seed + k, seen)
        check.play()
        seen.plays += 1
    if game.info.hidden_information and seen.worlds == 0:
        check.broken(
            "hidden information",
            "resample_from_infostate never returned a different world, in no position of any game",
        )
    return seen


def _snapshot(state: State) -> dict[str, Any]:
    """Return the results of all of a state's methods."""
    return {
        "current_player": state.current_player(),
        "is_terminal": state.is_terminal(),
        "legal_actions": [state.legal_actions(p) for p in PLAYERS],
        "returns": state.returns(),
        "observation_string": [state.observation_string(p) for p in PLAYERS],
        "information_state_string": [state.information_state_string(p) for p in PLAYERS],
        "serialize": state.serialize(),
    }


def _known(state: State, player: int) -> dict[str, Any]:
    """Return what a player knows of a state, by method."""
    return {
        "information_state_string": state.information_state_string(player),
        "observation_string": state.observation_string(player),
        "legal_actions": state.legal_actions(player),
        "current_player": state.current_player(),
    }


def _difference(a: dict[str, Any], b: dict[str, Any]) -> str:
    """Return the difference of two snapshots, '' if they are equal."""
    return "; ".join(f"{k} {str(a[k])[:160]!r} v {str(b[k])[:160]!r}" for k in a if a[k] != b[k])


def _apply(state: State, move: _Move) -> None:
    if isinstance(move, tuple):
        state.apply_actions(move)
    else:
        state.apply_action(move)


@dataclass
class _Check:
    """One random game and its checks."""

    game: Game
    seed: int
    seen: GameCheck
    moves: list[_Move] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.kernels: RulesKernels | None = None

    def broken(self, law: str, detail: str, cause: Exception | None = None) -> None:
        """Raise the violation of a law."""
        name = self.game.info.name
        raise GameContractError(name, law, detail, self.seed, self.moves) from cause

    @contextlib.contextmanager
    def law(self, name: str) -> Iterator[None]:
        """Report any exception in the block as a violation of the law ``name``."""
        try:
            yield
        except GameContractError:
            raise
        except Exception as error:
            self.broken(name, f"{type(error).__name__}: {error}", error)

    def play(self) -> None:
        """Play one game at random and check every position."""
        with self.law("the initial state"):
            state = self.game.new_initial_state(self.seed)
        with self.law("kernels"):
            self.kernels = self.game.kernels()
        decisions = 0
        while True:
            with self.law("the current player"):
                mover = state.current_player()
            if mover not in (0, 1, CHANCE, SIMULTANEOUS, TERMINAL):
                self.broken("the current player", f"current_player() is {mover}")
            self._position(state, mover)
            self.seen.positions += 1
            if mover == TERMINAL:
                break
            if mover != CHANCE:
                decisions += 1
            if decisions > self.game.max_game_length():
                self.broken(
                    "the longest game",
                    f"more than max_game_length() = {self.game.max_game_length()} decisions",
                )
            move = self._move(state, mover)
            before = state.clone()
            self.moves.append(move)
            with self.law("legal actions"):
                _apply(state, move)
            self._after(before, state, move)
        self.seen.longest = max(self.seen.longest, decisions)
        self._kernel_play()

    def _move(self, state: State, mover: int) -> _Move:
        """Return a random legal move."""
        if mover == CHANCE:
            outcomes = state.chance_outcomes()
            return self.rng.choices([o for o, _ in outcomes], [p for _, p in outcomes])[0]
        if mover == SIMULTANEOUS:
            legal = [state.legal_actions(p) for p in PLAYERS]
            return tuple(self.rng.choice(x) if x else NO_ACTION for x in legal)
        return self.rng.choice(state.legal_actions(mover))

    def _position(self, state: State, mover: int) -> None:
        """Check all laws about one position."""
        with self.law("returns"):
            self._returns(state, mover)
        with self.law("serialisation"):
            if not isinstance(state.serialize(), str):
                self.broken("serialisation", "serialize() does not return a text")
        with self.law("independent clones"):
            before = _snapshot(state)
            if found := _difference(before, _snapshot(state.clone())):
                self.broken("independent clones", f"a fresh clone differs: {found}")
        with self.law("legal actions"):
            self._legal_actions(state, mover, before)
        with self.law("independent clones"):
            if found := _difference(before, _snapshot(state)):
                self.broken("independent clones", f"playing in clones changed the state: {found}")
        with self.law("action strings"):
            for player in PLAYERS:
                self._action_strings(state, player)
        with self.law("serialisation"):
            back = self.game.deserialize_state(state.serialize())
            if found := _difference(before, _snapshot(back)):
                self.broken("serialisation", f"after the round trip: {found}")
        with self.law("illegal actions"):
            self._illegal_actions(state, mover, before)
        with self.law("briefings"):
            for player in PLAYERS:
                self._briefing(state, player)
        with self.law("hidden information"):
            for player in PLAYERS:
                self._hidden(state, player, before)
        if self.kernels is not None:
            with self.law("kernels"):
                self._kernels_agree(self.kernels, state, mover)

    def _legal_actions(self, state: State, mover: int, before: dict[str, Any]) -> None:
        if state.is_terminal() != (mover == TERMINAL):
            self.broken("legal actions", f"is_terminal() with current_player() {mover}")
        if mover == CHANCE:
            outcomes = state.chance_outcomes()
            total = math.fsum(p for _, p in outcomes)
            if not outcomes or abs(total - 1) > 1e-9 or min(p for _, p in outcomes) < 0:
                self.broken("chance outcomes", f"probabilities are {[p for _, p in outcomes]}")
        some = False
        for player in PLAYERS:
            legal = state.legal_actions(player)
            some = some or bool(legal)
            if legal != sorted(set(legal)):
                self.broken("legal actions", f"player {player}: {legal} are not strictly ascending")
            if legal and not 0 <= legal[0] <= legal[-1] < self.game.num_distinct_actions():
                self.broken("legal actions", f"player {player}: {legal} outside the game's actions")
            if legal and mover not in (player, SIMULTANEOUS):
                self.broken("legal actions", f"player {player} has {legal}, current is {mover}")
        if not some and mover not in (TERMINAL, CHANCE):
            self.broken("legal actions", f"current player {mover}, and nobody has a legal action")
        if mover in (TERMINAL, *PLAYERS):
            expected = state.legal_actions(mover) if mover in PLAYERS else []
            if state.legal_actions() != expected:
                self.broken("legal actions", f"legal_actions() is not {expected} by default")
        for number, move in enumerate(self._every_move(state, mover)):
            child = state.clone()
            self.moves.append(move)
            _apply(child, move)
            if number == 0 and (found := _difference(before, _snapshot(state))):
                self.broken("independent clones", f"playing in a clone changed the state: {found}")
            if not child.is_terminal():  # a second move reveals state that nested objects share
                _apply(child, self._move(child, child.current_player()))
            self.moves.pop()

    def _every_move(self, state: State, mover: int) -> list[_Move]:
        """Return moves that contain every legal action of every player."""
        if mover == TERMINAL:
            return []
        if mover == CHANCE:
            return [o for o, p in state.chance_outcomes() if p > 0]
        if mover != SIMULTANEOUS:
            return list(state.legal_actions(mover))
        moves: list[_Move] = []
        for player in PLAYERS:
            for action in state.legal_actions(player):
                other = state.legal_actions(1 - player)
                pair = [action, self.rng.choice(other) if other else NO_ACTION]
                moves.append(tuple(pair if player == 0 else reversed(pair)))
        return moves

    def _returns(self, state: State, mover: int) -> None:
        returns = state.returns()
        low, high = self.game.min_utility, self.game.max_utility
        if len(returns) != self.game.num_players or not all(math.isfinite(r) for r in returns):
            self.broken("returns", f"{returns} is not one finite number per player")
        if abs(sum(returns)) > 1e-9:
            self.broken("returns", f"{returns} do not sum to 0")
        if not all(low <= r <= high for r in returns):
            self.broken("returns", f"{returns} leave [{low}, {high}]")
        if mover != TERMINAL and any(returns):
            self.broken("returns", f"{returns} before the end")

    def _action_strings(self, state: State, player: int) -> None:
        legal = state.legal_actions(player)
        names = [state.action_to_string(player, a) for a in legal]
        if len({n.strip().lower() for n in names}) != len(names) or not all(names):
            self.broken("action strings", f"names are empty or not unique: {names}")
        for action, name in zip(legal, names, strict=True):
            if (back := state.string_to_action(name, player)) != action:
                self.broken("action strings", f"{name!r} of action {action} reads back as {back}")
            if (back_parsed := state.parse(name, player).action) != action:
                self.broken(
                    "action strings", f"{name!r} of action {action} parses as {back_parsed}"
                )

    def _illegal_actions(self, state: State, mover: int, before: dict[str, Any]) -> None:
        """Check that actions out of range, and some illegal ones in range, are refused."""
        if mover == CHANCE:
            return
        count = self.game.num_distinct_actions()
        inside = [self.rng.randrange(count) for _ in range(4)]
        legal = before["legal_actions"]
        for action in (-3, count, *inside):
            for player in PLAYERS if mover == SIMULTANEOUS else (max(mover, 0),):
                if action in legal[player]:
                    continue
                move: _Move = action
                if mover == SIMULTANEOUS:
                    pair = [x[0] if x else NO_ACTION for x in legal]
                    pair[player] = action
                    move = tuple(pair)
                copy = state.clone()
                try:
                    _apply(copy, move)
                except IllegalActionError:
                    if found := _difference(before, _snapshot(copy)):
                        self.broken("illegal actions", f"refused {move} changed the state: {found}")
                else:
                    self.broken("illegal actions", f"{move} was applied, legal are {legal}")

    def _briefing(self, state: State, player: int) -> None:
        legal = state.legal_actions(player)
        if not legal:
            return
        briefing = state.briefing(player)
        if sorted(o.action for o in briefing.own) != legal:
            listed = [o.action for o in briefing.own]
            self.broken("briefings", f"player {player} is told {listed}, legal are {legal}")
        if briefing.player != player:
            self.broken("briefings", f"made for player {player}, says {briefing.player}")
        for side in (briefing.own, briefing.opponent):
            labels = [o.label for o in side]
            if len(set(labels)) != len(labels) or not all(labels):
                self.broken("briefings", f"labels are empty or not unique: {labels}")
        count = self.game.num_distinct_actions()
        theirs = [o.action for o in briefing.opponent]
        if len(set(theirs)) != len(theirs) or not all(0 <= a < count for a in theirs):
            self.broken("briefings", f"the opponent's actions are {theirs}")

    def _hidden(self, state: State, player: int, before: dict[str, Any]) -> None:
        """Check that a player's information is equal in all states of its information set."""
        world = state.resample_from_infostate(player, Random(self.rng.random()))
        if world is state:
            self.broken("hidden information", "resample_from_infostate returned the state itself")
        if not self.game.info.hidden_information:
            if found := _difference(before, _snapshot(world)):
                self.broken("hidden information", f"nothing is hidden, but resampled: {found}")
            return
        self.seen.worlds += world.serialize() != state.serialize()
        known, same = _known(state, player), _known(world, player)
        for what in known:
            if (a := known[what]) != (b := same[what]):
                self.broken(
                    "hidden information",
                    f"{what} of player {player} differs between worlds that it cannot tell "
                    f"apart: {str(a)[:300]!r} v {str(b)[:300]!r}",
                )
        if state.legal_actions(player) and state.briefing(player) != world.briefing(player):
            self.broken("hidden information", f"the briefing of player {player} differs")

    def _after(self, before: State, after: State, move: _Move) -> None:
        """Compare the state after a move with the results of deserialized state and kernels."""
        if self.game.info.stochastic or self.game.info.hidden_information:
            return
        with self.law("serialisation"):
            again = self.game.deserialize_state(before.serialize())
            _apply(again, move)
            if found := _difference(_snapshot(after), _snapshot(again)):
                self.broken("serialisation", f"a restored state plays on differently: {found}")
        k = self.kernels
        mover = before.current_player()
        if k is None or mover == CHANCE:
            return
        with self.law("kernels"):
            pool = before.flat()
            pair = list(move) if isinstance(move, tuple) else [NO_ACTION, NO_ACTION]
            if isinstance(move, int):
                pair[mover] = move
            k.step(pool, 0, pair[0], pair[1])
            if _known_bytes(pool, 0) != _known_bytes(after.flat(), 0):
                self.broken("kernels", "step and flat() disagree about the state after the move")

    def _kernels_agree(self, k: RulesKernels, state: State, mover: int) -> None:
        pool = state.flat()
        if pool.dtype != k.dtype or pool.shape != (1,) or not pool.flags.c_contiguous:
            self.broken("kernels", f"flat() is {pool.shape} of {pool.dtype}, not one state of ours")
        if k.num_actions != self.game.num_distinct_actions():
            self.broken("kernels", f"num_actions is {k.num_actions}")
        if mover == CHANCE:
            return
        if (found := int(k.current(pool, 0))) != mover:
            self.broken("kernels", f"current is {found}, current_player() is {mover}")
        for player in PLAYERS:
            legal = _kernel_legal(k, pool, 0, player)
            if legal != state.legal_actions(player):
                self.broken(
                    "kernels",
                    f"legal of player {player} is {legal}, not {state.legal_actions(player)}",
                )
        if mover == TERMINAL:
            if abs(float(k.returns(pool, 0)) - state.returns()[0]) > 1e-9:
                self.broken("kernels", f"returns is {k.returns(pool, 0)}, not {state.returns()[0]}")
        elif not -1 < (estimate := float(k.evaluate(pool, 0))) < 1:
            self.broken("kernels", f"evaluate is {estimate}, outside (-1, 1)")

    def _kernel_play(self) -> None:
        """Play one game with the kernels alone, twice from one seed, and compare the states."""
        k = self.kernels
        if k is None:
            return
        self.moves.clear()
        state = self.game.new_initial_state(self.seed)
        while state.current_player() == CHANCE:
            self.moves.append(self._move(state, CHANCE))
            _apply(state, self.moves[-1])
        with self.law("kernels"):
            pool = np.concatenate([state.flat(), state.flat()])
            for i in (0, 1):
                k.reseed(pool, i, np.uint64(self.seed))
            for _ in range(self.game.max_game_length() + 1):
                if int(k.current(pool, 0)) == TERMINAL:
                    break
                legal = [_kernel_legal(k, pool, 0, p) for p in PLAYERS]
                if not any(legal):
                    self.broken("kernels", "nobody has a legal action before the end")
                pair = tuple(self.rng.choice(x) if x else NO_ACTION for x in legal)
                self.moves.append(pair)
                for i in (0, 1):
                    k.step(pool, i, pair[0], pair[1])
                if pool[0].tobytes() != pool[1].tobytes():
                    self.broken("kernels", "the same seed and actions lead to different states")
            else:
                self.broken("the longest game", "the kernels play on beyond max_game_length()")
            if not -1 <= (result := float(k.returns(pool, 0))) <= 1:
                self.broken("kernels", f"returns is {result}, outside [-1, 1]")


def _kernel_legal(k: RulesKernels, pool: np.ndarray[Any, Any], i: int, player: int) -> list[int]:
    """Return the actions that the kernel ``legal`` writes; refuse a count beyond the buffer."""
    room = np.full(k.num_actions, NO_ACTION, np.int32)
    count = int(k.legal(pool, i, player, room))
    if not 0 <= count <= k.num_actions:
        raise ValueError(f"legal returned {count} for a buffer of {k.num_actions}")
    return [int(a) for a in room[:count]]


def _known_bytes(pool: np.ndarray[Any, Any], i: int) -> bytes:
    """Return a state's bytes without its random source."""
    copy = pool[i : i + 1].copy()
    copy["rng"] = 0
    return copy.tobytes()
