"""The command line from the outside: exit codes, one-line errors, quick answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from plywise.arena.cli import main as cli
from plywise.arena.cli.arguments import to_overrides
from plywise.arena.cli.commands import COMMANDS
from plywise.arena.cli.groups import group_schemas
from plywise.conf.listing import chosen_options, listed
from plywise.conf.registry import COMMAND_SCHEMAS


def plywise(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "plywise.arena.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def one_line(text: str) -> str:
    assert text.startswith("plywise: ")
    assert text.count("\n") == 1
    return text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shodown"], "did you mean 'showdown'?"),
        (["agents", "all"], "takes no arguments"),
        (["play", "connect_four"], "'connect_four' is not key=value"),
        (["play", "--seed"], "no option '--seed'"),
        (["play", "sear.seconds=1"], "did you mean 'search'?"),
        (["play", "search.second=1"], "did you mean 'search.seconds'?"),
        (["play", "search.seconds=soon"], "search.seconds=soon"),
        (["play", "llm=none", "llm.record=a"], "no setting 'llm.record'; did you mean"),
        (["play", "llm=stand_in", "llm.cache=a"], "llm=stand_in has: guides, trust"),
        (["play", "llm=stand_in", "llm.examples=2"], "no setting 'llm.examples'"),
        (["play", "game=tic_tac_toe", "game.rows=4"], "game=tic_tac_toe has: none"),
        (["play", "agent=serch"], "did you mean 'search'? There are: expectimax, external"),
        (["play", "opponent=random"], "no setting 'opponent'"),
        (["play", "side=["], "cannot read 'side=['"),
        (["play", "side=left"], "choose one of first, second"),
        (["play", "-m", "--cfg", "job"], "Only one of"),
        (["play", "hydra.searchpath=[file:///nope]"], "path=/nope is not available"),
        (["verify", "engine"], "corpus is missing"),
        (["verify", "engine", "c.gz", "--jobs"], "--jobs needs a value"),
        (["verify", "engine", "c.gz", "--job", "2"], "did you mean '--jobs'?"),
        (["verify", "engine", "c.gz", "--jobs", "0"], "jobs=0: must be between 1 and 1024"),
        (["verify", "engine", "c.gz", "--jobs", "two"], "jobs=two"),
        (["bench", "everything"], "choose one of engine, search, deadline"),
        (["tournament", "agents=[random,serch]"], "no agent 'serch'"),
        (["tournament", "agents=[random,max_damage]"], "does not play board games"),
        (["tournament", "search=simultaneous"], "search=alphabeta"),
        (["tournament", "agents=[random,llm]"], "llm=embedded or llm=openai"),
        (["showdown", "agent=human"], "does not play on a Showdown server"),
    ],
)
def test_wrong_use_gives_one_line_and_exit_code_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert words in one_line(error)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in COMMANDS:
        assert f"  {name} " in text


@pytest.mark.parametrize("command", COMMANDS)
def test_command_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Usage: plywise {command}")
    assert "defaults:" not in text
    assert "hydra:" not in text


@pytest.mark.parametrize("command", COMMAND_SCHEMAS)
def test_help_says_every_setting_in_words(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    schema = COMMAND_SCHEMAS[command]
    keys = {line.split()[0] for line in lines if line.startswith("  ") and line.split()}
    for setting in listed(schema, chosen_options(schema, (), group_schemas())):
        repeated = setting.group == "opponent"  # the same settings as agent
        assert repeated or setting.key in keys


def test_help_follows_the_options_that_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["play", "--help", "game=goofspiel", "llm=stand_in"]) == 0
    text = capsys.readouterr().out
    for key in ("game.cards", "search.opponent_prior", "llm.skill"):
        assert f"\n  {key} " in text
    assert "llm.model_path" not in text


@pytest.mark.parametrize("arguments", [["--help"], ["play", "--help"], ["agents"], ["--version"]])
def test_quick_answers_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    program = (
        "import sys; from plywise.arena.cli.main import main; "
        f"code = main({arguments!r}); "
        "heavy = {'numba', 'numpy', 'hydra', 'openai', 'poke_env'} & set(sys.modules); "
        "sys.exit(code or (f'imported {heavy}' if heavy else 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_lists_name_agents_and_games(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["agents"]) == cli.main(["games"]) == 0
    text = capsys.readouterr().out
    for name in ("random", "llm_search", "pokeenv_simple_heuristics", "tic_tac_toe"):
        assert f"\n{name} " in f"\n{text}"


def test_positional_words_become_keys() -> None:
    given = to_overrides("verify", COMMANDS["verify"], ["engine", "it's/a file.gz", "limit=3"])
    assert given == ["what='engine'", "corpus='it\\'s/a file.gz'", "limit=3"]


@pytest.mark.parametrize(
    ("game", "overrides"),
    [
        ("gen9:ou", ["game=gen9", "game.format='ou'"]),
        ("gen9ou", ["game=gen9", "game.format=gen9ou"]),
        ("gen9nothing", ["game=gen9", "game.format=gen9nothing"]),
        ("gen9randombattle", ["game=gen9randombattle"]),
        ("gen9", ["game=gen9"]),
    ],
)
def test_a_format_of_battles_may_stand_alone(game: str, overrides: list[str]) -> None:
    assert to_overrides("play", COMMANDS["play"], [f"game={game}"]) == overrides


def test_flags_become_keys() -> None:
    given = ["engine", "--jobs", "2", "--battle=3", "c.gz", "--step", "-1"]
    keys = to_overrides("verify", COMMANDS["verify"], given)
    assert keys == ["what='engine'", "jobs=2", "battle=3", "corpus='c.gz'", "step=-1"]


@pytest.mark.parametrize(
    "path",
    ["it's", "\\", "a\\'b\\", "${oc.env:HOME}", "\\${oc.env:HOME}'\\\\", "a\nb", "{}[],$é\udc9b"],
)
def test_a_path_is_taken_as_it_stands(path: str) -> None:
    (word,) = to_overrides("ratings", COMMANDS["ratings"], [path])
    parsed = OverridesParser.create().parse_override(word).value()
    assert OmegaConf.create({"file": parsed}).file == path


def test_cfg_job_prints_and_runs_nothing(tmp_path: Path) -> None:
    done = plywise("tournament", "--cfg", "job", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "agents:\n- random\n- search\n" in done.stdout
    assert not (tmp_path / "outputs").exists()


@pytest.mark.slow
def test_multirun_has_a_folder_for_each_job(tmp_path: Path) -> None:
    done = plywise(
        *("tournament", "-m", "game=tic_tac_toe", "tournament.pairs=1", "tournament.seed=1,2"),
        *("search.max_depth=2", "search.seconds=null"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    summaries = sorted(tmp_path.glob("outputs/tournament/*/*/*/summary.json"))
    assert [json.loads(s.read_text())["config"]["tournament"]["seed"] for s in summaries] == [1, 2]


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    program = (
        "import sys; from plywise.arena.tournament import run\n"
        "from plywise.arena.cli.main import main\n"
        "def broken(config, folder): raise KeyError('a bug')\n"
        "run.run_tournament = broken\n"
        "sys.exit(main(['tournament']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "KeyError: 'a bug'" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        ("PlywiseError('the disk is full: free some')", 1, "plywise: the disk is full: free some"),
        ("ConfigError('x=1: no')", 2, "plywise: x=1: no"),
        ("KeyboardInterrupt()", 130, "plywise: interrupted"),
    ],
)
def test_exit_codes(raised: str, code: int, words: str, tmp_path: Path) -> None:
    program = (
        "import sys; from plywise.arena.tournament import run\n"
        "from plywise.arena.cli.main import main\n"
        "from plywise.datasets.errors import ConfigError, PlywiseError\n"
        f"def failing(config, folder): raise {raised}\n"
        "run.run_tournament = failing\n"
        "sys.exit(main(['tournament']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stderr.strip() == words
