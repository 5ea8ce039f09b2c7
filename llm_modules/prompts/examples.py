"""Few-shot examples: solved positions, of which those most like a decision are shown before it.

In-context learning from examples (Brown et al. 2020, arXiv 2005.14165), chosen by their nearness to
the question (Liu et al. 2022, "What Makes Good In-Context Examples for GPT-3?", arXiv 2101.06804).
``plywise llm examples`` makes the files in ``datasets/examples/``, one for each game.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from plywise.games.base import Briefing, Game, Option
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.search.guide.protocol import Question

FOLDER = Path(__file__).parents[2] / "datasets" / "examples"

_NAMES = re.compile(r"\b[a-z]?\d+\b")  # squares, columns and counts: they differ without meaning


@dataclass(frozen=True)
class Example:
    """A solved position.

    Attributes:
        question: MODEL: ``right`` is the opponent's; PROPOSE: the player's own, which serves
            EVALUATE as well.
        right: the one right action.
        results: each own action's result with perfect play, 1, 0 or -1; {} for MODEL.
    """

    question: Question
    briefing: Briefing
    right: int
    results: Mapping[int, int] = field(default_factory=dict)

    @property
    def options(self) -> tuple[Option, ...]:
        """What is chosen from."""
        return _options(self.question, self.briefing)

    @cached_property
    def kinds(self) -> Counter[str]:
        """The options' facts, see :func:`similarity`."""
        return _kinds(self.options)


def _options(question: Question, briefing: Briefing) -> tuple[Option, ...]:
    return briefing.opponent if question is Question.MODEL else briefing.own


def _kinds(options: Sequence[Option]) -> Counter[str]:
    return Counter(_NAMES.sub("#", option.facts) for option in options)


def similarity(example: Example, kinds: Counter[str], situation: str) -> tuple[float, float]:
    """Return how alike an example and a decision are; pairs compare, larger is more alike.

    First the facts of the options, names of squares and numbers left out: the weighted Jaccard
    index of the two multisets, as many facts as both have over as many as either has.  Between
    equals, the share of places at which the two situations have the same character.
    """
    both = (example.kinds & kinds).total()
    either = (example.kinds | kinds).total()
    there = example.briefing.situation
    same = sum(a == b for a, b in zip(there, situation, strict=False))
    return both / max(1, either), same / max(1, len(there), len(situation))


def digest_of(game: str, folder: Path = FOLDER) -> str:
    """Return 12 hex digits of a game's examples.

    Raises:
        LLMConfigError: it has none.
    """
    return hashlib.sha256(_text(game, folder)).hexdigest()[:12]


def _text(game: str, folder: Path) -> bytes:
    path = folder / f"{game}.json"
    if not path.is_file():
        known = " and ".join(sorted(file.stem for file in folder.glob("*.json"))) or "no game"
        raise LLMConfigError(
            f"llm.examples: there are solved examples for {known}, not for {game}: llm.examples=0"
        )
    return path.read_bytes()


class ExampleBook:
    """The solved positions of one game.

    Args:
        game: with the size of board that the file is about.
        folder: of the files.

    Raises:
        LLMConfigError: there is no file for this game, it is damaged, or about another board.
    """

    def __init__(self, game: Game, folder: Path = FOLDER) -> None:
        name = game.info.name
        try:
            self._entries = json.loads(_text(name, folder))["examples"]
            texts = [entry["state"] for entry in self._entries]
        except (ValueError, KeyError, TypeError) as error:
            raise LLMConfigError(
                f"the examples in {name}.json are damaged ({error}): plywise llm examples "
                f"games={name} makes them again"
            ) from None
        try:
            self._states = {text: game.deserialize_state(text) for text in texts}
        except ValueError:
            raise LLMConfigError(
                f"llm.examples: the solved examples of {name} are of another board: llm.examples=0"
            ) from None
        self._known: dict[Question, list[Example]] = {}

    def most_similar(
        self, question: Question, briefing: Briefing, count: int
    ) -> tuple[Example, ...]:
        """Return up to ``count`` examples, none of them the position of the briefing itself.

        They come in the file's order and not in that of similarity: prompts of decisions that share
        their first examples share their beginning, which servers keep.
        """
        solved = self.solved(question)
        kinds = _kinds(_options(question, briefing))
        ranked = sorted(
            (
                (*similarity(example, kinds, briefing.situation), -number)
                for number, example in enumerate(solved)
                if example.briefing.situation != briefing.situation
            ),
            reverse=True,
        )
        chosen = sorted(-number for *_, number in ranked[:count])
        return tuple(solved[number] for number in chosen)

    def solved(self, question: Question) -> list[Example]:
        """Return all examples for a question; the first time takes milliseconds for each."""
        kind = Question.MODEL if question is Question.MODEL else Question.PROPOSE
        if kind not in self._known:
            self._known[kind] = [
                self._example(kind, entry)
                for entry in self._entries
                if entry["guide"] == kind.value
            ]
        return self._known[kind]

    def _example(self, question: Question, entry: Mapping[str, Any]) -> Example:
        briefing = self._states[entry["state"]].briefing(entry["player"])
        results = {int(action): result for action, result in entry.get("results", {}).items()}
        return Example(question, briefing, entry["right"], results)
