"""``plywise bench childplay``: score of a language model in the ChildPlay tasks.

Participants of each task are the baselines and, unless ``llm=none``, the model.  Rules, scoring and
their known flaws are described in ``docs/CHILDPLAY.md``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from plywise.arena.childplay.exam import Exam
from plywise.arena.childplay.session import Participant
from plywise.arena.childplay.table import Row
from plywise.arena.guidance.language_model import LanguageModel
from plywise.arena.output.files import RecordWriter, write_summary
from plywise.arena.output.screen import TextConsole, near, text_line
from plywise.conf.schemas.bench import BenchConfig
from plywise.datasets.childplay import smiles
from plywise.datasets.childplay.presets import PRESETS, Preset
from plywise.datasets.errors import ConfigError
from plywise.datasets.processes.signals import uninterrupted
from plywise.datasets.recording import Losses
from plywise.llm_modules.players.exam import Examinee


def run_childplay(config: BenchConfig, folder: Path, console: Console | None = None) -> int:
    """Run the tasks, print a table for each, write ``bench.json``; the last line is JSON.

    Every item with all its replies is written to ``items.jsonl``.  Where the run is ended early,
    the tasks that were finished are written all the same.

    Raises:
        ConfigError: no task can run.
        LLMError: the model cannot be started, or fails with a lasting error.
        ExamStoppedError: too many consecutive faults.
    """
    console = console or TextConsole()
    preset = PRESETS[config.preset]
    if config.retries is not None:
        preset = replace(preset, retries=config.retries)
    reason = smiles.missing() if "smiles" in config.tasks else None
    skipped = {} if reason is None else {"smiles": reason}
    if len(skipped) == len(config.tasks):
        raise ConfigError(f"no task can run: {'; '.join(skipped.values())}")
    for task, reason in skipped.items():
        console.print(text_line((f"{task}: SKIPPED, {reason}", "yellow")), soft_wrap=True)
    model = LanguageModel(config.llm, lambda line: console.print(line, soft_wrap=True))
    participant = None
    results: dict[str, list[Row]] = {}
    try:
        if config.llm.name != "none":
            examinee = Examinee(model.client(), config.max_tokens)
            participant = Participant(examinee.name, lambda messages, *_: examinee.ask(messages))
        losses = Losses("items", console.print)
        with RecordWriter(folder / "items.jsonl", losses) as record:
            exam = Exam(config, preset, participant, record, console, model.close)
            for name in config.tasks:
                if name not in skipped:
                    results[name] = exam.task(name)
    finally:
        model.close()
        if results:
            with uninterrupted():
                _write(config, preset, participant, results, skipped, folder, console)
                if losses.count:
                    console.print(f"lost items: {losses}")
    return 0


def _write(
    config: BenchConfig,
    preset: Preset,
    participant: Participant | None,
    results: dict[str, list[Row]],
    skipped: dict[str, str],
    folder: Path,
    console: Console,
) -> None:
    whole = {"config": config, "preset": preset, "results": results, "skipped": skipped}
    summary = {
        "preset": preset.name,
        "seed": config.seed,
        "model": participant.name if participant else None,
        "tasks": {name: {r.player: r.brief() for r in rows} for name, rows in results.items()},
        "skipped": skipped,
    }
    console.print(text_line(f"results: {near(folder / 'bench.json')}"), soft_wrap=True)
    console.print(text_line(json.dumps(_rounded(summary))), soft_wrap=True)
    write_summary(folder / "bench.json", whole)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value
