"""Questions of PokéChamp to a language model: actions of both players, and values of leaves.

After *PokéChamp: an Expert-level Minimax Language Agent* (Karten, Nguyen and Jin 2025, arXiv
2503.04094), with its three modules: player action sampling, opponent modelling and value
estimation.  The agent is ``arena/agents/pokechamp_search.py``, its search ``search/maximin.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plywise.games.base import Briefing
from plywise.llm_modules.players.methods import QuestionContext
from plywise.llm_modules.prompts.forms import AnswerKind
from plywise.llm_modules.prompts.prompting import MAX_OPTIONS
from plywise.search.guide.protocol import Question


@dataclass(frozen=True)
class Sampled:
    """Actions that the model suggests, likeliest first; (): none."""

    own: tuple[int, ...] = ()
    replies: tuple[int, ...] = ()


def calls_for_values(positions: int) -> int:
    """Return the number of calls for the values of so many positions."""
    return -(-positions // MAX_OPTIONS)


def sample_actions(context: QuestionContext, briefing: Briefing) -> Sampled:
    """Ask for likely actions of the player and of the opponent, both at once."""
    context = replace(context, briefing=briefing)
    questions = {}
    if len(briefing.own) > 1:
        questions["own"] = context.action_question(
            Question.PROPOSE, AnswerKind.BEST, wording="propose_candidates"
        )
    if len(briefing.opponent) > 1:
        questions["replies"] = context.action_question(
            Question.MODEL, AnswerKind.BEST, wording="model_replies"
        )
    answers = context.dialogue.ask(list(questions.values()))
    return Sampled(
        **{
            side: tuple(question.lettered.action(letter) for letter in answer.letters)
            for (side, question), answer in zip(questions.items(), answers, strict=True)
            if answer is not None
        }
    )


def value_positions(context: QuestionContext, positions: Sequence[str]) -> list[float] | None:
    """Return the value of each position for the player, in [-1, 1]; None if any has no value.

    Each text describes the moves to the position and the player's view of it.  Up to twenty share
    a prompt, so that the model compares them.  Values of the model and estimates on another scale
    must not be mixed in one tree, hence all or none.
    """
    batches = [positions[k : k + MAX_OPTIONS] for k in range(0, len(positions), MAX_OPTIONS)]
    questions = [context.position_question(batch, number) for number, batch in enumerate(batches)]
    values: list[float] = []
    for question, answer in zip(questions, context.dialogue.ask(questions), strict=True):
        if answer is None or len(answer.percent) < len(question.lettered.letters):
            return None
        by_index = {question.lettered.action(k): value for k, value in answer.values.items()}
        values += [by_index[k] for k in range(len(by_index))]
    return values
