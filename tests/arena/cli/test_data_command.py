"""``plywise data``: what is printed of usage statistics, and wrong uses of it."""

import gzip
import json
from pathlib import Path

import pytest
import requests

from plywise.arena.cli.main import main


def entry(usage: float, moves: dict[str, float]) -> dict[str, object]:
    return {
        "Raw count": 10, "usage": usage, "Abilities": {"protosynthesis": 1.0},
        "Items": {"leftovers": 1.0}, "Moves": moves, "Spreads": {"Jolly:0/252/4/0/0/252": 1.0},
        "Teammates": {}, "Checks and Counters": {},
    }  # fmt: skip


CHAOS = {
    "info": {"metagame": "gen9ou", "cutoff": 1695.0, "number of battles": 1234567},
    "data": {
        "Great Tusk": entry(0.4, {"earthquake": 1.0, "rapidspin": 1.0}),
        "Miss\x1b[2Jingno": entry(0.1, {"glitch": 1.0}),
    },
}
NAME = "2026-10-gen9ou-1695.json.gz"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    Path(NAME).write_bytes(gzip.compress(json.dumps(CHAOS).encode()))


def test_what_is_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "usage", NAME, "format=ou"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "format     gen9ou, rating 1695 or more",
        "month      2026-10",
        "battles    1,234,567",
        "most used  Great Tusk 40.0%, Miss\\u001b[2Jingno 10.0%",
        "species    1 of 2 are known: 80.00% of use; not: Miss\\u001b[2Jingno",
        "moves      2 of 3 are known: 88.89% of use; not: glitch",
        "items      1 of 1 are known: 100.00% of use",
        "abilities  1 of 1 are known: 100.00% of use",
    ]
    assert main(["data", "usage", f"file={NAME}"]) == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([NAME, "format=uu"], "is about gen9ou, not about gen9uu"),
        ([NAME, "format=gen9ouu"], "no format of generation 9 is called 'gen9ouu'"),
        ([NAME, "month=2026-10"], "is read and not fetched"),
        (["half.json"], "half.json is no file of Smogon's usage statistics"),
        ([".."], "cannot read ..: Is a directory"),
        (["none.json"], "cannot read none.json: No such file or directory"),
        (["month=10/2026"], "month=10/2026: a month is written as 2026-10"),
        (["rating=-1"], "rating=-1"),
    ],
)
def test_wrong_uses(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("half.json").write_text(json.dumps(CHAOS)[:100])
    assert main(["data", "usage", *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_without_a_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(url: str, **_: object) -> None:
        raise requests.ConnectionError(url)

    monkeypatch.setattr(requests, "get", refuse)
    assert main(["data", "usage", "format=uu", "month=2026-10"]) == 1
    err = capsys.readouterr().err
    assert err == (
        "plywise: usage statistics of gen9uu: www.smogon.com cannot be reached (ConnectionError): "
        "is there a network? Nothing was changed; a file that you have is read by: "
        "plywise data usage FILE format=gen9uu\n"
    )


def test_a_place_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "usage", "month=2026-10", f"out={NAME}/x.json"]) == 1
    assert f"cannot write {NAME}/x.json: " in capsys.readouterr().err
