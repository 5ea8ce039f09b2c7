"""Settings of sampled worlds, which every agent that samples them takes; ``conf`` inherits them."""

from __future__ import annotations

from dataclasses import dataclass

from plywise.datasets.settings import setting


@dataclass
class WorldsConfig:
    """What the hidden parts of sampled worlds are drawn from; each game takes what it knows.

    They are settings of the ``search`` group (``conf/schemas/search.py``).
    """

    evidence: bool = setting(
        True,
        "the opponent's sets are weighted by what a battle has shown of them without a word"
        " (damage, who moved first, effects that did not come); false: by what it has told alone",
    )
    usage_file: str | None = setting(
        None,
        "file of Smogon's usage statistics (chaos, .json or .json.gz) to mix into the opponent's"
        " sets; null: none",
        path=True,
    )
    usage_weight: float = setting(
        0.5, "weight of search.usage_file; curated sets have the rest", low=0, high=1
    )
