"""Run of the benchmark's tasks: baselines one item after another, the model several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property
from random import Random

from rich.console import Console
from rich.text import Text

from plywise.arena.childplay.games import ChildPlayGame
from plywise.arena.childplay.puzzles import PUZZLES
from plywise.arena.childplay.session import (
    ExamTask,
    ItemResult,
    ItemSession,
    Participant,
)
from plywise.arena.childplay.table import Row, lines, row
from plywise.arena.output.files import RecordWriter
from plywise.arena.output.screen import near, text_line
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.llm import AskedLLMGroup
from plywise.datasets.childplay.presets import GAMES, PUBLISHED, Preset
from plywise.datasets.errors import PlywiseError
from plywise.llm_modules.calls.accounting import Prices
from plywise.llm_modules.calls.errors import LLMError, LLMLastingError
from plywise.llm_modules.players.exam import ExamPrompts

_MAX_FAULTS = 8  # consecutive faults that end the run
_MAX_FIRST_FAULTS = 3  # the same before the first answer


class ExamStoppedError(PlywiseError):
    """Too many consecutive faults of the endpoint; earlier answers are in the record."""


@dataclass
class Exam:
    """Run of tasks with all participants.

    Attributes:
        config: settings.
        preset: rules of the benchmark.
        model: model; None: baselines only.
        record: record of all items.
        console: console for tables and progress.
        close_model: function that ends the model's running calls.
    """

    config: BenchConfig
    preset: Preset
    model: Participant | None
    record: RecordWriter
    console: Console
    close_model: Callable[[], None]
    _answered: bool = False
    _faults: int = 0

    @cached_property
    def _prompts(self) -> ExamPrompts:
        return ExamPrompts(self.preset.name)

    @property
    def _llm(self) -> AskedLLMGroup:
        assert isinstance(self.config.llm, AskedLLMGroup)  # it is examined
        return self.config.llm

    def task(self, name: str) -> list[Row]:
        """Run one task, print its table and return its rows."""
        total = self.config.instances or self.preset.instances[name]
        with self.console.status(f"{name}: preparing"):
            task = make_task(name, self.preset, total, self.config.seed)
        rows = []
        for baseline in task.baselines:
            one_by_one = (self._run_item(task, baseline, k) for k in range(task.total))
            rows.append(row(baseline.name, self._gather(task, baseline, one_by_one)))
        if self.model is not None:
            outcomes = self._gather(task, self.model, self._at_once(task, self.model))
            priced = self._llm.prompt_price or self._llm.completion_price
            prices = Prices(self._llm.prompt_price, self._llm.completion_price) if priced else None
            rows.append(row(self.model.name, outcomes, prices))
        published = {} if self.preset.fair else PUBLISHED[name]
        for line in [*lines(name, rows, published, games=name in GAMES), ""]:
            self.console.print(text_line(line), soft_wrap=True)
        return rows

    def _gather(
        self, task: ExamTask, participant: Participant, outcomes: Iterator[ItemResult]
    ) -> list[ItemResult]:
        """Record outcomes as they arrive, and show their number."""
        found: list[ItemResult] = []
        with self.console.status(f"{task.name}: {participant.name}") as status:
            for outcome in outcomes:
                found.append(outcome)
                self.record.write(outcome)
                status.update(Text(f"{task.name}: {participant.name} {len(found)} of {task.total}"))
        return found

    def _at_once(self, task: ExamTask, participant: Participant) -> Iterator[ItemResult]:
        pool = ThreadPoolExecutor(self._llm.concurrency, "plywise-exam")
        waiting: list[Future[ItemResult]] = []
        try:
            waiting += [
                pool.submit(self._run_item, task, participant, k) for k in range(task.total)
            ]
            for done in as_completed(waiting):
                outcome = done.result()
                yield outcome
                self._check(outcome)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            self.close_model()  # running questions, and their threads, end at once
            raise
        finally:
            pool.shutdown()

    def _check(self, outcome: ItemResult) -> None:
        """Stop the run if the endpoint keeps failing.

        Raises:
            ExamStoppedError: too many consecutive faults.
        """
        if outcome.score is not None:
            self._answered, self._faults = True, 0
            return
        self._faults += 1
        if self._faults >= (_MAX_FAULTS if self._answered else _MAX_FIRST_FAULTS):
            raise ExamStoppedError(
                f"stopped after {self._faults} consecutive faults, the last: "
                f"{outcome.why} "
                f"(earlier answers: {near(self.record.path)})"
            )

    def _run_item(self, task: ExamTask, participant: Participant, number: int) -> ItemResult:
        outcome = ItemResult(task.name, participant.name, number)
        rng = Random(f"{self.config.seed}/{task.name}/{number}/{participant.name}")
        try:
            task.run(ItemSession(participant, self.preset, self._prompts, outcome, rng), number)
        except LLMLastingError:
            raise
        except LLMError as error:
            outcome.fail(str(error))
        return outcome


def make_task(name: str, preset: Preset, total: int, seed: int) -> ExamTask:
    """Return the task of this name."""
    if name in GAMES:
        return ChildPlayGame(name, preset, total, seed)
    return PUZZLES[name](preset, total, seed)
