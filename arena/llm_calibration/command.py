"""``plywise llm calibrate``: share of right answers of a model's guides, and trust in them.

Every question is asked as a search asks it.  Measurements are saved by model for ``llm.trust=null``
(see ``guidance/trust.py``); every answer is written to ``answers.jsonl``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from plywise.arena.guidance.language_model import LanguageModel, example_store
from plywise.arena.guidance.trust import model_name, prompt_digest, save
from plywise.arena.llm_calibration.examples import run_examples
from plywise.arena.llm_calibration.measurement import calibrate_guides
from plywise.arena.llm_calibration.reliability import GuideMeasurement
from plywise.arena.output.files import RecordWriter, write_summary
from plywise.arena.output.screen import TextConsole, near, text_line
from plywise.arena.output.text import single_line
from plywise.conf.schemas.llm import CALIBRATED_GAMES, LLMCommandConfig
from plywise.datasets.processes.signals import uninterrupted
from plywise.datasets.recording import Losses
from plywise.games.registry import make_game
from plywise.search.guide.protocol import Question

_GROUPS = ((Question.PROPOSE, Question.EVALUATE), (Question.MODEL,))
"""Groups of guides that are asked about the same positions."""


def run_llm_calibration(
    config: LLMCommandConfig, folder: Path, console: Console | None = None
) -> int:
    """Measure, print a table for each game, save the results; write ``calibration.json``.

    Raises:
        LLMError: the model cannot be started or does not answer, or a game has no examples.
    """
    console = console or TextConsole()
    games = CALIBRATED_GAMES if config.games == "all" else (config.games,)
    for game in games:
        example_store(config.llm, make_game(game))  # refused now, not after an hour
    model = LanguageModel(config.llm, lambda line: console.print(line, soft_wrap=True))
    results: dict[str, dict[str, GuideMeasurement]] = {}
    try:
        losses = Losses("answers", console.print)
        with RecordWriter(folder / "answers.jsonl", losses) as record:
            for game in games:
                found: dict[str, GuideMeasurement] = {}
                for group in _GROUPS:
                    guides = [g for g in group if g.value in config.llm.guides]
                    if guides:
                        found |= calibrate_guides(config, model, game, guides, record, console)
                results[game] = found
                console.print(_table(config, game, found))
                entries = {g: _entry(config, game, g, one) for g, one in found.items()}
                where = save(config.llm, game, entries)
                console.print(text_line(f"saved in: {near(where)}"), soft_wrap=True)
    finally:
        model.close()
        if results:
            with uninterrupted():
                if losses.count:
                    console.print(f"lost answers: {losses}")
                summary = folder / "calibration.json"
                console.print(text_line(f"figures: {near(summary)}"), soft_wrap=True)
                write_summary(summary, {"config": config, "results": results})
    return 0


def _entry(
    config: LLMCommandConfig, game: str, guide: str, found: GuideMeasurement
) -> dict[str, Any]:
    """Return a measurement as plain values with its source."""
    shown = f" llm.examples={config.llm.examples}" if config.llm.examples else ""
    return {
        "bias": [round(b, 4) for b in found.fit.bias],
        "temperature": round(found.fit.temperature, 4),
        "reliability": found.reliability,
        "questions": found.questions,
        "chance": round(found.chance, 4),
        "raw": found.raw,
        "calibrated": found.calibrated,
        "prompt": prompt_digest(config.llm, game, guide),
        "command": f"plywise llm calibrate games={game} questions={config.questions} "
        f"seed={config.seed} llm={config.llm.name}{shown} (model {model_name(config.llm)})",
    }


def _table(config: LLMCommandConfig, game: str, results: Mapping[str, GuideMeasurement]) -> Table:
    model = single_line(model_name(config.llm))
    title = f"{model} in {game}: right answers with 95 % interval"
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title)
    table.add_column("guide", no_wrap=True)
    for heading in ("n", "chance", "raw", "calibrated", "reliability", "trust"):
        table.add_column(heading, justify="right", no_wrap=True)
    for guide, found in results.items():
        shares = (found.raw, found.calibrated, found.reliability)
        table.add_row(
            guide,
            str(found.questions),
            f"{100 * found.chance:.1f} %",
            *(str(share).replace(" [", "\n[") for share in shares),  # so that 80 columns suffice
            f"{found.trust:.2f}" if found.trust else "not\nasked",
        )
    return table


def run_llm(config: LLMCommandConfig, folder: Path) -> int:
    """Measure a language model, or make examples for it."""
    run = run_examples if config.what == "examples" else run_llm_calibration
    return run(config, folder)
