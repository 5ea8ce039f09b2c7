"""``plywise bench childplay``: how good a language model is at the ChildPlay tasks.

Each task is put to the baselines and, unless ``llm=none``, to the model; rules, scoring and what is
known of their flaws stand in ``docs/CHILDPLAY.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Protocol

from rich.console import Console

from plywise.arena.childplay.games import GameTask
from plywise.arena.childplay.puzzles import PUZZLES
from plywise.arena.childplay.sitting import Examined, ModelExamined, Outcome, Sitting
from plywise.arena.childplay.table import Row, lines, row
from plywise.arena.guidance.language_model import LanguageModel
from plywise.arena.output.files import RecordWriter, write_summary
from plywise.arena.output.screen import near
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.llm import AskedLLMGroup
from plywise.datasets.childplay import smiles
from plywise.datasets.childplay.presets import GAMES, PRESETS, PUBLISHED, Preset
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.llm_modules.calls.errors import LLMError
from plywise.llm_modules.exam import Examinee, ExamPrompts

_MOST_FAULTS = 8  # in a row; then the run ends
_FIRST_FAULTS = 3  # the same while nothing has been answered yet


class ExamStoppedError(PlywiseError):
    """The endpoint failed again and again; what was answered before stands in the record."""


class Task(Protocol):
    """One task: a name, how many items, who else is examined, and how one item is put."""

    name: str
    total: int

    @property
    def baselines(self) -> list[Any]:
        """Return who else is examined."""

    def sit(self, sitting: Sitting, number: int) -> None:
        """Put one item and write its result down.

        Raises:
            LLMError: a reply did not come.
        """


def run_childplay(config: BenchConfig, folder: Path, console: Console | None = None) -> int:
    """Examine, print a table for each task, write ``bench.json``; the last line is JSON too.

    Every item with all its replies is in ``items.jsonl``.

    Raises:
        ConfigError: nothing is left to do.
        LLMError: the model cannot be had, or refuses for good.
        ExamStoppedError: it failed too often.
    """
    console = console or Console(highlight=False)
    preset = PRESETS[config.preset]
    if config.retries is not None:
        preset = replace(preset, retries=config.retries)
    skipped = _skipped(config.tasks)
    if len(skipped) == len(config.tasks):
        raise ConfigError(f"nothing to do: {'; '.join(skipped.values())}")
    for task, why in skipped.items():
        console.print(f"{task}: SKIPPED, {why}", style="yellow", soft_wrap=True, markup=False)
    model = LanguageModel(config.llm, lambda line: console.print(line, soft_wrap=True))
    try:
        who = None
        if config.llm.name != "none":
            who = ModelExamined(Examinee(model.client(), config.max_tokens))
        with RecordWriter(folder / "items.jsonl") as record:
            exam = _Exam(config, preset, who, record, console, model.close)
            results = {name: exam.task(name) for name in config.tasks if name not in skipped}
    finally:
        model.close()
    whole = {"config": config, "preset": preset, "results": results, "skipped": skipped}
    write_summary(folder / "bench.json", whole)
    summary = {
        "preset": preset.name,
        "seed": config.seed,
        "model": who.name if who else None,
        "tasks": {name: {r.player: r.brief() for r in rows} for name, rows in results.items()},
        "skipped": skipped,
    }
    console.print(f"results: {near(folder / 'bench.json')}", soft_wrap=True, markup=False)
    console.print(json.dumps(_rounded(summary)), soft_wrap=True, markup=False, highlight=False)
    return 0


def _skipped(tasks: list[str]) -> dict[str, str]:
    """Return the tasks that cannot be put here, each with the reason."""
    why = smiles.missing() if "smiles" in tasks else None
    return {} if why is None else {"smiles": why}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


class _Exam:
    """Puts tasks to the baselines one after another, and to the model several items at once."""

    def __init__(
        self,
        config: BenchConfig,
        preset: Preset,
        model: ModelExamined | None,
        record: RecordWriter,
        console: Console,
        hang_up: Callable[[], None],
    ) -> None:
        self._config = config
        self._preset = preset
        self._model = model
        self._record = record
        self._console = console
        self._hang_up = hang_up
        self._prompts = ExamPrompts(preset.name)
        self._answered = False
        self._faults_in_a_row = 0

    @property
    def _llm(self) -> AskedLLMGroup:
        assert isinstance(self._config.llm, AskedLLMGroup)  # it is examined
        return self._config.llm

    def task(self, name: str) -> list[Row]:
        """Return the lines of one task, and print its table."""
        total = self._config.instances or self._preset.instances[name]
        with self._console.status(f"{name}: preparing"):
            task = _task(name, self._preset, total, self._config.seed)
        rows = []
        for baseline in task.baselines:
            outcomes = self._gather(task, baseline, self._one_by_one(task, baseline))
            rows.append(row(baseline.name, outcomes))
        if self._model is not None:
            outcomes = self._gather(task, self._model, self._at_once(task, self._model))
            rows.append(
                row(
                    self._model.name, outcomes, (self._llm.prompt_price, self._llm.completion_price)
                )
            )
        published = {} if self._preset.fair else PUBLISHED[name]
        for line in [*lines(name, rows, published, games=name in GAMES), ""]:
            self._console.print(line, soft_wrap=True, markup=False)
        return rows

    def _gather(self, task: Task, who: Examined, outcomes: Iterator[Outcome]) -> list[Outcome]:
        """Record outcomes as they come, and show how many there are."""
        found: list[Outcome] = []
        with self._console.status(f"{task.name}: {who.name}") as status:
            for outcome in outcomes:
                found.append(outcome)
                self._record.write(outcome)
                status.update(f"{task.name}: {who.name} {len(found)} of {task.total}")
        return found

    def _one_by_one(self, task: Task, who: Examined) -> Iterator[Outcome]:
        for number in range(task.total):
            yield self._sit(task, who, number)

    def _at_once(self, task: Task, who: Examined) -> Iterator[Outcome]:
        pool = ThreadPoolExecutor(self._llm.concurrency, "plywise-exam")
        waiting: list[Future[Outcome]] = []
        try:
            waiting += [pool.submit(self._sit, task, who, k) for k in range(task.total)]
            for done in as_completed(waiting):
                outcome = done.result()
                yield outcome
                self._check(outcome)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            self._hang_up()  # questions under way end at once, and with them their threads
            raise
        finally:
            pool.shutdown()

    def _check(self, outcome: Outcome) -> None:
        """Stop where the endpoint has gone.

        Raises:
            ExamStoppedError: too many faults in a row.
        """
        if outcome.score is not None:
            self._answered, self._faults_in_a_row = True, 0
            return
        self._faults_in_a_row += 1
        if self._faults_in_a_row >= (_MOST_FAULTS if self._answered else _FIRST_FAULTS):
            raise ExamStoppedError(
                f"stopped after {self._faults_in_a_row} faults in a row, the last: {outcome.why} "
                f"(what was answered: {near(self._record.path)})"
            )

    def _sit(self, task: Task, who: Examined, number: int) -> Outcome:
        outcome = Outcome(task.name, who.name, number)
        rng = Random(f"{self._config.seed}/{task.name}/{number}/{who.name}")
        try:
            task.sit(Sitting(who, self._preset, self._prompts, outcome, rng), number)
        except LLMError as error:
            if error.lasting:
                raise
            outcome.fail(str(error))
        return outcome


def _task(name: str, preset: Preset, total: int, seed: int) -> Task:
    if name in GAMES:
        return GameTask(name, preset, total, seed)
    return PUZZLES[name](preset, total, seed)
