"""Settings of ``plywise llm``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.checks import at_least, one_of
from plywise.conf.llm_schema import LLMGroup
from plywise.datasets.errors import ConfigError

CALIBRATED_GAMES = ("tic_tac_toe", "connect_four", "gen9randombattle")


@dataclass
class LLMCommandConfig:
    """``plywise llm``: measure a model on questions with known answers, or make examples of such.

    Attributes:
        what: calibrate or examples.
        games: one that there are questions about, or all.
        questions: for each guide in each game.
        seed: of the questions; those of one seed are the same for every model.  Examples have other
            questions than calibrate with the same seed.
        out: folder for the examples; null: that of the run.
    """

    what: str = "calibrate"
    games: str = "all"
    questions: int = 100
    seed: int = 0
    out: str | None = None
    llm: LLMGroup = MISSING

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("what", self.what, ("calibrate", "examples"))
        one_of("games", self.games, ("all", *CALIBRATED_GAMES))
        at_least("questions", self.questions, 4)
        if self.what == "calibrate":
            if self.out is not None:
                raise ConfigError("out is for llm examples; calibrate keeps in llm.calibration")
            if self.llm != MISSING and self.llm.name == "none":
                raise ConfigError(
                    "llm=none: there is no model to measure: llm=embedded or llm=openai"
                )
