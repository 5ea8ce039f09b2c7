"""Settings under their old names are read, with a line that says the new one."""

from dataclasses import dataclass

import pytest
from omegaconf import OmegaConf

from plywise.arena.cli.old_names import OldNames
from plywise.datasets.settings import setting


@dataclass
class Search:
    depth: int = setting(3, "plies", old=("plies", "levels"))


@dataclass
class Command:
    search: Search = setting(Search, "the search", option="search")
    games: int = setting(1, "games", old=("rounds",))


NAMES = Command, {"search": {"search_schema": Search}}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("rounds=2", "games=2"),
        ("search.plies=2", "search.depth=2"),
        ("+search.levels=1,2", "+search.depth=1,2"),
        ("agent.search.plies=2", "agent.search.depth=2"),
        ("plies=2", "plies=2"),
        ("search.rounds=2", "search.rounds=2"),
        ("rounds", "games"),
    ],
)
def test_arguments(given: str, read: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert OldNames(*NAMES).in_arguments([given]) == [read]
    assert ("is now called" in capsys.readouterr().err) == (given != read)


def test_mappings_in_values(capsys: pytest.CaptureFixture[str]) -> None:
    config = OmegaConf.create(
        {"agents": ["random", {"name": "a", "search": {"plies": 2}}, {"search": {"levels": 3}}]}
    )
    OmegaConf.set_struct(config, True)
    OldNames(*NAMES).in_mappings(config)
    assert config.agents[1:] == [{"name": "a", "search": {"depth": 2}}, {"search": {"depth": 3}}]
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "plywise: 'search.plies' is now called 'search.depth'"
    assert len(told) == 2
