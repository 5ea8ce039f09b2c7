"""Few-shot examples: solved positions, the most similar of which are shown before a question.

In-context learning from examples (Brown et al. 2020, arXiv 2005.14165), chosen by similarity to
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

_NAMES = re.compile(r"\b[a-z]?\d+\b")  # squares, columns and counts, which similarity ignores


@dataclass(frozen=True)
class Example:
    """Solved position.

    Attributes:
        question: MODEL (an action of the opponent) or PROPOSE (an action of the player, also used
            for EVALUATE).
        briefing: description of the position.
        right: the only right action.
        results: result of each of the player's actions with perfect play, 1, 0 or -1; {} for MODEL.
    """

    question: Question
    briefing: Briefing
    right: int
    results: Mapping[int, int] = field(default_factory=dict)

    @property
    def options(self) -> tuple[Option, ...]:
        """Options of the question."""
        return options_of(self.question, self.briefing)

    @cached_property
    def kinds(self) -> Counter[str]:
        """Facts of the options, see :func:`example_similarity`."""
        return _kinds(self.options)


def options_of(question: Question, briefing: Briefing) -> tuple[Option, ...]:
    """Return the options of a question: actions of the opponent (MODEL) or of the player."""
    return briefing.opponent if question is Question.MODEL else briefing.own


def _kinds(options: Sequence[Option]) -> Counter[str]:
    return Counter(_NAMES.sub("#", option.facts) for option in options)


def example_similarity(
    example: Example, kinds: Counter[str], situation: str
) -> tuple[float, float]:
    """Return the similarity of an example and a decision as a pair, larger is more similar.

    The first number is the weighted Jaccard index of the options' facts (size of the intersection
    over size of the union of the two multisets), without names of squares and numbers.  The second
    breaks ties: the share of positions at which the situations have the same character.
    """
    intersection = (example.kinds & kinds).total()
    union = (example.kinds | kinds).total()
    other = example.briefing.situation
    same = sum(a == b for a, b in zip(other, situation, strict=False))
    return intersection / max(1, union), same / max(1, len(other), len(situation))


def digest_of(game: str, folder: Path = FOLDER) -> str:
    """Return a digest (12 hex digits) of a game's examples.

    Raises:
        LLMConfigError: the game has no examples.
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


class ExampleStore:
    """Solved positions of one game.

    Args:
        game: game with the board size of the file.
        folder: folder of the files.

    Raises:
        LLMConfigError: the game has no file, or it is damaged or for another board size.
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
                f"llm.examples: the solved examples of {name} are for another board size: "
                "llm.examples=0"
            ) from None
        self._solved: dict[Question, list[Example]] = {}

    def most_similar(
        self, question: Question, briefing: Briefing, count: int
    ) -> tuple[Example, ...]:
        """Return up to ``count`` examples, except the position of the briefing itself.

        They are in the file's order, not in that of similarity: prompts with the same first
        examples have the same beginning, which servers cache.
        """
        solved = self.solved(question)
        kinds = _kinds(options_of(question, briefing))
        ranked = sorted(
            (
                (*example_similarity(example, kinds, briefing.situation), -number)
                for number, example in enumerate(solved)
                if example.briefing.situation != briefing.situation
            ),
            reverse=True,
        )
        chosen = sorted(-number for *_, number in ranked[:count])
        return tuple(solved[number] for number in chosen)

    def solved(self, question: Question) -> list[Example]:
        """Return all examples for a question; the first call takes milliseconds for each."""
        kind = Question.MODEL if question is Question.MODEL else Question.PROPOSE
        if kind not in self._solved:
            self._solved[kind] = [
                self._example(kind, entry)
                for entry in self._entries
                if entry["guide"] == kind.value
            ]
        return self._solved[kind]

    def _example(self, question: Question, entry: Mapping[str, Any]) -> Example:
        briefing = self._states[entry["state"]].briefing(entry["player"])
        results = {int(action): result for action, result in entry.get("results", {}).items()}
        return Example(question, briefing, entry["right"], results)
