"""The ChildPlay games: whoever is examined against a player who moves at random."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from plywise.arena.childplay import solvers
from plywise.arena.childplay.session import Baseline, Reading, Sitting
from plywise.datasets.childplay.presets import Preset
from plywise.games.base import State
from plywise.games.childplay import notation
from plywise.games.grid.placing import MARKS


@dataclass(frozen=True)
class Turn:
    """What a move is asked about: a state, and whose turn it is."""

    state: State
    player: int


class GameTask:
    """One game as a task.

    Attributes:
        name: of the task.
        baselines: who else is examined.
    """

    def __init__(self, name: str, preset: Preset, total: int, seed: int) -> None:
        self.name = name
        self.total = total
        self._preset = preset
        self._seed = seed
        self._notation = notation(name, preset.fair)
        self._rules = self._rules_text()
        self.baselines = self._baselines()

    def _baselines(self) -> list[Baseline]:
        game = self._notation.game
        if self.name == "tic_tac_toe":
            label, choose = "exact", solvers.tic_tac_toe()
        elif self.name == "connect_four":
            label, choose = "search, exact late", solvers.connect_four(game)
        else:
            label, choose = "posterior", solvers.battleship(game, self._preset.fair)

        def at_random(turn: Turn, rng: Random) -> str:
            return self._said(turn, rng.choice(turn.state.legal_actions()))

        def well(turn: Turn, rng: Random) -> str:
            return self._said(turn, choose(turn.state, turn.player))

        return [Baseline("random", at_random), Baseline(label, well)]

    def _said(self, turn: Turn, action: int) -> str:
        name = self._notation.name(turn.state, action)
        return f"Answer: {name}" if self._preset.fair else name

    def _rules_text(self) -> str:
        rules = getattr(self._notation.game, "rules_text", None)
        return str(rules()) if rules is not None else ""

    def sit(self, sitting: Sitting, number: int) -> None:
        """Play game ``number`` and write its result down.

        With both sides, games 2k and 2k+1 start alike and have the same random opponent.
        """
        preset, outcome = self._preset, sitting.outcome
        seat = number % 2 if preset.both_sides else 0
        start = number // 2 if preset.both_sides else number
        outcome.seat = seat
        state = self._notation.start(Random(f"{self._seed}/{self.name}/{start}/start"))
        opponent = Random(f"{self._seed}/{self.name}/{start}/opponent")
        while not state.is_terminal():
            if state.current_player() != seat:
                state.apply_action(opponent.choice(state.legal_actions()))
                continue
            action = self._move(sitting, state, seat)
            if action is None:
                outcome.result, outcome.score = "loss", 0.0
                return
            state.apply_action(action)
        result = state.returns()[seat]
        outcome.result = "win" if result > 0 else "loss" if result < 0 else "draw"
        outcome.score = {"win": 1.0, "draw": preset.draw, "loss": 0.0}[outcome.result]

    def _move(self, sitting: Sitting, state: State, seat: int) -> Any:
        def read(reply: str) -> Reading:
            found = self._notation.read(state, reply)
            return Reading(found.action, found.reason)

        fields = {
            "rules": self._rules,
            "board": self._notation.view(state, seat),
            "mark": MARKS[seat],
        }
        return sitting.ask(self.name, fields, Turn(state, seat), read)
