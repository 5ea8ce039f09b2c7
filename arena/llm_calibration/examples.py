"""``plywise llm examples``: solved positions as few-shot examples for a model.

They are questions like those of ``plywise llm calibrate``, with other seeds and the exact result of
every move.  A position may occur in both: ``ExampleStore`` never returns the position of the
question itself.
"""

from __future__ import annotations

import json
import time
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from plywise.arena.llm_calibration.known import KnownQuestion
from plywise.arena.llm_calibration.questions import questions
from plywise.arena.output.files import write_whole
from plywise.arena.output.screen import TextConsole, near, text_line
from plywise.conf.schemas.llm import LLMCommandConfig
from plywise.datasets.errors import ConfigError
from plywise.games.exact_values import EXACT_VALUES, ActionValues
from plywise.games.registry import make_game
from plywise.search.guide.protocol import Question


def run_examples(config: LLMCommandConfig, folder: Path, console: Console | None = None) -> int:
    """Write ``GAME.json`` for each game that has an exact solver.

    Raises:
        ConfigError: the game has no exact solver.
    """
    console = console or TextConsole()
    if config.games != "all" and config.games not in EXACT_VALUES:
        raise ConfigError(
            f"games={config.games}: examples need an exact solver: {', '.join(EXACT_VALUES)}"
        )
    folder = folder if config.out is None else Path(config.out)
    for game in sorted(EXACT_VALUES) if config.games == "all" else (config.games,):
        start = time.monotonic()
        examples = solved(game, config.questions, config.seed)
        command = f"plywise llm examples games={game} questions={config.questions}"
        head = json.dumps(f"{command} seed={config.seed}")
        lines = ",\n".join(json.dumps(example) for example in examples)
        path = folder / f"{game}.json"
        write_whole(path, f'{{"command": {head},\n"examples": [\n{lines}\n]}}\n')
        spent = time.monotonic() - start
        line = f"{game}: {len(examples)} examples in {spent:.0f} s: {near(path)}"
        console.print(text_line(line), soft_wrap=True)
    return 0


def solved(game: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Return ``count`` examples each for PROPOSE and MODEL, as plain values."""
    truth = EXACT_VALUES[game](make_game(game))
    found = []
    for guide in (Question.PROPOSE, Question.MODEL):
        for known in islice(questions(game, guide, f"examples {seed}"), count):
            found.append(_plain(known, guide, truth))
    return found


def _plain(known: KnownQuestion, guide: Question, truth: ActionValues) -> dict[str, Any]:
    (right,) = known.right
    example: dict[str, Any] = {
        "guide": guide.value,
        "state": known.state.serialize(),
        "player": known.player,
        "right": right,
    }
    if guide is Question.PROPOSE:
        example["results"] = {a: (v > 0) - (v < 0) for a, v in truth(known.state).items()}
    return example
