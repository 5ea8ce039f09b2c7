"""``agent=llm`` and ``agent=pokellmon``: the language model's answer alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plywise.arena.agents.spec import EVERYWHERE, Agent, AgentContext, AgentSpec
from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.settings import setting

if TYPE_CHECKING:
    from plywise.llm_modules.players.methods import MethodConfig


@dataclass
class LLMSettings(AgentConfig):
    """Settings of the language model as a player by itself."""

    method: str | None = setting(
        None,
        "how it is asked (docs/LLM.md); null: scoring, by the probabilities of option letters",
        choices=("scoring", "io", "cot", "sc", "tot", "pokellmon"),
    )
    samples: int | None = setting(
        None, "answers that vote (sc, pokellmon), candidates that are rated (tot); null: 3", low=1
    )
    thought: int | None = setting(
        None, "most characters of a thought (cot, sc, tot); null: 300", low=1
    )
    temperature: float | None = setting(None, "temperature of answers that vote; null: 0.7", low=0)

    def as_method(self) -> MethodConfig:
        """Return how the model is asked."""
        return _method(
            name=self.method,
            samples=self.samples,
            thought=self.thought,
            temperature=self.temperature,
        )


@dataclass
class PokeLLMonSettings(AgentConfig):
    """Settings of the player of the PokéLLMon paper."""

    samples: int | None = setting(None, "answers that vote; null: 3", low=1)
    temperature: float | None = setting(None, "their temperature; null: 0.7", low=0)

    def as_method(self) -> MethodConfig:
        """Return how the model is asked."""
        return _method(name="pokellmon", samples=self.samples, temperature=self.temperature)


def _method(**given: Any) -> MethodConfig:
    from plywise.llm_modules.players.methods import MethodConfig

    return MethodConfig(**{key: value for key, value in given.items() if value is not None})


def _check(context: AgentContext, entrant: LLMSettings | PokeLLMonSettings) -> None:
    from plywise.arena.guidance.language_model import example_store

    example_store(context.model.config, context.game)  # refuses a game that has no examples


def _make(context: AgentContext, entrant: LLMSettings | PokeLLMonSettings) -> Agent:
    from plywise.arena.agents.llm_alone import LLMAgent, StandInPlayer
    from plywise.arena.guidance.language_model import example_store

    stand_in = context.model.answering(context.game, ("propose",))
    if stand_in is not None:
        return StandInPlayer(entrant.title, stand_in, entrant.as_method(), entrant.seconds)
    return LLMAgent(
        entrant.title,
        context.model,
        entrant.as_method(),
        entrant.seconds,
        context.game.kernels(),
        example_store(context.model.config, context.game),
    )


AGENTS = (
    AgentSpec(
        "llm",
        "the language model's answer alone",
        _make,
        _check,
        settings=LLMSettings,
        plays=EVERYWHERE,
        llm=True,
    ),
    AgentSpec(
        "pokellmon",
        "the player of the PokéLLMon paper: the language model alone, told how its choices went",
        _make,
        _check,
        settings=PokeLLMonSettings,
        plays=EVERYWHERE,
        llm=True,
    ),
)
