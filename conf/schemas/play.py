"""Settings of the commands ``play``, ``replay`` and ``explain``."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import LLMGroup
from plywise.conf.schemas.search import SearchGroup
from plywise.datasets.settings import Settings, setting


@dataclass
class PlayConfig(Settings):
    """Settings of ``plywise play``."""

    game: GameConfig = setting(MISSING, "the game", option="connect_four")
    search: SearchGroup = setting(MISSING, "how the agent searches", option="alphabeta")
    agent: AgentConfig = setting(MISSING, "the other player", option="search")
    llm: LLMGroup = setting(MISSING, "the language model", option="embedded")
    level: int | None = setting(
        None, "strength of agent=search and agent=llm_search, 1 the weakest; null: full strength",
        low=1, high=10,
    )  # fmt: skip
    side: str = setting(
        "first", "the person's side; both: two people; none: watch the agent play itself",
        choices=("first", "second", "both", "none"),
    )  # fmt: skip
    seed: int = setting(0, "seed of the game's chance and of the agent")
    color: bool = setting(True, "whether to print in colour")
    explain: bool = setting(
        False,
        "print why the agent chose each move, and keep it in the game's file; an advised search "
        "decides once more without advice, to show the difference",
    )


@dataclass
class ReplayConfig(Settings):
    """Settings of ``plywise replay``.

    In a terminal keys step through the game: space or → next, b or ← back, g start, G end, q quit.
    Elsewhere all of it is printed.
    """

    file: str = setting(MISSING, "JSON file of a game that plywise play saved", path=True)
    trusted_game: str | None = setting(
        None, "given as game=path:FILE.py: the file of the record's game, which runs only if named"
    )
    side: str = setting(
        "both", "whose view to show; both: each where they differ",
        choices=("first", "second", "both"),
    )  # fmt: skip
    color: bool = setting(True, "whether to print in colour")
    explain: bool = setting(
        False, "print why moves were chosen (games of plywise play explain=true)"
    )


@dataclass
class ExplainConfig(Settings):
    """Settings of ``plywise explain``."""

    file: str = setting(MISSING, "decisions.jsonl of a Showdown match", path=True)
    battle: str | None = setting(None, "only battles whose tag contains this text; null: all")
    turn: int | None = setting(None, "only this turn; null: all")
    prompts: bool = setting(False, "print the questions to the language model as well")
    color: bool = setting(True, "whether to print in colour")
