"""ChildPlay games: the participant against a player with random moves."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from plywise.arena.childplay import solvers
from plywise.arena.childplay.session import (
    ExamTask,
    ItemSession,
    ParsedReply,
    Participant,
    text_baseline,
)
from plywise.datasets.childplay.presets import Preset
from plywise.games.base import State
from plywise.games.childplay import notation
from plywise.games.grid.placing import MARKS


@dataclass(frozen=True)
class Turn:
    """Subject of a question for a move: a state and its player."""

    state: State
    player: int


class ChildPlayGame(ExamTask):
    """Game as a task of the benchmark."""

    def __init__(self, name: str, preset: Preset, total: int, seed: int) -> None:
        self.name = name
        self._notation = notation(name, preset.fair)
        rules = getattr(self._notation.game, "rules_text", None)
        self._rules = "" if rules is None else str(rules())
        super().__init__(preset, total, seed)

    def _baselines(self) -> list[Participant]:
        game = self._notation.game
        if self.name == "tic_tac_toe":
            label, choose = "exact", solvers.tic_tac_toe()
        elif self.name == "connect_four":
            label, choose = "search, exact late", solvers.connect_four(game)
        else:
            label, choose = "posterior", solvers.battleship(game, self.preset.fair)

        def random_move(turn: Turn, rng: Random) -> str:
            return self._move_text(turn, rng.choice(turn.state.legal_actions()))

        def strong_move(turn: Turn, rng: Random) -> str:
            return self._move_text(turn, choose(turn.state, turn.player))

        return [text_baseline("random", random_move), text_baseline(label, strong_move)]

    def _move_text(self, turn: Turn, action: int) -> str:
        return self._answer(self._notation.name(turn.state, action))

    def run(self, session: ItemSession, number: int) -> None:
        """Play game ``number`` and set its result.

        With both sides, games 2k and 2k+1 have the same start and the same random opponent.
        """
        preset, outcome = self.preset, session.outcome
        seat = number % 2 if preset.both_sides else 0
        start = number // 2 if preset.both_sides else number
        outcome.seat = seat
        state = self._notation.start(Random(f"{self.seed}/{self.name}/{start}/start"))
        opponent = Random(f"{self.seed}/{self.name}/{start}/opponent")
        while not state.is_terminal():
            if state.current_player() != seat:
                state.apply_action(opponent.choice(state.legal_actions()))
                continue
            action = self._move(session, state, seat)
            if action is None:
                outcome.result, outcome.score = "loss", 0.0
                return
            state.apply_action(action)
        result = state.returns()[seat]
        outcome.result = "win" if result > 0 else "loss" if result < 0 else "draw"
        outcome.score = {"win": 1.0, "draw": preset.draw, "loss": 0.0}[outcome.result]

    def _move(self, session: ItemSession, state: State, seat: int) -> Any:
        def read(reply: str) -> ParsedReply:
            move = self._notation.read(state, reply)
            return ParsedReply(move.action, move.reason)

        fields = {
            "rules": self._rules,
            "board": self._notation.view(state, seat),
            "mark": MARKS[seat],
        }
        return session.ask(self.name, fields, Turn(state, seat), read)
