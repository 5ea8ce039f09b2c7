"""Run of the benchmark's tasks: baselines one item after another, the model several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from random import Random

from rich.console import Console

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
from plywise.arena.output.screen import near
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.llm import AskedLLMGroup
from plywise.datasets.childplay.presets import GAMES, PUBLISHED, Preset
from plywise.datasets.errors import PlywiseError
from plywise.llm_modules.calls.accounting import Prices
from plywise.llm_modules.calls.errors import LLMError
from plywise.llm_modules.players.exam import ExamPrompts

_MAX_FAULTS = 8  # consecutive faults that end the run
_MAX_FIRST_FAULTS = 3  # the same before the first answer


class ExamStoppedError(PlywiseError):
    """Too many consecutive faults of the endpoint; earlier answers are in the record."""


class Exam:
    """Run of tasks with all participants.

    Args:
        config: settings.
        preset: rules of the benchmark.
        model: model; None: baselines only.
        record: record of all items.
        console: console for tables and progress.
        close_model: function that ends the model's running calls.
    """

    def __init__(
        self,
        config: BenchConfig,
        preset: Preset,
        model: Participant | None,
        record: RecordWriter,
        console: Console,
        close_model: Callable[[], None],
    ) -> None:
        self._config = config
        self._preset = preset
        self._model = model
        self._record = record
        self._console = console
        self._close_model = close_model
        self._prompts = ExamPrompts(preset.name)
        self._answered = False
        self._faults = 0

    @property
    def _llm(self) -> AskedLLMGroup:
        assert isinstance(self._config.llm, AskedLLMGroup)  # it is examined
        return self._config.llm

    def task(self, name: str) -> list[Row]:
        """Run one task, print its table and return its rows."""
        total = self._config.instances or self._preset.instances[name]
        with self._console.status(f"{name}: preparing"):
            task = make_task(name, self._preset, total, self._config.seed)
        rows = []
        for baseline in task.baselines:
            outcomes = self._gather(task, baseline, self._one_by_one(task, baseline))
            rows.append(row(baseline.name, outcomes))
        if self._model is not None:
            outcomes = self._gather(task, self._model, self._at_once(task, self._model))
            priced = self._llm.prompt_price or self._llm.completion_price
            prices = Prices(self._llm.prompt_price, self._llm.completion_price) if priced else None
            rows.append(row(self._model.name, outcomes, prices))
        published = {} if self._preset.fair else PUBLISHED[name]
        for line in [*lines(name, rows, published, games=name in GAMES), ""]:
            self._console.print(line, soft_wrap=True, markup=False)
        return rows

    def _gather(
        self, task: ExamTask, participant: Participant, outcomes: Iterator[ItemResult]
    ) -> list[ItemResult]:
        """Record outcomes as they arrive, and show their number."""
        found: list[ItemResult] = []
        with self._console.status(f"{task.name}: {participant.name}") as status:
            for outcome in outcomes:
                found.append(outcome)
                self._record.write(outcome)
                status.update(f"{task.name}: {participant.name} {len(found)} of {task.total}")
        return found

    def _one_by_one(self, task: ExamTask, participant: Participant) -> Iterator[ItemResult]:
        for number in range(task.total):
            yield self._run_item(task, participant, number)

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
            self._close_model()  # running questions, and their threads, end at once
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
                f"(earlier answers: {near(self._record.path)})"
            )

    def _run_item(self, task: ExamTask, participant: Participant, number: int) -> ItemResult:
        outcome = ItemResult(task.name, participant.name, number)
        rng = Random(f"{self._config.seed}/{task.name}/{number}/{participant.name}")
        try:
            task.run(ItemSession(participant, self._preset, self._prompts, outcome, rng), number)
        except LLMError as error:
            if error.lasting:
                raise
            outcome.fail(str(error))
        return outcome


def make_task(name: str, preset: Preset, total: int, seed: int) -> ExamTask:
    """Return the task of this name."""
    if name in GAMES:
        return ChildPlayGame(name, preset, total, seed)
    return PUZZLES[name](preset, total, seed)
