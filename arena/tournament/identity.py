"""The identity of a record: the settings that decide a game, and the version that played it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from plywise.arena.agents.catalog import CATALOG, parse_agents
from plywise.arena.agents.kinds.external import ExternalSettings
from plywise.arena.guidance.trust import trusts
from plywise.arena.output.files import file_stem, plain
from plywise.arena.output.provenance import code_digest
from plywise.arena.settings import with_advice, with_budget
from plywise.conf.schemas.tournament import TournamentConfig
from plywise.datasets.showdown_data import load
from plywise.datasets.teams.files import packed_text, read_teams
from plywise.games.from_file import game_file_digest

# Of the llm group: how calls are made decides nothing about a game.
_LLM_ASIDE = {
    "api_key_env", "max_retries", "concurrency", "cache", "record", "replay",
    "prompt_price", "completion_price",
}  # fmt: skip


def deciding_settings(config: TournamentConfig) -> dict[str, Any]:
    """Return the settings that decide games, as plain values, those of each agent in full.

    The number of pairs, of workers, and what is kept of the games are not among them.

    Raises:
        TeamError: the teams that are brought cannot be read.
    """
    agents = []
    asked = False
    for entrant in parse_agents(config.agents):
        spec = CATALOG[entrant.name]
        agent: dict[str, Any] = {"title": entrant.title, "name": entrant.name}
        if isinstance(entrant, ExternalSettings):
            agent["user"] = entrant.id
        if spec.searches:
            agent["search"] = plain(with_budget(config.search, entrant))
        if spec.llm and config.llm.name != "none":
            asked = True
            own = with_advice(config.llm, entrant)
            agent["llm"] = {k: v for k, v in plain(own).items() if k not in _LLM_ASIDE}
            agent["seconds"] = entrant.seconds
            if spec.advised:
                agent["trust"] = plain(trusts(own, config.game.name))
        agents.append(agent)
    settings = {
        "game": {"name": config.game.name, **config.game.parameters()},
        "pairing": config.tournament.pairing,
        "seed": config.tournament.seed,
        "openings": config.tournament.openings,
        "agents": agents,
        "llm": config.llm.name if asked else "none",
    }
    if config.tournament.executor == "showdown":
        versions = {"pokemon-showdown": load().version, "poke-env": metadata.version("poke-env")}
        timer: dict[str, Any] = {}
        if any("user" in agent for agent in agents):
            server = config.tournament.server
            timer = {"timer": server.timer, "seconds": server.seconds}
        settings["server"] = versions | timer
    if digest := game_file_digest(config.game.name):
        settings["game_file"] = digest
    if config.game.teams is not None:
        settings["teams"] = _digest_of_teams(Path(config.game.teams))
    return settings


def _digest_of_teams(path: Path) -> str:
    packed = "".join(f"{packed_text(team.sets)}\n" for team in read_teams(path))
    return hashlib.sha256(packed.encode()).hexdigest()[:12]


def identity_of(config: TournamentConfig) -> dict[str, Any]:
    """Return the identity of this tournament's record: version, code and settings."""
    version = {"plywise": metadata.version("plywise"), "code": code_digest()}
    return version | deciding_settings(config)


def identity_digest(value: Mapping[str, Any]) -> str:
    """Return 10 hex digits of plain values: the configuration's hash."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def record_path(config: TournamentConfig) -> Path:
    """Return the path of this tournament's record: as set, or a name made from the settings.

    The name holds the code's digest too: changed code begins a new record instead of an error.
    """
    if config.tournament.record is not None:
        return Path(config.tournament.record)
    settings, code = identity_digest(deciding_settings(config)), code_digest()[:6]
    name = f"{file_stem(config.game.name)}-{settings}-{code}"
    return Path("outputs") / "records" / f"{name}.sqlite"
