"""Othello on 8×8: enclosed discs turn; the player with more discs at the end wins.

Squares are named as in Othello records: a letter for the column, ``a`` to ``h`` from the left, and
a number for the row, ``1`` to ``8`` from the top.  Action ids are ``8 * row + column`` with row 0
at the top; 64 is ``pass``, legal only if no disc can be placed.  The rules are plain Python,
independent of the kernels: ``check_game`` compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plywise.engine.boards import othello as kernels
from plywise.engine.kernels import RulesKernels
from plywise.games.base import TERMINAL, Briefing, Game, GameInfo, IllegalActionError, Option, State
from plywise.games.grid.placing import MARKS, replay_saved

PASS = kernels.PASS

_DIRECTIONS = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if (dr, dc) != (0, 0)]
_RAYS = {
    (row, column): tuple(
        tuple(
            (row + k * dr, column + k * dc)
            for k in range(1, 8)
            if 0 <= row + k * dr < 8 and 0 <= column + k * dc < 8
        )
        for dr, dc in _DIRECTIONS
    )
    for row in range(8)
    for column in range(8)
}
"""The squares after each square, by direction."""

_START = {(3, 4): 0, (4, 3): 0, (3, 3): 1, (4, 4): 1}
_CORNERS = ((0, 0), (0, 7), (7, 0), (7, 7))
_AXES = ((0, 1), (1, 0), (1, 1), (1, -1))
_FACTS = """\
Beside each option stands what it does: corners taken or given away, the opponent's and your moves \
after it, stable discs (those that can never turn again), and how many discs it turns. Best is a \
win, then a corner; few moves for the opponent and many for you are good; allowing a corner is \
bad; many turned discs are no good before the end."""


class OthelloState(State):
    """A position: the owner of each disc by (row, column), row 0 at the top."""

    def __init__(self, game: Othello) -> None:
        self.game = game
        self.owner = dict(_START)
        self.mover = 0
        self.over = False
        self.moves: list[int] = []

    def turned_by(self, player: int, row: int, column: int) -> list[tuple[int, int]]:
        """Return the squares whose discs turn when ``player`` places one on (row, column)."""
        if (row, column) in self.owner:
            return []
        found: list[tuple[int, int]] = []
        for ray in _RAYS[row, column]:
            for length, square in enumerate(ray):
                owner = self.owner.get(square)
                if owner == player:
                    found += ray[:length]
                if owner != 1 - player:
                    break
        return found

    def placings(self, player: int) -> list[int]:
        """Return the squares on which ``player`` can place a disc if it is to move."""
        return [a for a in range(64) if self.turned_by(player, *divmod(a, 8))]

    def _can_place(self, player: int) -> bool:
        return any(self.turned_by(player, *divmod(a, 8)) for a in range(64))

    def _is_legal(self, action: int) -> bool:
        if action == PASS:
            return not self._can_place(self.mover)
        return action in range(64) and bool(self.turned_by(self.mover, *divmod(action, 8)))

    def current_player(self) -> int:
        """Return the player to move or TERMINAL."""
        return TERMINAL if self.over else self.mover

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the squares for a disc, else [PASS]; [] for the player not to move."""
        if self.over or player not in (None, self.mover):
            return []
        return self.placings(self.mover) or [PASS]

    def apply_action(self, action: int) -> None:
        """Place a disc or pass."""
        if self.over:
            raise IllegalActionError("the game has ended: no move is possible")
        if not self._is_legal(action):
            raise IllegalActionError(
                f"action {action} is not legal here; legal are {self.legal_actions()}"
            )
        if action != PASS:
            row, column = divmod(action, 8)
            for square in [*self.turned_by(self.mover, row, column), (row, column)]:
                self.owner[square] = self.mover
        self.moves.append(action)
        self.mover = 1 - self.mover
        self.over = not self._can_place(0) and not self._can_place(1)

    def count(self, player: int) -> int:
        """Return the number of a player's discs."""
        return sum(owner == player for owner in self.owner.values())

    def returns(self) -> list[float]:
        """Return +1 for the player with more discs, -1 for the other; zeros for a tie or before."""
        difference = self.count(0) - self.count(1)
        if not self.over or difference == 0:
            return [0.0, 0.0]
        return [1.0, -1.0] if difference > 0 else [-1.0, 1.0]

    def clone(self) -> OthelloState:
        """Return an independent copy."""
        copy = OthelloState(self.game)
        copy.owner, copy.moves = self.owner.copy(), self.moves.copy()
        copy.mover, copy.over = self.mover, self.over
        return copy

    def action_to_string(self, player: int, action: int) -> str:
        """Return the square's name, ``a1`` to ``h8``, or ``pass``."""
        return "pass" if action == PASS else f"{'abcdefgh'[action % 8]}{action // 8 + 1}"

    def observation_string(self, player: int) -> str:
        """Return the board; both players see the same."""
        lines = ["  a b c d e f g h"]
        for row in range(8):
            marks = (
                "." if (row, c) not in self.owner else MARKS[self.owner[row, c]] for c in range(8)
            )
            lines.append(f"{row + 1} {' '.join(marks)}")
        return "\n".join([*lines, f"X {self.count(0)}, O {self.count(1)}"])

    def information_state_string(self, player: int) -> str:
        """Return the board and all moves so far."""
        moves = " ".join(self.action_to_string(0, a) for a in self.moves)
        return f"{self.observation_string(player)}\nmoves: {moves}"

    def serialize(self) -> str:
        """Return the moves as JSON."""
        return json.dumps({"game": self.game.info.name, "moves": self.moves})

    def stable(self, player: int) -> set[tuple[int, int]]:
        """Return discs of ``player`` that no further move can turn (a subset of all such discs).

        A disc is safe on an axis if that line is full, at the board's edge, or beside a stable disc
        of its colour; a disc that is safe on all four axes is stable (Rose 2005,
        *Othello: A Minute to Learn... A Lifetime to Master*).
        """
        own = {square for square, owner in self.owner.items() if owner == player}
        held = {
            (square, axis) for square in own for axis in _AXES if self._line_is_full(square, *axis)
        }
        found: set[tuple[int, int]] = set()
        while True:
            more = {
                square
                for square in own - found
                if all(
                    (square, axis) in held or self._is_safe_beside(square, axis, found)
                    for axis in _AXES
                )
            }
            if not more:
                return found
            found |= more

    def _line_is_full(self, square: tuple[int, int], dr: int, dc: int) -> bool:
        for sign in (1, -1):
            r, c = square
            while 0 <= r < 8 and 0 <= c < 8:
                if (r, c) not in self.owner:
                    return False
                r, c = r + sign * dr, c + sign * dc
        return True

    @staticmethod
    def _is_safe_beside(
        square: tuple[int, int], axis: tuple[int, int], stable: set[tuple[int, int]]
    ) -> bool:
        """Return whether a neighbour on the axis is stable or off the board."""
        for sign in (1, -1):
            r, c = square[0] + sign * axis[0], square[1] + sign * axis[1]
            if (r, c) in stable or not (0 <= r < 8 and 0 <= c < 8):
                return True
        return False

    def briefing(self, player: int) -> Briefing:
        """Return the board and, for each action, its consequences.

        The opponent's actions are all that are legal after some action of the player.
        """
        own: list[Option] = []
        replies: set[int] = set()
        stable = len(self.stable(player))
        for action in self.legal_actions(player):
            after = self.clone()
            after.apply_action(action)
            replies.update(after.legal_actions(1 - player))
            facts = self._facts(player, action, after, stable)
            own.append(Option(action, self.action_to_string(player, action), facts))
        return Briefing(
            game=self.game.info.name,
            player=player,
            rules=f"{self.game.rules_text()}\n{_FACTS}",
            situation=f"{self.observation_string(player)}\nYou play {MARKS[player]}.",
            own=tuple(own),
            opponent=tuple(
                Option(
                    a,
                    self.action_to_string(1 - player, a),
                    "takes a corner" if divmod(a, 8) in _CORNERS else "",
                )
                for a in sorted(replies)
            ),
        )

    def _facts(self, player: int, action: int, after: OthelloState, stable: int) -> str:
        """Return an action's facts; ``stable`` counts the player's stable discs before it."""
        if action == PASS:
            return "the only move"
        row, column = divmod(action, 8)
        turns = f"turns {len(self.turned_by(player, row, column))}"
        if after.over:
            ending = {1.0: "wins now", -1.0: "loses now", 0.0: "ends in a draw"}
            own, other = after.count(player), after.count(1 - player)
            return f"{ending[after.returns()[player]]}, {own} to {other}; {turns}"
        facts = ["takes a corner"] if (row, column) in _CORNERS else []
        replies = after.legal_actions()
        if given := [a for a in replies if divmod(a, 8) in _CORNERS]:
            facts.append(f"allows corner {self._names(given)}")
        beside = [
            8 * r + c
            for r, c in _CORNERS
            if max(abs(r - row), abs(c - column)) == 1 and (r, c) not in self.owner
        ]
        if beside:
            facts.append(f"beside empty corner {self._names(beside)}")
        moves = len(after.placings(player))
        if replies == [PASS]:
            facts.append(f"the opponent must pass, you have {_counted(moves)}")
        else:
            facts.append(f"opponent {_counted(len(replies))}, you {moves}")
        if more := len(after.stable(player)) - stable:
            facts.append(f"{more} more stable")
        return "; ".join([*facts, turns])

    def _names(self, actions: Iterable[int]) -> str:
        return ", ".join(self.action_to_string(0, a) for a in actions)

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        pool = kernels.new_pool()
        pool[0].discs = [
            sum(1 << 8 * r + c for (r, c), owner in self.owner.items() if owner == p)
            for p in (0, 1)
        ]
        pool[0].mover, pool[0].over = self.mover, self.over
        return pool


def _counted(moves: int) -> str:
    return f"{moves} move{'s' if moves != 1 else ''}"


@dataclass(frozen=True)
class Othello(Game):
    """The game of Othello; X (black) moves first."""

    info: GameInfo = field(
        init=False, default=GameInfo("othello", "turn what you enclose, on a board of 8×8")
    )

    def new_initial_state(self, seed: int = 0) -> OthelloState:
        """Return the first position; there is no chance in this game."""
        return OthelloState(self)

    def deserialize_state(self, text: str) -> OthelloState:
        """Return the state that ``serialize`` wrote, by playing its moves again."""
        state = self.new_initial_state()
        replay_saved(state, text, self.info.name, {})
        return state

    def num_distinct_actions(self) -> int:
        """Return 65: the squares and the pass."""
        return kernels.NUM_ACTIONS

    def max_game_length(self) -> int:
        """Return 120: each of the 60 discs can follow one pass at most."""
        return 120

    def kernels(self) -> RulesKernels:
        """Return the compiled rules."""
        return kernels.rules()

    def rules_text(self) -> str:
        """Return the rules."""
        return (
            "Othello on a board of 8 columns (a to h from the left) and 8 rows (1 to 8 from the "
            "top). X moves first; the players take turns to place a disc so that it encloses at "
            "least one straight run of the opponent's discs between it and another disc of their "
            "own; all discs so enclosed turn. Who cannot do so passes. When neither can, the "
            "player with more discs wins."
        )
