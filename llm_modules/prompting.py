"""From a briefing to a prompt: options get letters in a shuffled order.

The texts are the files in ``prompts/``, for people to read and change.  A prompt holds nothing
but those texts and the briefing, which carries no opponent-controlled text.  What never changes
comes first (rules), then the situation, then the options and the question: servers keep the
longest common beginning of consecutive prompts, so the second question about a decision costs
only its tail.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from string import Template
from typing import Any

from plywise.games.base import Briefing, Option
from plywise.llm_modules.chat import Message
from plywise.llm_modules.errors import LLMConfigError
from plywise.llm_modules.forms import Form, Wanted
from plywise.search.guide import Question

LETTERS = string.ascii_uppercase
MOST_OPTIONS = 20  # endpoints report the 20 likeliest tokens at most

_FOLDER = Path(__file__).parent / "prompts"
_SYSTEM_FIELDS = {"game", "rules", "how_to_answer"}
_QUESTION_FIELDS = {"player", "situation", "options", "how_to_answer"}
_WORDINGS = ("candidates", "positions", "replies", "values")  # further texts to ask in
_FORM_FIELDS = {
    Wanted.ANSWER: {"thought"},
    Wanted.BEST: {"thought", "count"},
    Wanted.PERCENT: {"thought", "numbers"},
}


@dataclass(frozen=True)
class PromptLimits:
    """The longest that each part of a prompt may be, in characters (about 3–4 to a token).

    Whatever is longer is cut with an ellipsis, and the question is marked as shortened.  Of more
    than ``options`` options the most interesting are shown, a random choice where none is more
    interesting; the others are neither favoured nor harmed.
    """

    rules: int = 2000
    situation: int = 3000
    label: int = 60
    facts: int = 160
    position: int = 600
    options: int = MOST_OPTIONS

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if not 2 <= self.options <= MOST_OPTIONS:
            raise LLMConfigError(f"options is {self.options}; it must be 2 … {MOST_OPTIONS}")
        if min(self.rules, self.situation, self.label, self.facts, self.position) < 1:
            raise LLMConfigError("a prompt's limits must be ≥ 1 character")


@dataclass(frozen=True)
class LetteredQuestion:
    """A question whose options carry letters.

    Attributes:
        letters: the letters shown, in order; ``actions`` the action behind each.
        left_out: actions that were not shown: minor ones, and where there are too many.
        shortened: whether some text was cut to its limit.
        by_letter: the prompt that asks for a letter; ``by_json`` the one that asks for JSON.
        worded: makes the prompt that asks for an answer in another way, which it is told.
    """

    question: Question
    letters: str
    actions: tuple[int, ...]
    left_out: tuple[int, ...]
    shortened: bool
    by_letter: tuple[Message, ...]
    by_json: tuple[Message, ...]
    worded: Callable[[str], tuple[Message, ...]] = field(compare=False, repr=False)

    def action(self, letter: str) -> int:
        """Return the action behind a letter."""
        return self.actions[self.letters.index(letter)]

    def facts(self) -> dict[str, Any]:
        """Return what a transcript holds of it."""
        return {
            "letters": dict(zip(self.letters, self.actions, strict=True)),
            "left_out": list(self.left_out),
            "shortened": self.shortened,
        }


class Prompts:
    """The prompt texts of one folder.

    Raises:
        LLMConfigError: a file is missing or names something that it cannot be given.
    """

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._system = _template(folder / "system.txt", _SYSTEM_FIELDS)
        self._questions = {
            name: _template(folder / f"{name}.txt", _QUESTION_FIELDS)
            for name in (
                *(q.value for q in Question),
                "candidates",
                "positions",
                "replies",
                "values",
            )
        }
        self._letter = _template(folder / "answer_letter.txt", set()).template
        self._forms = {
            wanted: _template(folder / f"form_{wanted.value}.txt", fields)
            for wanted, fields in _FORM_FIELDS.items()
        }
        self._thought = _template(folder / "form_thought.txt", {"characters"})
        self._feedback = _template(folder / "feedback.txt", {"choices"})

    def digest(self, question: Question) -> str:
        """Return 12 hex digits that change when a text does that this question is asked with."""
        texts = self._system, self._questions[question.value], self._letter
        joined = "\0".join(t if isinstance(t, str) else t.template for t in texts)
        return hashlib.sha256(joined.encode()).hexdigest()[:12]

    def ask(
        self,
        question: Question,
        briefing: Briefing,
        seed: int,
        limits: PromptLimits | None = None,
        wording: str | None = None,
    ) -> LetteredQuestion:
        """Return the prompt for one question.

        Which option gets which letter depends on the situation and on ``seed``: the same decision
        asked again has the same prompt, which a cache may know.  PROPOSE and EVALUATE share their
        letters, so that the second of them costs a server with a prefix cache its last line only.

        ``wording`` names the text to ask in, if it is not the question's own.
        """
        most = limits or PromptLimits()
        offered = briefing.opponent if question is Question.MODEL else briefing.own
        side = "opponent" if question is Question.MODEL else "own"
        random = Random(f"{seed}/{side}/{briefing.situation}")
        known = len(offered) if briefing.worth is None or side == "opponent" else briefing.worth
        ties = Random(f"{seed}/ties/{briefing.situation}")
        options = _most_interesting(offered, min(known, most.options), ties)
        shown = random.sample(options, len(options))
        left_out = sorted({o.action for o in offered} - {o.action for o in shown})
        cut = _Cutter()
        lines = {o.action: _line(LETTERS[i], o, most, cut) for i, o in enumerate(shown)}
        return self._lettered(question, wording, briefing, lines, left_out, most, cut)

    def positions(
        self,
        briefing: Briefing,
        texts: Sequence[str],
        seed: int,
        limits: PromptLimits | None = None,
    ) -> LetteredQuestion:
        """Return the prompt that asks what positions are worth; "actions" are their numbers.

        Args:
            texts: up to :data:`MOST_OPTIONS`, each of several lines.
        """
        most, cut = limits or PromptLimits(), _Cutter()
        order = Random(f"{seed}/positions").sample(range(len(texts)), len(texts))
        lines = {k: f"{LETTERS[i]}. {cut(texts[k], most.position)}" for i, k in enumerate(order)}
        return self._lettered(Question.EVALUATE, "positions", briefing, lines, [], most, cut)

    def _lettered(
        self,
        question: Question,
        wording: str | None,
        briefing: Briefing,
        lines: Mapping[int, str],
        left_out: Sequence[int],
        most: PromptLimits,
        cut: _Cutter,
    ) -> LetteredQuestion:
        """Return the question about what the lines show, by action and in the letters' order."""
        rules = cut(briefing.rules.strip(), most.rules)
        # A letter is given from the facts alone, in few tokens; whoever writes more is told more.
        whole = cut(f"{briefing.rules.strip()}\n{briefing.setup}".strip(), most.rules)
        situation = cut(briefing.situation.strip("\n"), most.situation)
        letters = LETTERS[: len(lines)]

        def messages(how_to_answer: str) -> tuple[Message, ...]:
            system = self._system.substitute(
                game=briefing.game or "shown below",
                rules=rules if how_to_answer == self._letter else whole,
                how_to_answer=how_to_answer,
            )
            user = self._questions[wording or question.value].substitute(
                player=briefing.player,
                situation=situation,
                options="\n".join(lines.values()),
                how_to_answer=how_to_answer,
            )
            return (Message("system", system.strip()), Message("user", user.strip("\n")))

        return LetteredQuestion(
            question=question,
            letters=letters,
            actions=tuple(lines),
            left_out=tuple(left_out),
            shortened=cut.happened,
            by_letter=messages(self._letter),
            by_json=messages(self.how_to_fill(Form(letters))),
            worded=messages,
        )

    def how_to_fill(self, form: Form) -> str:
        """Return the sentence that asks for a written answer of this form."""
        thought = f"{self._thought.substitute(characters=form.thought)} " if form.thought else ""
        numbers = ", ".join(f'"{letter}": <number>' for letter in form.letters)
        known = {"thought": thought, "numbers": numbers, "count": form.count}
        return self._forms[form.wanted].substitute(known)

    def feedback(self, choices: str) -> str:
        """Return the paragraph about earlier choices, given one a line."""
        return self._feedback.substitute(choices=choices)


def _most_interesting(options: Sequence[Option], count: int, ties: Random) -> list[Option]:
    """Return so many options in their order; ``ties`` chooses among equally interesting ones."""
    order = sorted(range(len(options)), key=lambda k: (-options[k].interest, ties.random()))
    return [options[k] for k in sorted(order[:count])]


class _Cutter:
    """Cuts texts to a length and remembers whether it had to."""

    def __init__(self) -> None:
        self.happened = False

    def __call__(self, text: str, length: int) -> str:
        if len(text) <= length:
            return text
        self.happened = True
        return text[: length - 1] + "…"


def _line(letter: str, option: Option, limits: PromptLimits, cut: _Cutter) -> str:
    label = cut(" ".join(option.label.split()), limits.label)
    facts = cut(" ".join(option.facts.split()), limits.facts)
    return f"{letter}. {label}: {facts}" if facts else f"{letter}. {label}"


def _template(path: Path, allowed: set[str]) -> Template:
    try:
        template = Template(path.read_text(encoding="utf-8").strip("\n"))
    except OSError as error:
        raise LLMConfigError(f"cannot read the prompt {path.name}: {error.strerror}") from None
    unknown: Sequence[str] = sorted(set(template.get_identifiers()) - allowed)
    if unknown or not template.is_valid():
        names = ", ".join(f"${n}" for n in unknown) or "a lone $ (write $$)"
        known = ", ".join(f"${n}" for n in sorted(allowed)) or "no names"
        raise LLMConfigError(f"the prompt {path.name} has {names}; it may use {known}")
    return template
