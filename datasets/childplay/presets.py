"""The two rule sets of the ChildPlay tasks, and the published figures.

Source of ``childplay_v1`` and of the figures: the repository child-play-neurips/child-play (MIT)
behind "Show, Don't Tell: Evaluating Large Language Models Beyond Textual Understanding with
ChildPlay" (arXiv 2407.11068).  The figures were counted again from its raw results.  What differs
in ``childplay_fixed``, and why: ``docs/CHILDPLAY.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

GAMES = ("tic_tac_toe", "connect_four", "battleship")
PUZZLES = ("shapes", "lcl_validity", "lcl_construction", "smiles")
TASKS = (*GAMES, *PUZZLES)


@dataclass(frozen=True)
class Preset:
    """Sizes and scoring of the tasks.

    Attributes:
        fair: correct views and complete items; otherwise as published, defects included.
        retries: how often an illegal reply may be replaced before it counts as lost.
        both_sides: whether the model moves first in every other game only.
        draw: what a drawn game is worth.
        empty_is_fault: whether an empty reply is left out of the score (published) or illegal.
        instances: how many there are of each task.
    """

    name: str
    fair: bool
    retries: int
    both_sides: bool
    draw: float
    empty_is_fault: bool
    instances: dict[str, int]


_HUNDRED = dict.fromkeys(TASKS, 100)

PRESETS = {
    "childplay_v1": Preset("childplay_v1", False, 0, False, 0.0, True, {**_HUNDRED, "shapes": 75}),
    "childplay_fixed": Preset("childplay_fixed", True, 1, True, 0.5, False, _HUNDRED),
}

_MODELS = ("GPT-3.5", "GPT-4", "GPT-4o-mini", "GPT-4o")
_RIGHT = {
    "tic_tac_toe": (100, (53, 71, 10, 50)),
    "connect_four": (100, (64, 80, 75, 79)),
    "battleship": (100, (10, 0, 0, 0)),
    "shapes": (75, (22, 69, 39, 73)),
    "lcl_validity": (100, (50, 50, 50, 67)),
    "lcl_construction": (100, (0, 0, 0, 0)),
    "smiles": (100, (1, 3, 3, 5)),
}

PUBLISHED: dict[str, dict[str, tuple[int, int]]] = {
    task: {model: (right, n) for model, right in zip(_MODELS, counts, strict=True)}
    for task, (n, counts) in _RIGHT.items()
}
"""Per task and model at temperature 0: games won or answers right, and out of how many."""
