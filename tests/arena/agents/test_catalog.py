"""The catalogue: one file and one YAML file for each agent, and nothing else to touch."""

import subprocess
import sys
from dataclasses import fields
from importlib import resources
from pathlib import Path

import pytest

from plywise.arena.agents.catalog import CATALOG, agent_config
from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import settings_of

MODULE = """
from dataclasses import dataclass

from plywise.arena.agents.kinds.random import RandomAgent
from plywise.arena.agents.spec import AgentSpec
from plywise.conf.schemas.agents import AgentConfig
from plywise.datasets.settings import setting


@dataclass
class MadeUpSettings(AgentConfig):
    charm: int = setting(1, "how charming it is", low=1)


def _make(context, entrant):
    return RandomAgent(f"{entrant.title} of charm {entrant.charm}")


WORDS = "made up by a test"
AGENTS = (AgentSpec("made_up", WORDS, _make, settings=MadeUpSettings, plays=("boards",)),)
"""
RUN = """
import sys
from plywise.arena.agents import kinds
kinds.__path__.append(sys.argv[1])
from plywise.arena.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where ``kinds`` has the module, and Hydra finds the YAML file."""
    command = [sys.executable, "-c", RUN, str(folder / "kinds"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made_up")
    for path, text in {
        "kinds/made_up.py": MODULE,
        "conf/agent/made_up.yaml": "defaults:\n  - made_up_schema\n",
    }.items():
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(text)
    return folder


def test_each_agent_has_a_file_of_settings_and_each_file_an_agent() -> None:
    files = resources.files("plywise.conf").joinpath("agent").iterdir()
    assert {f.name.removesuffix(".yaml") for f in files} == set(CATALOG)


@pytest.mark.parametrize("name", CATALOG)
def test_an_agents_entry_is_whole(name: str) -> None:
    spec = CATALOG[name]
    assert spec.name == name
    assert spec.words
    assert "\n" not in spec.words
    assert agent_config(name).title == name
    own = {f.name for f in fields(spec.settings)} - {f.name for f in fields(AgentConfig)}
    words = settings_of(spec.settings)
    assert all(words[key].words for key in own)
    assert spec.make is not None or not {"boards", "battles"}.intersection(spec.plays)


def test_settings_of_an_agent_are_checked() -> None:
    assert (
        agent_config("pokechamp", actions=2, seconds=1).title == "pokechamp(actions=2, seconds=1)"
    )
    for given, words in (
        ({"actions": 0}, "agent.actions=0: must be between 1 and 20"),
        ({"actions": "two"}, "agent.actions=two: must be a whole number"),
        ({"label": 3}, "agent.label=3: must be a text"),
        ({"llm": "x"}, "agent.llm=x: must be a mapping"),
        ({"samples": 1}, "agents: pokechamp has no setting 'samples'; there are: name, seconds"),
    ):
        with pytest.raises(ConfigError) as caught:
            agent_config("pokechamp", **given)
        assert words in str(caught.value)


@pytest.mark.slow
def test_a_new_agent_is_a_module_and_a_yaml_file(made_up: Path) -> None:
    assert "made_up " in run(made_up, "agents").stdout
    search_path = f"hydra.searchpath=[file://{made_up}/conf]"
    shown = run(
        made_up, "showdown", "opponent=made_up", "opponent.charm=3", search_path, "--cfg=job"
    )
    assert "name: made_up" in shown.stdout
    assert "charm: 3" in shown.stdout
    wrong = run(made_up, "selfplay", "agent=made_up", "agent.charms=2", search_path)
    assert "did you mean 'agent.charm'? agent=made_up has: seconds" in wrong.stderr
    wrong = run(made_up, "selfplay", "agent=made_up", "agent.charm=0", search_path)
    assert "agent.charm=0: must be at least 1" in wrong.stderr
    wrong = run(made_up, "tournament", "agents=[random,{name:made_up,charms:2}]")
    assert "made_up has no setting 'charms'; there are: name, seconds" in wrong.stderr
    played = run(
        made_up,
        "tournament",
        "game=tic_tac_toe",
        "agents=[random,{name:made_up,charm:2},made_up]",
        "tournament.pairs=1",
        "tournament.executor=inline",
    )
    assert played.returncode == 0, played.stderr
    assert "made_up(charm=2)" in played.stdout
