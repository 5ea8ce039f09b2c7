"""The ways in which a language model plays by itself, as the field compares them.

- ``scoring``: the probabilities of the option letters, calibrated (``guides.py``).
- ``io``: plain input and output, one letter.
- ``cot``: chain of thought, one thought and then a letter (Wei et al. 2022, arXiv 2201.11903).
- ``sc``: self-consistency, several sampled chains of thought and the majority (Wang et al. 2022,
  arXiv 2203.11171).
- ``tot``: tree of thoughts, one level: candidates, then a rating of each, then the best (Yao et al.
  2023, arXiv 2305.10601).
- ``pokellmon``: several sampled letters and the majority, with the last decisions and what came of
  them in the prompt, beside the facts that every option carries (Hu et al. 2024, arXiv 2402.01118:
  in-context feedback, knowledge, consistent action generation).

Where several samples are drawn each sees the options under other letters, so that a liking for a
letter is no majority.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from plywise.games.base import Briefing
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.llm_modules.guides.dialogue import Dialogue, Sheet
from plywise.llm_modules.prompts.examples import Example
from plywise.llm_modules.prompts.forms import Filled, Form, Wanted
from plywise.llm_modules.prompts.prompting import LetteredQuestion, PromptLimits, Prompts
from plywise.search.guide.protocol import Question

SCORING = "scoring"


@dataclass(frozen=True)
class MethodConfig:
    """How a model plays by itself.

    Attributes:
        name: ``scoring`` or one of :data:`METHODS`.
        samples: answers that vote (sc, pokellmon), candidates that are rated (tot).
        thought: most characters of a thought (cot, sc, tot).
        temperature: of answers that vote.
    """

    name: str = SCORING
    samples: int = 3
    thought: int = 300
    temperature: float = 0.7

    @property
    def remembers(self) -> bool:
        """Whether the earlier decisions of a game are told."""
        return self.name == "pokellmon"

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if self.name not in METHOD_NAMES:
            raise LLMConfigError(
                f"there is no method '{self.name}'; there are {', '.join(METHOD_NAMES)}"
            )
        if self.samples < 1 or self.thought < 1 or self.temperature < 0:
            raise LLMConfigError("samples and thought must be ≥ 1, the temperature ≥ 0")


@dataclass(frozen=True)
class Verdict:
    """What a method makes of its answers.

    Attributes:
        action: the choice.
        shares: action -> share of the votes, where several voted.
        values: action -> value in [-1, 1], where some were rated.
    """

    action: int
    shares: Mapping[int, float] = field(default_factory=dict)
    values: Mapping[int, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return what the decision log holds of it beside the action."""
        told = {"votes": dict(self.shares), "rated": dict(self.values)}
        return {name: numbers for name, numbers in told.items() if numbers}


@dataclass(frozen=True)
class Desk:
    """One decision on the table of a method.

    Attributes:
        feedback: about earlier decisions; "" none.
        examples: solved decisions of the player, shown where one letter or values are asked for.
    """

    dialogue: Dialogue
    prompts: Prompts
    briefing: Briefing
    limits: PromptLimits
    config: MethodConfig
    seed: int
    feedback: str = ""
    examples: tuple[Example, ...] = ()

    def sheet(
        self,
        question: Question,
        wanted: Wanted = Wanted.ANSWER,
        *,
        number: int = 0,
        thought: int = 0,
        temperature: float | None = None,
        briefing: Briefing | None = None,
        wording: str | None = None,
    ) -> tuple[Sheet, LetteredQuestion]:
        """Return a question, and which letter means which action."""
        seed = self.seed if number == 0 else Random(f"{self.seed}/{number}").getrandbits(31)
        lettered = self.prompts.ask(
            question,
            briefing or self.briefing,
            seed,
            self.limits,
            wording,
            self.examples if wording in (None, "values") else (),
        )
        form = Form(lettered.letters, wanted, thought, self.config.samples)
        messages = lettered.worded(form)
        name = wording or question.value
        return Sheet(name, messages, form, seed, temperature, lettered.facts()), lettered

    def positions_sheet(self, texts: Sequence[str], number: int) -> tuple[Sheet, LetteredQuestion]:
        """Return the question what positions are worth; the letters mean their numbers."""
        seed = self.seed + number
        lettered = self.prompts.positions(self.briefing, texts, seed, self.limits)
        form = Form(lettered.letters, Wanted.PERCENT)
        messages = lettered.worded(form)
        return Sheet("positions", messages, form, seed, facts=lettered.facts()), lettered


Method = Callable[[Desk], Verdict | None]


def _vote(desk: Desk, samples: int, thought: int, temperature: float | None) -> Verdict | None:
    """Ask for a letter so often; of those named most often the one named first is chosen."""
    asked = [
        desk.sheet(Question.PROPOSE, number=n, thought=thought, temperature=temperature)
        for n in range(samples)
    ]
    filled = desk.dialogue.ask([sheet for sheet, _ in asked])
    named = [
        lettered.action(answer.letters[0])
        for (_, lettered), answer in zip(asked, filled, strict=True)
        if answer is not None
    ]
    if not named:
        return None
    votes = Counter(named)
    return Verdict(votes.most_common(1)[0][0], {a: n / len(named) for a, n in votes.items()})


def _io(desk: Desk) -> Verdict | None:
    return _vote(desk, 1, 0, None)


def _cot(desk: Desk) -> Verdict | None:
    return _vote(desk, 1, desk.config.thought, None)


def _sc(desk: Desk) -> Verdict | None:
    return _vote(desk, desk.config.samples, desk.config.thought, desk.config.temperature)


def _pokellmon(desk: Desk) -> Verdict | None:
    briefing = desk.briefing
    if desk.feedback:
        told = desk.prompts.feedback(desk.feedback)
        briefing = replace(briefing, situation=f"{briefing.situation}\n\n{told}")
    return _vote(replace(desk, briefing=briefing), desk.config.samples, 0, desk.config.temperature)


def _tot(desk: Desk) -> Verdict | None:
    """Let candidates be named, then rated; unrated ones stand in the order of being named."""
    thought = desk.config.thought
    sheet, lettered = desk.sheet(
        Question.PROPOSE, Wanted.BEST, thought=thought, wording="candidates"
    )
    (found,) = desk.dialogue.ask([sheet])
    if found is None:
        return None
    candidates = [lettered.action(letter) for letter in found.letters]
    if len(candidates) == 1:
        return Verdict(candidates[0])
    values = _rated(desk, candidates, found)
    return Verdict(max(candidates, key=lambda a: values.get(a, -1.0)), values=values)


def _rated(desk: Desk, candidates: Sequence[int], found: Filled) -> dict[int, float]:
    """Return what the model thinks each candidate is worth; {} if it does not say."""
    options = {o.action: o for o in desk.briefing.own}
    shortlist = replace(
        desk.briefing,
        situation="\n".join(filter(None, (desk.briefing.situation, found.thought))),
        own=tuple(options[a] for a in candidates),
    )
    sheet, lettered = desk.sheet(
        Question.EVALUATE,
        Wanted.PERCENT,
        thought=desk.config.thought,
        briefing=shortlist,
        wording="values",
    )
    (rated,) = desk.dialogue.ask([sheet])
    if rated is None:
        return {}
    return {lettered.action(letter): value for letter, value in rated.values.items()}


METHODS: dict[str, Method] = {
    "io": _io,
    "cot": _cot,
    "sc": _sc,
    "tot": _tot,
    "pokellmon": _pokellmon,
}
METHOD_NAMES = (SCORING, *METHODS)
