"""``plywise team``: exit codes, the validator's words, and files that are no teams."""

from pathlib import Path

import pytest

from plywise.arena.cli.main import main
from plywise.datasets.teams.files import NamedTeam, backup_text, read_teams
from plywise.datasets.teams.own import teams_of

KORAIDON = "=== [gen9ou] old ===\n\nKo\x1b[2Jra (Koraidon)\nEVs: 4 HP\n- Outrage\n"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "which file?"),
        (["check"], "which file?"),
        (["make", "team.txt"], "teams that are made go to out=FILE"),
        (["make", "format=gen9ouu"], "no format of generation 9 is called 'gen9ouu'"),
        (["make", "format=gen9doublesou"], "it is played in doubles"),
        (["make", "format=gen9randombattle"], "it makes its own teams"),
        (["make", "count=0"], "count=0"),
    ],
)
def test_settings_that_make_no_sense(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["team", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_no_team(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text("Ko\x1b[2Jra\n- Fly\n")
    assert main(["team", "check", "mine.txt"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "plywise: mine.txt: Pokémon 1: unknown species 'Ko\\u001b[2Jra'\n"


@pytest.mark.server
def test_check_prints_the_validators_words(capsys: pytest.CaptureFixture[str]) -> None:
    fine = teams_of("gen9uu")[0]
    Path("mine.txt").write_text(KORAIDON + backup_text([NamedTeam("fine", fine.sets, "gen9uu")]))
    assert main(["team", "check", "mine.txt"]) == 1
    out = capsys.readouterr().out
    assert "old: not legal in gen9ou\n" in out
    assert "  Ko\\u001b 2Jra (Koraidon) is tagged Uber, which is banned.\n" in out
    assert "fine: legal in gen9uu\n1 of 2 teams are legal\n" in out
    assert "\x1b" not in out
    assert main(["team", "check", "mine.txt", "format=gen9ubers"]) == 0


@pytest.mark.server
def test_make_writes_what_check_finds_legal(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["team", "make", "format=uu", "seed=5", "count=2"]
    assert main([*words, "out=made.txt"]) == 0
    assert "2 teams of gen9uu: made.txt" in capsys.readouterr().out
    assert main(words) == 0
    assert capsys.readouterr().out == Path("made.txt").read_text(encoding="utf-8")
    assert [team.format for team in read_teams(Path("made.txt"))] == ["gen9uu", "gen9uu"]
    assert main(["team", "check", "made.txt"]) == 0
