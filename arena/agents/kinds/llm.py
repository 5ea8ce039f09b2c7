"""``agent=llm``: the language model's answer alone."""

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
        from plywise.llm_modules.players.methods import MethodConfig

        own = ("samples", "thought", "temperature")
        given: dict[str, Any] = {"name": self.method} | {key: getattr(self, key) for key in own}
        return MethodConfig(**{key: value for key, value in given.items() if value is not None})


def _check(context: AgentContext, entrant: LLMSettings) -> None:
    from plywise.arena.guidance.language_model import example_store

    example_store(context.model.config, context.game)  # refuses a game that has no examples


def _make(context: AgentContext, entrant: LLMSettings) -> Agent:
    from plywise.arena.agents.llm_alone import LLMAgent
    from plywise.arena.guidance.language_model import example_store

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
)
