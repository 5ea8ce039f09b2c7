"""Prompting methods of language models that play without a search.

- ``scoring``: calibrated probabilities of option letters (``guides/asking.py``).
- ``io``: plain input and output, one letter.
- ``cot``: chain of thought, one thought and then a letter (Wei et al. 2022, arXiv 2201.11903).
- ``sc``: self-consistency, the majority of several sampled chains of thought (Wang et al. 2022,
  arXiv 2203.11171).
- ``tot``: tree of thoughts of one level: candidates, a rating of each, then the best (Yao et al.
  2023, arXiv 2305.10601).
- ``pokellmon``: the majority of several sampled letters, with the last decisions and their effects
  in the prompt, beside the facts of every option (Hu et al. 2024, arXiv 2402.01118: in-context
  feedback, knowledge, consistent action generation).

Each of several samples sees the options under other letters, so a bias for a letter does not become
a majority.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from plywise.games.base import Briefing
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.llm_modules.guides.dialogue import Dialogue, WrittenQuestion
from plywise.llm_modules.prompts.examples import Example
from plywise.llm_modules.prompts.forms import AnswerKind, Form
from plywise.llm_modules.prompts.prompting import PromptLimits, Prompts
from plywise.search.guide.protocol import Question

SCORING = "scoring"


@dataclass(frozen=True)
class MethodConfig:
    """Settings of a method.

    Attributes:
        name: ``scoring`` or one of :data:`METHODS`.
        samples: number of answers that vote (sc, pokellmon) or candidates that are rated (tot).
        thought: maximum characters of a thought (cot, sc, tot).
        temperature: sampling temperature of answers that vote.
    """

    name: str = SCORING
    samples: int = 3
    thought: int = 300
    temperature: float = 0.7

    @property
    def remembers(self) -> bool:
        """Whether prompts contain the earlier decisions of a game."""
        return self.name == "pokellmon"

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        if self.name not in METHOD_NAMES:
            raise LLMConfigError(
                f"there is no method '{self.name}'; there are {', '.join(METHOD_NAMES)}"
            )
        if self.samples < 1 or self.thought < 1 or self.temperature < 0:
            raise LLMConfigError("samples and thought must be ≥ 1, the temperature ≥ 0")


@dataclass(frozen=True)
class MethodChoice:
    """Action chosen by a method.

    Attributes:
        action: chosen action.
        shares: action -> share of the votes; {}: no vote.
        values: action -> value in [-1, 1]; {}: no ratings.
    """

    action: int
    shares: Mapping[int, float] = field(default_factory=dict)
    values: Mapping[int, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return votes and ratings for the decision log."""
        numbers = {"votes": dict(self.shares), "rated": dict(self.values)}
        return {name: by_action for name, by_action in numbers.items() if by_action}


@dataclass(frozen=True)
class QuestionContext:
    """Context of a decision from which questions are made.

    Attributes:
        seed: seed of letters and sampling.
        feedback: description of earlier decisions; "": none.
        examples: solved examples, shown before questions for one letter or for values.
    """

    dialogue: Dialogue
    prompts: Prompts
    briefing: Briefing
    limits: PromptLimits
    config: MethodConfig
    seed: int
    feedback: str = ""
    examples: tuple[Example, ...] = ()

    def action_question(
        self,
        question: Question,
        kind: AnswerKind = AnswerKind.ANSWER,
        *,
        number: int = 0,
        thought: int = 0,
        temperature: float | None = None,
        wording: str | None = None,
    ) -> WrittenQuestion:
        """Return a question about actions; ``number`` distinguishes samples of the same one."""
        seed = self.seed if number == 0 else Random(f"{self.seed}/{number}").getrandbits(31)
        lettered = self.prompts.ask(
            question,
            self.briefing,
            seed,
            limits=self.limits,
            wording=wording,
            examples=self.examples if wording in (None, "evaluate_percent") else (),
        )
        form = Form(lettered.letters, kind, thought, self.config.samples)
        return WrittenQuestion(wording or question.value, lettered, form, seed, temperature)

    def position_question(self, texts: Sequence[str], number: int) -> WrittenQuestion:
        """Return a question for the values of positions; its "actions" are their indices."""
        seed = self.seed + number
        lettered = self.prompts.positions(self.briefing, texts, seed, self.limits)
        form = Form(lettered.letters, AnswerKind.PERCENT)
        return WrittenQuestion("evaluate_positions", lettered, form, seed)


Method = Callable[[QuestionContext], MethodChoice | None]


def _letter(
    context: QuestionContext, *, thinks: bool = False, votes: bool = False
) -> MethodChoice | None:
    """Ask for a letter, after a thought or not.

    Where the model ``votes`` it is asked several times: the choice is the majority, of equals the
    one named first.
    """
    config = context.config
    questions = [
        context.action_question(
            Question.PROPOSE,
            number=n,
            thought=config.thought if thinks else 0,
            temperature=config.temperature if votes else None,
        )
        for n in range(config.samples if votes else 1)
    ]
    named = Counter(
        question.lettered.action(answer.letters[0])
        for question, answer in zip(questions, context.dialogue.ask(questions), strict=True)
        if answer is not None
    )
    if not named:
        return None
    action, _ = named.most_common(1)[0]
    return MethodChoice(action, {a: n / named.total() for a, n in named.items()})


def _pokellmon(context: QuestionContext) -> MethodChoice | None:
    if context.feedback:
        briefing = context.briefing
        feedback = context.prompts.feedback(context.feedback)
        situation = f"{briefing.situation}\n\n{feedback}"
        context = replace(context, briefing=replace(briefing, situation=situation))
    return _letter(context, votes=True)


def _tot(context: QuestionContext) -> MethodChoice | None:
    """Ask for candidates, then for their ratings; without ratings the first candidate wins."""
    question = context.action_question(
        Question.PROPOSE,
        AnswerKind.BEST,
        thought=context.config.thought,
        wording="propose_candidates",
    )
    (answer,) = context.dialogue.ask([question])
    if answer is None:
        return None
    candidates = [question.lettered.action(letter) for letter in answer.letters]
    if len(candidates) == 1:
        return MethodChoice(candidates[0])
    values = _rated(context, candidates, answer.thought)
    return MethodChoice(max(candidates, key=lambda a: values.get(a, -1.0)), values=values)


def _rated(context: QuestionContext, candidates: Sequence[int], thought: str) -> dict[int, float]:
    """Return the model's value of each candidate; {} if there is no answer."""
    briefing = context.briefing
    options = {o.action: o for o in briefing.own}
    shortlist = replace(
        briefing,
        situation="\n".join(filter(None, (briefing.situation, thought))),
        own=tuple(options[a] for a in candidates),
    )
    question = replace(context, briefing=shortlist).action_question(
        Question.EVALUATE,
        AnswerKind.PERCENT,
        thought=context.config.thought,
        wording="evaluate_percent",
    )
    (answer,) = context.dialogue.ask([question])
    if answer is None:
        return {}
    return {question.lettered.action(letter): value for letter, value in answer.values.items()}


METHODS: dict[str, Method] = {
    "io": _letter,
    "cot": partial(_letter, thinks=True),
    "sc": partial(_letter, thinks=True, votes=True),
    "tot": _tot,
    "pokellmon": _pokellmon,
}
METHOD_NAMES = (SCORING, *METHODS)
