"""Agents by name: what exists, and how one is built from a configuration.

Light to import; what an agent needs (numba, a language model) is imported when it is built.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Protocol

from plywise.datasets.errors import ConfigError

if TYPE_CHECKING:
    from plywise.games.base import State
    from plywise.search.decision import Decision


class Agent(Protocol):
    """Whoever decides for a player.

    Attributes:
        name: unique within a match; written into every record.
    """

    name: str

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the decision of ``player``, who has something to decide in ``state``.

        The state is the agent's to look at, not to change.  All chance comes from ``seed``.  May
        be called from several threads at once.  Where a guide advised, ``notes["guide"]`` holds
        its ``GuideReport``; where the agent could not think and took some legal action instead,
        ``notes["fallback"]`` says why.
        """

    def close(self) -> None:
        """Free what the agent holds; it does not decide afterwards."""


@dataclass(frozen=True)
class AgentInfo:
    """One line of ``plywise agents``.

    Attributes:
        boards, battles, server: whether it plays board and card games, battles in this process,
            battles on a Showdown server.
        llm: whether it asks the language model of the ``llm`` group.
    """

    summary: str
    boards: bool = False
    battles: bool = False
    server: bool = False
    llm: bool = False


CATALOG = {
    "random": AgentInfo("a legal action at random", boards=True, battles=True, server=True),
    "max_damage": AgentInfo(
        "the attack with the highest expected damage", battles=True, server=True
    ),
    "search": AgentInfo(
        "alpha-beta (turn-based games) or search over sampled worlds (battles, hidden fleets)",
        boards=True,
        battles=True,
        server=True,
    ),
    "expectimax": AgentInfo(
        "best reply to an opponent who moves at random (small turn-based games)", boards=True
    ),
    "safe_expectimax": AgentInfo(
        "the same, of moves that no opponent can punish: it never loses a game that it need not",
        boards=True,
    ),
    "solver": AgentInfo("perfect play by an exact solver (Connect Four, tic-tac-toe)", boards=True),
    "hunter": AgentInfo(
        "shoots where the posterior finds a ship likeliest (Battleship)", boards=True
    ),
    "llm": AgentInfo(
        "the language model's answer alone", boards=True, battles=True, server=True, llm=True
    ),
    "llm_search": AgentInfo(
        "search, advised by the language model", boards=True, battles=True, server=True, llm=True
    ),
    "pokechamp": AgentInfo(
        "maximin over actions that the language model samples, its leaves valued by the model",
        boards=True,
        battles=True,
        server=True,
        llm=True,
    ),
    "poke_engine": AgentInfo(
        "poke-engine's tree search on the states that ours gets (optional: docs/DESIGN.md)",
        battles=True,
        server=True,
    ),
    "human": AgentInfo("you, in the terminal (plywise play)"),
    "pokeenv_random": AgentInfo("poke-env's RandomPlayer", server=True),
    "pokeenv_max_base_power": AgentInfo("poke-env's MaxBasePowerPlayer", server=True),
    "pokeenv_simple_heuristics": AgentInfo("poke-env's SimpleHeuristicsPlayer", server=True),
}


def check_agent(name: str, *, where: str) -> AgentInfo:
    """Return the agent's entry if it plays ``where`` (boards, battles or server).

    Raises:
        ConfigError: no such agent, or it does not play there; names those that do.
    """
    fit = [n for n, info in CATALOG.items() if getattr(info, where)]
    if name not in CATALOG:
        raise ConfigError(f"no agent '{name}'; there are: {', '.join(fit)} (see: plywise agents)")
    if name not in fit:
        places = {
            "boards": "board games",
            "battles": "in battles in this process",
            "server": "on a Showdown server",
        }
        raise ConfigError(
            f"agent '{name}' does not play {places[where]}; these do: {', '.join(fit)}"
        )
    return CATALOG[name]


class RandomAgent:
    """Chooses uniformly among the legal actions."""

    def __init__(self, name: str = "random") -> None:
        self.name = name

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return a legal action drawn with ``seed``."""
        from plywise.search.decision import Decision

        start = time.perf_counter()
        legal = state.legal_actions(player)
        action = Random(seed).choice(legal)
        share = 1 / len(legal)
        return Decision(
            action=action,
            strategy=dict.fromkeys(legal, share),
            seconds=time.perf_counter() - start,
        )

    def close(self) -> None:
        """Nothing to free."""
