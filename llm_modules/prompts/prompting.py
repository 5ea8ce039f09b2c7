"""Prompts from briefings: options get letters in a shuffled order.

The texts are the files in ``texts/``, for people to read and change.  A prompt consists of those
texts and the briefing, which contains no text of the opponent.  Rules come first, then solved
examples, the situation, the options and the question: servers cache the longest common beginning
of consecutive prompts, so the second question about a decision costs only its end.
"""

from __future__ import annotations

import hashlib
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from string import Template
from typing import Any

from plywise.games.base import Briefing, Option
from plywise.llm_modules.calls.chat import Message
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.llm_modules.prompts.examples import Example, options_of
from plywise.llm_modules.prompts.forms import AnswerKind, Form
from plywise.search.guide.protocol import Question

OPTION_LETTERS = string.ascii_uppercase
MAX_OPTIONS = 20  # endpoints report at most the 20 likeliest tokens

_FOLDER = Path(__file__).parent / "texts"
_SYSTEM_FIELDS = {"game", "rules", "how_to_answer"}
_QUESTION_FIELDS = {"player", "situation", "options", "how_to_answer"}
_TEXTS = {
    Question.PROPOSE: "propose",
    Question.MODEL: "model",
    Question.EVALUATE: "evaluate_best",
}
_OTHER_TEXTS = ("propose_candidates", "model_replies", "evaluate_percent", "evaluate_positions")
_FORM_FIELDS = {
    AnswerKind.ANSWER: {"thought"},
    AnswerKind.BEST: {"thought", "count"},
    AnswerKind.PERCENT: {"thought", "numbers"},
}


@dataclass(frozen=True)
class PromptLimits:
    """Limits of a prompt's parts in characters (3–4 per token), and of the number of options.

    A longer part is truncated with an ellipsis, and the question is marked as shortened.  Of more
    than ``options`` options the most interesting are shown, with random choice among equals; the
    remaining ones keep their uniform probability.
    """

    rules: int = 2000
    situation: int = 3000
    label: int = 60
    facts: int = 160
    position: int = 600
    options: int = MAX_OPTIONS

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        if not 2 <= self.options <= MAX_OPTIONS:
            raise LLMConfigError(f"options is {self.options}; it must be 2 … {MAX_OPTIONS}")
        if min(self.rules, self.situation, self.label, self.facts, self.position) < 1:
            raise LLMConfigError("a prompt's limits must be ≥ 1 character")


@dataclass(frozen=True)
class LetteredQuestion:
    """Question whose options have letters.

    Attributes:
        question: question of the guide.
        letters: letters of the options, in order.
        actions: action of each letter.
        left_out: actions that are not shown because others are more interesting.
        shortened: whether a part is truncated.
        by_letter: prompt for a letter.
        worded: function that returns the prompt for a form.
    """

    question: Question
    letters: str
    actions: tuple[int, ...]
    left_out: tuple[int, ...]
    shortened: bool
    by_letter: tuple[Message, ...]
    worded: Callable[[Form], tuple[Message, ...]] = field(compare=False, repr=False)

    def action(self, letter: str) -> int:
        """Return the action of a letter."""
        return self.actions[self.letters.index(letter)]

    def facts(self) -> dict[str, Any]:
        """Return letters and omitted options for the transcript."""
        return {
            "letters": dict(zip(self.letters, self.actions, strict=True)),
            "left_out": list(self.left_out),
            "shortened": self.shortened,
        }


class Prompts:
    """Prompt texts of one folder.

    Raises:
        LLMConfigError: a file is missing or has an unknown field.
    """

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._system = _template(folder / "system.txt", _SYSTEM_FIELDS)
        self._questions = {
            name: _template(folder / f"{name}.txt", _QUESTION_FIELDS)
            for name in (*_TEXTS.values(), *_OTHER_TEXTS)
        }
        self._letter = _template(folder / "answer_letter.txt", set()).template
        self._forms = {
            kind: _template(folder / f"form_{kind.value}.txt", fields)
            for kind, fields in _FORM_FIELDS.items()
        }
        self._thought = _template(folder / "form_thought.txt", {"characters"})
        self._feedback = _template(folder / "feedback.txt", {"choices"})

    def digest(self, question: Question, examples: str = "") -> str:
        """Return a digest (12 hex digits) of the texts of a question.

        ``examples`` identifies the solved examples that are shown; "": none.
        """
        texts = [self._system.template, self._questions[_TEXTS[question]].template, self._letter]
        joined = "\0".join([*texts, examples] if examples else texts)
        return hashlib.sha256(joined.encode()).hexdigest()[:12]

    def ask(
        self,
        question: Question,
        briefing: Briefing,
        seed: int,
        limits: PromptLimits | None = None,
        wording: str | None = None,
        examples: Sequence[Example] = (),
    ) -> LetteredQuestion:
        """Return a question about actions.

        The letters depend on the situation and ``seed``: the same decision asked again has the same
        prompt, so a cached answer can be used.  PROPOSE and EVALUATE have the same letters, so the
        second of them costs a server with a prefix cache only its last line.

        Args:
            limits: limits of the parts; None: the defaults.
            wording: name of the text; None: that of the question.
            examples: solved examples, shown as earlier turns of the chat.
        """
        limits = limits or PromptLimits()
        offered = options_of(question, briefing)
        side = "opponent" if question is Question.MODEL else "own"
        random = Random(f"{seed}/{side}/{briefing.situation}")
        worth = len(offered) if briefing.worth is None or side == "opponent" else briefing.worth
        ties = Random(f"{seed}/ties/{briefing.situation}")
        options = _most_interesting(offered, min(worth, limits.options), ties)
        shown = random.sample(options, len(options))
        left_out = sorted({o.action for o in offered} - {o.action for o in shown})
        cut = _Truncator()
        lines = {o.action: _line(OPTION_LETTERS[i], o, limits, cut) for i, o in enumerate(shown)}
        turns = _turns(examples, question, limits, cut)
        return self._lettered(question, wording, briefing, lines, left_out, limits, cut, turns)

    def positions(
        self,
        briefing: Briefing,
        texts: Sequence[str],
        seed: int,
        limits: PromptLimits,
    ) -> LetteredQuestion:
        """Return a question about the values of positions, whose "actions" are their indices.

        ``texts`` describe up to :data:`MAX_OPTIONS` positions.
        """
        cut = _Truncator()
        order = Random(f"{seed}/positions").sample(range(len(texts)), len(texts))
        lines = {
            k: f"{OPTION_LETTERS[i]}. {cut(texts[k], limits.position)}" for i, k in enumerate(order)
        }
        return self._lettered(
            Question.EVALUATE, "evaluate_positions", briefing, lines, [], limits, cut
        )

    def _lettered(
        self,
        question: Question,
        wording: str | None,
        briefing: Briefing,
        lines: Mapping[int, str],
        left_out: Sequence[int],
        limits: PromptLimits,
        cut: _Truncator,
        turns: Sequence[_Turn] = (),
    ) -> LetteredQuestion:
        """Return the question about ``lines``: text by action, in the order of the letters."""
        rules = cut(briefing.rules.strip(), limits.rules)
        # The short prompt for a letter omits the setup of the game.
        whole = cut(f"{briefing.rules.strip()}\n{briefing.setup}".strip(), limits.rules)
        situation = cut(briefing.situation.strip("\n"), limits.situation)
        letters = OPTION_LETTERS[: len(lines)]

        def messages(form: Form | None) -> tuple[Message, ...]:
            how_to_answer = self._letter if form is None else self.how_to_fill(form)
            system = self._system.substitute(
                game=briefing.game or "shown below",
                rules=rules if form is None else whole,
                how_to_answer=how_to_answer,
            )
            name = wording or _TEXTS[question]
            user = self._user(name, briefing.player, situation, lines.values(), how_to_answer)
            earlier = [m for turn in turns for m in self._shown(turn, name, form)]
            return (Message("system", system.strip()), *earlier, user)

        return LetteredQuestion(
            question=question,
            letters=letters,
            actions=tuple(lines),
            left_out=tuple(left_out),
            shortened=cut.used,
            by_letter=messages(None),
            worded=messages,
        )

    def _user(
        self, name: str, player: int, situation: str, lines: Iterable[str], how_to_answer: str
    ) -> Message:
        text = self._questions[name].substitute(
            player=player,
            situation=situation,
            options="\n".join(lines),
            how_to_answer=how_to_answer,
        )
        return Message("user", text.strip("\n"))

    def _shown(self, turn: _Turn, name: str, form: Form | None) -> tuple[Message, Message]:
        """Return an example as a question and its answer.

        Examples of PROPOSE and EVALUATE have the same text, so that the second of these questions
        costs a server with a prefix cache no example again.
        """
        name = _TEXTS[Question.PROPOSE] if name == _TEXTS[Question.EVALUATE] else name
        how_to_answer, answer = self._letter, turn.right
        if form is not None:
            own = replace(form, letters=OPTION_LETTERS[: len(turn.lines)])
            how_to_answer = self.how_to_fill(own)
            answer = own.write(turn.right, turn.thought, turn.percent)
        asked = self._user(name, turn.player, turn.situation, turn.lines, how_to_answer)
        return asked, Message("assistant", answer)

    def how_to_fill(self, form: Form) -> str:
        """Return the sentence that asks to fill in a form."""
        thought = f"{self._thought.substitute(characters=form.thought)} " if form.thought else ""
        numbers = ", ".join(f'"{letter}": <number>' for letter in form.letters)
        fields = {"thought": thought, "numbers": numbers, "count": form.count}
        return self._forms[form.kind].substitute(fields)

    def feedback(self, choices: str) -> str:
        """Return the paragraph about earlier choices, which has one per line."""
        return self._feedback.substitute(choices=choices)


def _most_interesting(options: Sequence[Option], count: int, ties: Random) -> list[Option]:
    """Return the ``count`` most interesting options in their order; ``ties`` breaks ties."""
    order = sorted(range(len(options)), key=lambda k: (-options[k].interest, ties.random()))
    return [options[k] for k in sorted(order[:count])]


@dataclass(frozen=True)
class _Turn:
    """Text of a solved example; the answer as a letter, a thought (its facts) and in numbers."""

    player: int
    situation: str
    lines: tuple[str, ...]
    right: str
    thought: str
    percent: Mapping[str, int]


def _turns(
    examples: Sequence[Example], question: Question, limits: PromptLimits, cut: _Truncator
) -> list[_Turn]:
    """Return the texts of examples, whose right answers have letters as different as possible.

    The text of an example depends only on it and the examples before it: prompts with the same
    first examples begin with the same text.
    """
    used: Counter[int] = Counter()
    turns = []
    for example in examples:
        random = Random(f"example/{example.briefing.situation}")
        right = next(o for o in example.options if o.action == example.right)
        wrong = [o for o in example.options if o.action != example.right]
        shown = random.sample(wrong, min(len(wrong), limits.options - 1))
        places = random.sample(range(len(shown) + 1), len(shown) + 1)
        place = min(places, key=lambda k: used[k])
        used[place] += 1
        shown.insert(place, right)
        options = dict(zip(OPTION_LETTERS, shown, strict=False))
        percent = {letter: 100 if o is right else 0 for letter, o in options.items()}
        if question is Question.EVALUATE:
            percent = {k: 50 + 50 * example.results[o.action] for k, o in options.items()}
        turns.append(
            _Turn(
                player=example.briefing.player,
                situation=cut(example.briefing.situation.strip("\n"), limits.situation),
                lines=tuple(_line(letter, o, limits, cut) for letter, o in options.items()),
                right=OPTION_LETTERS[place],
                thought=f"{right.label}: {right.facts}" if right.facts else right.label,
                percent=percent,
            )
        )
    return turns


class _Truncator:
    """Truncates texts.

    Attributes:
        used: whether any text was longer than its limit.
    """

    def __init__(self) -> None:
        self.used = False

    def __call__(self, text: str, length: int) -> str:
        if len(text) <= length:
            return text
        self.used = True
        return text[: length - 1] + "…"


def _line(letter: str, option: Option, limits: PromptLimits, cut: _Truncator) -> str:
    label = cut(" ".join(option.label.split()), limits.label)
    facts = cut(" ".join(option.facts.split()), limits.facts)
    return f"{letter}. {label}: {facts}" if facts else f"{letter}. {label}"


def read_prompt(path: Path, name: str) -> str:
    """Return the text of a prompt file.

    Raises:
        LLMConfigError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LLMConfigError(f"cannot read the prompt {name}: {error.strerror}") from None


def checked(template: Template, name: str, allowed: Iterable[str]) -> Template:
    """Return the template of a prompt if it has no fields besides ``allowed``.

    Raises:
        LLMConfigError: it has.
    """
    unknown = sorted(set(template.get_identifiers()) - set(allowed))
    if unknown or not template.is_valid():
        names = ", ".join(f"${n}" for n in unknown) or "a lone $ (write $$)"
        fields = ", ".join(f"${n}" for n in sorted(allowed)) or "no names"
        raise LLMConfigError(f"the prompt {name} has {names}; it may use {fields}")
    return template


def _template(path: Path, allowed: set[str]) -> Template:
    return checked(Template(read_prompt(path, path.name).strip("\n")), path.name, allowed)
