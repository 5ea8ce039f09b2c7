"""Settings of the commands ``play``, ``replay`` and ``explain``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.checks import one_of as _one_of
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchConfig


@dataclass
class PlayConfig:
    """``plywise play``: a person against an agent in the terminal.

    Attributes:
        side: which player the person is: first, second, or both for two people or none to watch
            the agent play itself.
        explain: print after each move of an agent why it was chosen, and keep that in the game's
            file; an advised search decides once more without advice, to see what that changed.
    """

    game: GameConfig = MISSING
    agent: AgentConfig = MISSING
    search: SearchConfig = MISSING
    llm: LLMGroup = MISSING
    side: str = "first"
    seed: int = 0
    color: bool = True
    explain: bool = False

    def __post_init__(self) -> None:
        """Check the side."""
        _one_of("side", self.side, ("first", "second", "both", "none"))


@dataclass
class ReplayConfig:
    """``plywise replay FILE``: a game that ``plywise play`` saved, move by move.

    Attributes:
        file: the JSON file.
        side: whose view is shown: first, second, or both where they differ.
        explain: print also why moves were chosen, where that was kept.
    """

    file: str = MISSING
    side: str = "both"
    color: bool = True
    explain: bool = False

    def __post_init__(self) -> None:
        """Check the side."""
        _one_of("side", self.side, ("first", "second", "both"))


@dataclass
class ExplainConfig:
    """``plywise explain FILE``: why the decisions of a Showdown match fell.

    Attributes:
        file: its ``decisions.jsonl``.
        battle: only the battle whose tag holds this text; null: all.
        turn: only this turn; null: all.
        prompts: print also what the model was asked, word for word.
    """

    file: str = MISSING
    battle: str | None = None
    turn: int | None = None
    prompts: bool = False
    color: bool = True
