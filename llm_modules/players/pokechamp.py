"""What PokéChamp asks a language model: own actions, the opponent's, and what leaves are worth.

After *PokéChamp: an Expert-level Minimax Language Agent* (Karten, Nguyen and Jin 2025, arXiv
2503.04094), whose three modules these are: player action sampling, opponent modelling and value
estimation.  ``arena/agents/pokechamp.py`` has the agent, ``search/maximin.py`` its search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plywise.games.base import Briefing
from plywise.llm_modules.players.methods import Desk
from plywise.llm_modules.prompts.forms import Wanted
from plywise.llm_modules.prompts.prompting import MOST_OPTIONS
from plywise.search.guide.protocol import Question


@dataclass(frozen=True)
class Sampled:
    """Actions that the model finds worth a look, the likeliest first; () where it named none."""

    own: tuple[int, ...] = ()
    replies: tuple[int, ...] = ()


def calls_for_values(positions: int) -> int:
    """Return how many calls it takes to value so many positions."""
    return -(-positions // MOST_OPTIONS)


def sample_actions(desk: Desk, briefing: Briefing) -> Sampled:
    """Ask which actions the player and its opponent may choose, both at once."""
    here = replace(desk, briefing=briefing)
    sheets = {}
    if len(briefing.own) > 1:
        sheets["own"] = here.sheet(Question.PROPOSE, Wanted.BEST, wording="candidates")
    if len(briefing.opponent) > 1:
        sheets["replies"] = here.sheet(Question.MODEL, Wanted.BEST, wording="replies")
    answers = desk.dialogue.ask([sheet for sheet, _ in sheets.values()])
    return Sampled(
        **{
            side: tuple(lettered.action(letter) for letter in answer.letters)
            for (side, (_, lettered)), answer in zip(sheets.items(), answers, strict=True)
            if answer is not None
        }
    )


def value_positions(desk: Desk, positions: Sequence[str]) -> list[float] | None:
    """Return what each position is worth to the player, in [-1, 1]; None unless all were valued.

    Each text tells the moves that lead there and what the player then sees.  Up to twenty share a
    prompt, so that the model compares them.  A tree is backed up from values of one kind: a few of
    the model's among estimates of another scale would decide by accident.
    """
    batches = [positions[k : k + MOST_OPTIONS] for k in range(0, len(positions), MOST_OPTIONS)]
    asked = [desk.positions_sheet(batch, number) for number, batch in enumerate(batches)]
    found: list[float] = []
    answers = desk.dialogue.ask([sheet for sheet, _ in asked])
    for (_, lettered), answer in zip(asked, answers, strict=True):
        if answer is None or len(answer.percent) < len(lettered.letters):
            return None
        said = {lettered.action(letter): value for letter, value in answer.values.items()}
        found += [said[k] for k in range(len(lettered.letters))]
    return found
