"""``plywise llm calibrate``: how often a model's guides are right, and how far to trust them.

Every question is asked the way a search asks it.  What was measured is kept by model for
``llm.trust=null`` (see ``llm_trust.py``); every answer is in ``answers.jsonl``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from plywise.arena.guidance.language_model import Consult, LanguageModel, example_book
from plywise.arena.guidance.trust import model_name, prompt_digest, save
from plywise.arena.llm_calibration.examples import run_examples
from plywise.arena.llm_calibration.known import KnownQuestion
from plywise.arena.llm_calibration.questions import GAMES, questions
from plywise.arena.llm_calibration.reliability import Answered, Measured, measure
from plywise.arena.output.files import RecordWriter, write_summary
from plywise.arena.output.screen import near
from plywise.conf.schemas.llm import LLMCommandConfig
from plywise.conf.schemas.search import AlphaBetaConfig, SimultaneousConfig
from plywise.games.registry import make_game
from plywise.llm_modules.calls.errors import LLMError
from plywise.llm_modules.prompts.prompting import LETTERS
from plywise.llm_modules.prompts.scoring import choice_scores
from plywise.search.guide.protocol import Question

_SITTINGS = ((Question.PROPOSE, Question.EVALUATE), (Question.MODEL,))
"""Guides that are asked about the same positions, one after the other."""

_MOST_FAULTS = 5  # in a row; then the run ends
_LINES = 10  # of progress for each sitting
_LEAST_SHARE = 1e-3


def run_calibrate(config: LLMCommandConfig, folder: Path, console: Console | None = None) -> int:
    """Ask, print a table for each game, keep what was measured; write ``calibration.json``.

    Raises:
        LLMError: the model cannot be had, or does not answer; or there are no examples for a game.
    """
    console = console or Console(highlight=False)
    games = GAMES if config.games == "all" else (config.games,)
    for game in games:
        example_book(config.llm, make_game(game))  # refused now, not after an hour of questions
    model = LanguageModel(config.llm, lambda line: console.print(line, soft_wrap=True))
    results: dict[str, dict[str, Measured]] = {}
    try:
        with RecordWriter(folder / "answers.jsonl") as record:
            for game in games:
                results[game] = {}
                for sitting in _SITTINGS:
                    guides = [g for g in sitting if g.value in config.llm.guides]
                    if guides:
                        results[game] |= _sit(config, model, game, guides, record, console)
                console.print(_table(config, game, results[game]))
                entries = {g: _entry(config, game, g, found) for g, found in results[game].items()}
                where = save(config.llm, game, entries)
                console.print(f"kept in: {near(where)}", soft_wrap=True, markup=False)
    finally:
        model.close()
    write_summary(folder / "calibration.json", {"config": config, "results": results})
    console.print(f"figures: {near(folder / 'calibration.json')}", soft_wrap=True, markup=False)
    return 0


def _sit(
    config: LLMCommandConfig,
    model: LanguageModel,
    game: str,
    guides: Sequence[Question],
    record: RecordWriter,
    console: Console,
) -> dict[str, Measured]:
    """Put all questions of one kind and return what the answers say of each guide."""
    asked = replace(config.llm, guides=[g.value for g in guides], trust=1.0, calibration=None)
    rules = make_game(game)
    # How the opponent plays matters to a stand-in in battles alone.
    search = SimultaneousConfig() if rules.info.simultaneous else AlphaBetaConfig()
    consult = model.consult(asked, rules, search)
    assert consult is not None  # it is trusted
    answers: dict[str, list[Answered]] = {g.value: [] for g in guides}
    faults = 0
    start = time.monotonic()
    names = " and ".join(answers)
    for done, known in enumerate(islice(questions(game, guides[0], config.seed), config.questions)):
        transcript = _ask(consult, known)
        faults += 1
        for entry in transcript:
            answered = _answered(entry, known.right)
            if answered is None:
                continue
            faults = 0
            answers[entry["question"]].append(answered)
            line = {k: v for k, v in entry.items() if k in _KEPT}
            line |= {"game": game, "number": known.number, "right": sorted(known.right)}
            record.write(line | {"position": known.state.serialize()})
        if faults > _MOST_FAULTS:
            why = transcript[-1].get("error", "no answer of use") if transcript else "nothing asked"
            raise LLMError(f"{faults} questions in a row without an answer: {why}")
        if (done + 1) % max(1, config.questions // _LINES) == 0:
            spent = time.monotonic() - start
            console.print(f"{game}, {names}: {done + 1} of {config.questions}, {spent:.0f} s")
    return {guide: measure(found) for guide, found in answers.items()}


_KEPT = frozenset("question mode letters left_out logprobs choice seconds prompt_tokens".split())


def _ask(consult: Consult, known: KnownQuestion) -> list[dict[str, Any]]:
    """Return the transcript of a consultation that was waited for to its end."""
    consultation = consult(known.state, known.player, known.number)
    try:
        while not consultation.finished:
            consultation.poll()
            time.sleep(0.005)
    finally:
        consultation.close()
    return consultation.transcript


def _answered(entry: Mapping[str, Any], right: frozenset[int]) -> Answered | None:
    """Return an entry of a transcript as an answer, None if it is none of use."""
    if "weights" not in entry:
        return None
    actions = list(entry["letters"].values()) if "letters" in entry else list(entry["weights"])
    letters = LETTERS[: len(actions)]
    numbers = frozenset(k for k, action in enumerate(actions) if action in right)
    left_out = entry.get("left_out", ())
    missed = len(right.intersection(left_out))
    if not 0 < len(numbers) + missed < len(actions) + len(left_out):
        return None
    if "logprobs" in entry:
        scores = tuple(entry["logprobs"].values())
    elif "choice" in entry:
        scores = choice_scores(entry["choice"], letters)
    elif entry["question"] == Question.EVALUATE.value:  # a stand-in's values and shares
        scores = tuple(entry["weights"].values())
    else:
        scores = tuple(math.log(max(w, _LEAST_SHARE)) for w in entry["weights"].values())
    return Answered(scores, numbers, len(left_out), missed)


def _entry(config: LLMCommandConfig, game: str, guide: str, found: Measured) -> dict[str, Any]:
    """Return what is kept of a measurement, with where it comes from."""
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


def _table(config: LLMCommandConfig, game: str, results: Mapping[str, Measured]) -> Table:
    title = f"{model_name(config.llm)} in {game}: right answers with 95 % interval"
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title)
    table.add_column("guide", no_wrap=True)
    for heading in ("n", "chance", "raw", "calibrated", "reliability", "trust"):
        table.add_column(heading, justify="right", no_wrap=True)
    for guide, found in results.items():
        table.add_row(
            guide,
            str(found.questions),
            f"{100 * found.chance:.1f} %",
            *(_on_two_lines(share) for share in (found.raw, found.calibrated, found.reliability)),
            f"{found.trust:.2f}" if found.trust else "not\nasked",
        )
    return table


def _on_two_lines(share: object) -> str:
    """Return a share with its interval below it, so that the table fits 80 columns."""
    return str(share).replace(" [", "\n[")


def run_llm(config: LLMCommandConfig, folder: Path) -> int:
    """Measure a language model, or make examples for it."""
    run = run_examples if config.what == "examples" else run_calibrate
    return run(config, folder)
