"""``agent=external``: an account on a Showdown server that a program of others plays.

It is only ever an opponent: it logs in by itself, and is challenged.
"""

from __future__ import annotations

from dataclasses import dataclass

from plywise.arena.agents.spec import AgentContext, AgentSpec
from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import setting
from plywise.games.showdown.names import name_fault, user_id


@dataclass
class ExternalSettings(AgentConfig):
    """Settings of an account that others play; those of searches and models mean nothing to it."""

    user: str | None = setting(None, "name of the account, which its program logs in with")
    patience: float = setting(
        600.0,
        "seconds to wait for the account, and for it to accept a challenge",
        low=0,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.user is not None and (fault := name_fault(self.user)):
            raise ConfigError(f"{self.PREFIX}user={self.user}: {fault}")

    @property
    def title(self) -> str:
        """The label, else the account's name."""
        return self.label or self.user or self.name

    @property
    def id(self) -> str:
        """The account's id; "" without a name."""
        return user_id(self.user or "")


def _check(context: AgentContext, entrant: ExternalSettings) -> None:
    if entrant.user is None:
        raise ConfigError(
            "agent 'external' needs its account's name: {name: external, user: NAME} among agents, "
            "or opponent.user=NAME"
        )
    plain = AgentConfig(entrant.name)
    for key in ("seconds", "iterations", "max_depth", "search", "llm"):
        if getattr(entrant, key) != getattr(plain, key):
            raise ConfigError(
                f"agents: {entrant.title}: an external account has no '{key}': its program decides "
                "how it plays (its clock is the server's timer)"
            )


AGENTS = (
    AgentSpec(
        "external",
        "any account on the local server, played by a program of others (as an opponent)",
        check=_check,
        settings=ExternalSettings,
        plays=("server",),
    ),
)
