"""``agent=pokechamp``: the agent of the PokéChamp paper, on every game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plywise.arena.agents.spec import EVERYWHERE, Agent, AgentContext, AgentSpec
from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import setting

if TYPE_CHECKING:
    from plywise.arena.agents.pokechamp_search import PokeChampConfig
    from plywise.games.base import GameInfo


@dataclass
class PokeChampSettings(AgentConfig):
    """Settings of the PokéChamp agent; ``max_depth`` counts its own decisions (null: 1)."""

    actions: int | None = setting(
        None,
        "actions that the model samples for each player at a node; null: 3",
        low=1,
        high=20,
    )
    worlds: int | None = setting(
        None, "sampled states, each with a tree of its own; null: 1", low=1, high=20
    )

    def as_tree(self, rules: GameInfo) -> PokeChampConfig:
        """Return depth and width of the tree; one world where nothing is hidden or random."""
        from plywise.arena.agents.pokechamp_search import PokeChampConfig

        worlds = self.worlds if rules.hidden_information or rules.stochastic else 1
        given = {"depth": self.max_depth, "actions": self.actions, "worlds": worlds}
        return PokeChampConfig(**{key: value for key, value in given.items() if value is not None})


def _check(context: AgentContext, entrant: PokeChampSettings) -> None:
    if context.model.config.examples:
        raise ConfigError("agent 'pokechamp' is shown no solved examples: llm.examples=0")


def _make(context: AgentContext, entrant: PokeChampSettings) -> Agent:
    from plywise.arena.agents.pokechamp_search import PokeChampAgent
    from plywise.games.gen9.option_facts import damage_done

    return PokeChampAgent(
        entrant.title,
        context.model,
        entrant.as_tree(context.game.info),
        entrant.seconds,
        context.game.kernels(),
        damage_done if context.battles else None,
        context.model.answering(context.game, ("propose", "model")),
    )


AGENTS = (
    AgentSpec(
        "pokechamp",
        "maximin over actions that the language model samples, its leaves valued by the model",
        _make,
        _check,
        settings=PokeChampSettings,
        plays=EVERYWHERE,
        llm=True,
    ),
)
