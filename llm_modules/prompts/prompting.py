"""From a briefing to a prompt: options get letters in a shuffled order.

The texts are the files in ``texts/``, for people to read and change.  A prompt holds nothing
but those texts and the briefing, which carries no opponent-controlled text.  What never changes
comes first (rules), then solved examples where any are shown, then the situation, then the options
and the question: servers keep the longest common beginning of consecutive prompts, so the second
question about a decision costs only its tail.
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
from plywise.llm_modules.prompts.examples import Example
from plywise.llm_modules.prompts.forms import Form, Wanted
from plywise.search.guide.protocol import Question

LETTERS = string.ascii_uppercase
MOST_OPTIONS = 20  # endpoints report the 20 likeliest tokens at most

_FOLDER = Path(__file__).parent / "texts"
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
        left_out: actions that were not shown because others are more interesting.
        shortened: whether some text was cut to its limit.
        by_letter: the prompt that asks for a letter; ``by_json`` the one that asks for JSON.
        worded: makes the prompt that asks for a form to be filled in.
    """

    question: Question
    letters: str
    actions: tuple[int, ...]
    left_out: tuple[int, ...]
    shortened: bool
    by_letter: tuple[Message, ...]
    by_json: tuple[Message, ...]
    worded: Callable[[Form], tuple[Message, ...]] = field(compare=False, repr=False)

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

    def digest(self, question: Question, examples: str = "") -> str:
        """Return 12 hex digits that change when a text does that this question is asked with.

        ``examples`` says which solved examples are shown, "" none.
        """
        texts = [self._system.template, self._questions[question.value].template, self._letter]
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
        """Return the prompt for one question.

        Which option gets which letter depends on the situation and on ``seed``: the same decision
        asked again has the same prompt, which a cache may know.  PROPOSE and EVALUATE share their
        letters, so that the second of them costs a server with a prefix cache its last line only.

        ``wording`` names the text to ask in, if it is not the question's own.  ``examples`` are
        shown before it as earlier turns.
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
        turns = _turns(examples, question, most, cut)
        return self._lettered(question, wording, briefing, lines, left_out, most, cut, turns)

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
        turns: Sequence[_Turn] = (),
    ) -> LetteredQuestion:
        """Return the question about what the lines show, by action and in the letters' order."""
        rules = cut(briefing.rules.strip(), most.rules)
        # A letter is given from the facts alone, in few tokens; whoever writes more is told more.
        whole = cut(f"{briefing.rules.strip()}\n{briefing.setup}".strip(), most.rules)
        situation = cut(briefing.situation.strip("\n"), most.situation)
        letters = LETTERS[: len(lines)]

        def messages(form: Form | None) -> tuple[Message, ...]:
            how_to_answer = self._letter if form is None else self.how_to_fill(form)
            system = self._system.substitute(
                game=briefing.game or "shown below",
                rules=rules if form is None else whole,
                how_to_answer=how_to_answer,
            )
            name = wording or question.value
            user = self._user(name, briefing.player, situation, lines.values(), how_to_answer)
            earlier = [m for turn in turns for m in self._shown(turn, name, form)]
            return (Message("system", system.strip()), *earlier, user)

        return LetteredQuestion(
            question=question,
            letters=letters,
            actions=tuple(lines),
            left_out=tuple(left_out),
            shortened=cut.happened,
            by_letter=messages(None),
            by_json=messages(Form(letters)),
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

        PROPOSE and EVALUATE have the same right answer and ask for it in the same words here, so
        that the second of them costs a server with a prefix cache no example again.
        """
        name = Question.PROPOSE.value if name == Question.EVALUATE.value else name
        how_to_answer, answer = self._letter, turn.right
        if form is not None:
            own = replace(form, letters=LETTERS[: len(turn.lines)])
            how_to_answer = self.how_to_fill(own)
            answer = own.write(turn.right, turn.thought, turn.percent)
        asked = self._user(name, turn.player, turn.situation, turn.lines, how_to_answer)
        return asked, Message("assistant", answer)

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


@dataclass(frozen=True)
class _Turn:
    """A solved example as it is shown.

    Attributes:
        lines: the options with their letters.
        right: the right answer's letter; ``thought`` why, in the words of its facts.
        percent: by letter, what a form for numbers is filled with.
    """

    player: int
    situation: str
    lines: tuple[str, ...]
    right: str
    thought: str
    percent: Mapping[str, int]


def _turns(
    examples: Sequence[Example], question: Question, most: PromptLimits, cut: _Cutter
) -> list[_Turn]:
    """Give the options of examples letters, the right answers as many different ones as can be.

    What an example looks like depends on it and on those before it alone: prompts that begin with
    the same examples begin with the same text.
    """
    used: Counter[int] = Counter()
    turns = []
    for example in examples:
        random = Random(f"example/{example.briefing.situation}")
        right = next(o for o in example.options if o.action == example.right)
        wrong = [o for o in example.options if o.action != example.right]
        shown = random.sample(wrong, min(len(wrong), most.options - 1))
        places = random.sample(range(len(shown) + 1), len(shown) + 1)
        place = min(places, key=lambda k: used[k])
        used[place] += 1
        shown.insert(place, right)
        percent = {letter: 100 * (o is right) for letter, o in zip(LETTERS, shown, strict=False)}
        if question is Question.EVALUATE:
            percent = {
                letter: 50 + 50 * example.results[o.action]
                for letter, o in zip(LETTERS, shown, strict=False)
            }
        turns.append(
            _Turn(
                player=example.briefing.player,
                situation=cut(example.briefing.situation.strip("\n"), most.situation),
                lines=tuple(_line(LETTERS[i], o, most, cut) for i, o in enumerate(shown)),
                right=LETTERS[place],
                thought=f"{right.label}: {right.facts}" if right.facts else right.label,
                percent=percent,
            )
        )
    return turns


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
