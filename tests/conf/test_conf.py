"""Every configuration file composes; every wrong key or value gives one clear line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra

from plywise.arena.agents.catalog import CATALOG, parse_agents
from plywise.arena.cli.commands import COMMANDS
from plywise.arena.cli.groups import group_schemas
from plywise.conf import registry
from plywise.conf.listing import options
from plywise.conf.schemas.play import PlayConfig
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.conf.schemas.tournament import TournamentConfig
from plywise.datasets.errors import ConfigError

CONF = Path(registry.__file__).parent
GROUP_USERS = {
    "game": "play",
    "agent": "play",
    "opponent": "showdown",
    "search": "play",
    "llm": "play",
    "server": "showdown",
    "tournament": "tournament",
}


@pytest.fixture(autouse=True)
def _hydra() -> Iterator[None]:
    registry.register({name: spec.settings for name, spec in CATALOG.items()})
    GlobalHydra.instance().clear()
    with initialize_config_module("plywise.conf", version_base="1.3"):
        yield


def typed(command: str, *overrides: str) -> object:
    config = compose(command, overrides=list(overrides))
    return registry.typed(config, registry.COMMAND_SCHEMAS[command])


@pytest.mark.slow
@pytest.mark.parametrize("command", [name for name, c in COMMANDS.items() if c.hydra])
def test_primary_configuration_composes(command: str) -> None:
    overrides = {
        "verify": ["corpus=x.jsonl"],
        "record": ["out=x.jsonl.gz"],
        "solve": ["file=x"],
        "ratings": ["file=x.csv"],
        "report": ["record=x"],
        "luck": ["record=x"],
        "replay": ["file=x"],
        "explain": ["file=x"],
        "analyse": ["file=x"],
        "team": ["file=x"],
    }.get(command, [])
    assert isinstance(typed(command, *overrides), registry.COMMAND_SCHEMAS[command])


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUP_USERS)
def test_every_option_composes(group: str) -> None:
    assert options(group)
    for option in options(group):
        more = ["game.name=path:x.py"] if option == "plugin" else []
        typed(GROUP_USERS[group], f"{group}={option}", *more)


def test_no_yaml_file_is_forgotten() -> None:
    folders = {p.parent.name for p in CONF.glob("*/*.yaml")}
    assert folders <= set(GROUP_USERS) == set(group_schemas())
    assert {p.stem for p in CONF.glob("*.yaml")} == {"common"}
    assert set(registry.COMMAND_SCHEMAS) == {name for name, c in COMMANDS.items() if c.hydra}


def test_agents_and_opponents_are_the_catalogue() -> None:
    assert set(options("agent")) == set(options("opponent")) == set(CATALOG)


def test_battles_choose_their_search() -> None:
    chosen = typed("play", "game=gen9randombattle")
    assert isinstance(chosen, PlayConfig)
    assert isinstance(chosen.search, SimultaneousGroup)
    kept = typed("play", "game=gen9randombattle", "search=alphabeta")
    assert isinstance(kept, PlayConfig)
    assert isinstance(kept.search, AlphaBetaGroup)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "override", "words"),
    [
        ("play", "game.rows=2", "game.rows=2: must be at least 4"),
        ("play", "search.seconds=0", "search.seconds=0.0: must be greater than 0"),
        ("showdown", "search.threads=0", "search.threads=0: must be between 1 and 64"),
        ("showdown", "search.battle_seconds=0", "search.battle_seconds=0.0: must be greater"),
        ("play", "search.max_depth=0", "must be between 1 and 250"),
        ("play", "llm.trust=1.5", "llm.trust=1.5: must be between 0 and 1"),
        ("play", "llm.guides=[guess]", "choose one of propose, model, evaluate"),
        ("play", "llm=openai llm.base_url=localhost", "must start with http"),
        ("play", "side=left", "side=left: choose one of first, second"),
        ("play", "+colour=true", "no setting 'colour'; there are: agent, color"),
        ("play", "+search.second=1", "no setting 'search.second'"),
        ("showdown", "battles=-1", "battles=-1: must be at least 0"),
        ("showdown", "server.url=http://x", "must start with ws"),
        ("showdown", "server.username=1", "server.username=1: a name needs a letter"),
        ("tournament", "tournament.pairs=0", "tournament.pairs=0: must be at least 1"),
        ("bench", "what=all", "choose one of engine, search, deadline"),
        ("ratings", "seed=1", "file is missing: give file=VALUE"),
        ("verify", "what=engine", "corpus is missing: give corpus=VALUE"),
    ],
)
def test_wrong_value_is_named(command: str, override: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        typed(command, *override.split())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_is_a_preset_and_what_is_given_beside_it() -> None:
    def server(*given: str) -> ServerConfig:
        chosen = typed("showdown", *given)
        assert isinstance(chosen, ShowdownConfig)
        return chosen.server

    official = "https://play.pokemonshowdown.com/action.php"
    assert server() == ServerConfig()
    assert server("server=showdown", "server.username=x") == ServerConfig(
        "wss://sim3.psim.us/showdown/websocket", official, username="x"
    )
    arena = "battling.pokeagentchallenge.com"
    assert server("server=pokeagent") == ServerConfig(
        f"wss://{arena}/showdown/websocket", f"https://{arena}/action.php"
    )
    own = "wss://example.org/showdown/websocket"
    assert server("server=showdown", f"server.url={own}") == ServerConfig(own, official)
    assert server(f"server.url={own}").signed_by is None
    assert server("server=showdown", "server.login_url=null").signed_by is None


def test_simultaneous_search_needs_a_limit() -> None:
    with pytest.raises(
        ConfigError, match=r"needs search.seconds or search.iterations or search.battle_seconds"
    ):
        typed("showdown", "search.seconds=null")
    typed("showdown", "search.seconds=null", "search.battle_seconds=60")


def test_averaging_over_worlds_takes_one_thread() -> None:
    with pytest.raises(ConfigError, match=r"search.threads=2: search.sharing=averaged has one"):
        typed("showdown", "search.threads=2", "search.sharing=averaged")


@pytest.mark.parametrize(
    ("agents", "words"),
    [
        ("[random]", "at least two"),
        ("[random,random]", "stands there twice"),
        ("[random,3]", "neither a name nor a mapping"),
        (
            "[random,{name:search,second:1}]",
            "search has no setting 'second'; there are: name, seconds",
        ),
        ("[random,{name:search,seconds:fast}]", "must be a number"),
        ("[random,{name:search,seconds:-1}]", "must be greater than 0"),
    ],
)
def test_wrong_entrants_are_named(agents: str, words: str) -> None:
    config = typed("tournament", f"agents={agents}")
    assert isinstance(config, TournamentConfig)
    with pytest.raises(ConfigError, match=words):
        parse_agents(config.agents)


def test_entrants_with_budgets_are_told_apart() -> None:
    config = typed("tournament", "agents=[search,{name:search,seconds:0.1,max_depth:4}]")
    assert isinstance(config, TournamentConfig)
    labels = [agent.title for agent in parse_agents(config.agents)]
    assert labels == ["search", "search(seconds=0.1, max_depth=4)"]
