"""Counts of decisions: what logs show of known teams, beside the teams themselves."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from plywise.datasets.battle_formats import find_format
from plywise.datasets.priors.usage import UsageSets, conditional_shares, read_usage, usage_shares
from plywise.datasets.replays.counts import count_tables, filled_moves
from plywise.datasets.replays.schema import COLUMNS, DecisionWriter
from plywise.datasets.replays.sources import ReplaySourceError
from plywise.datasets.set_priors import load_prior

pytest.importorskip("pyarrow", reason="an extra: pip install 'plywise[data]'")

MOVES = ("earthquake", "swordsdance", "scaleshot", "stealthrock", "firefang", "outrage")
SHARES = (0.95, 0.9, 0.8, 0.6, 0.5, 0.25)  # of sets; together four moves


def drawn_set(rng: random.Random) -> list[str]:
    """Return four moves, in sets as often as ``SHARES`` says (systematic sampling)."""
    at, total, found = rng.random(), 0.0, []
    for move, share in zip(MOVES, SHARES, strict=True):
        if int(total + share - at + 1) > int(total - at + 1):
            found.append(move)
        total += share
    return found


def rows_of(number: int, inferred: dict[str, Any], rating: int | None) -> dict[str, list[Any]]:
    """Return both players' first rows of a battle, and one more of the first player."""
    team = ["garchomp", "blissey"]
    own = {
        "mons": [{"base_species": name} for name in team], "active": None, "size": 2,
        "previewed": [{"species": name} for name in team],
    }  # fmt: skip
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        "battle_id": f"b-{number}", "source": "x", "record": number, "format": "gen9ou",
        "player_rating": rating, "turn": 0, "decision": 0, "request": "preview", "legal": [],
        "flags": [], "state": json.dumps({"own": own}), "inferred": json.dumps(inferred),
        "action": f"lead {team[number % 4 == 0]}",
    }  # fmt: skip
    rows = [row, row, row | {"decision": 1, "action": "switch blissey", "request": "move"}]
    return {name: [one[name] for one in rows] for name in COLUMNS}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[str]]:
    """Return 600 battles of known sets, of which some moves are shown, and the true counts."""
    path = tmp_path_factory.mktemp("counts") / "decisions" / "part-000000.parquet"
    path.parent.mkdir()
    rng, true = random.Random(4), Counter[str]()
    with DecisionWriter(path) as writer:
        for number in range(600):
            moves = drawn_set(rng)
            assert len(moves) == 4
            true.update(moves)
            shown = {move: 3 for move in moves if rng.random() < 0.55}
            one: dict[str, Any] = {"species": "garchomp", "moves": shown}
            if rng.random() < 0.5:
                one["item"] = [("rockyhelmet", "loadeddice")[rng.random() < 0.25], 4]
            writer.write(rows_of(number, {"0": one}, 1500 if number % 3 else None))
    return path.parent.parent, true


def test_counts_approach_the_true_frequencies(table: tuple[Path, Counter[str]]) -> None:
    folder, true = table
    found = count_tables(folder)["gen9ou"]
    assert (found.battles, found.teams, found.species["garchomp"].leads) == (600, 1200, 900)
    chaos = found.chaos("gen9ou", 0)["data"]["garchomp"]
    for move, count in true.items():
        assert chaos["Moves"][move] / 1200 == pytest.approx(count / 600, abs=0.05), move
    assert sum(chaos["Moves"].values()) == pytest.approx(4 * 1200, rel=0.001)
    assert found.species["garchomp"].moves["earthquake"] / 1200 < 0.65  # shown alone: too low
    assert chaos["Items"]["loadeddice"] / 1200 == pytest.approx(0.25, abs=0.06)
    assert chaos["Shown"]["moves"] == pytest.approx(2.2, abs=0.1)
    assert chaos["Teammates"] == {"blissey": 1200}


def test_statistics_are_read_like_smogons(table: tuple[Path, Counter[str]], tmp_path: Path) -> None:
    found = count_tables(table[0])["gen9ou"]
    path = tmp_path / "gen9ou-0.json"
    path.write_text(json.dumps(found.chaos("gen9ou", 0)))
    format = find_format("gen9ou")
    stats = read_usage(path, format)
    assert usage_shares(stats) == {"garchomp": 1.0, "blissey": 1.0}
    assert conditional_shares(stats)["garchomp"] == {"blissey": 1.0}
    sets, weights = UsageSets(stats, format).sets_of(
        "garchomp", {("jolly", (0, 252, 0, 0, 4, 252)): 1}
    )
    with_rocks = sum(w for s, w in zip(sets, weights, strict=True) if "stealthrock" in s.moves)
    assert with_rocks / sum(weights) == pytest.approx(0.6, abs=0.1)
    # No log tells a spread: those of the prior's own sets are taken.
    drawn, _ = load_prior("gen9ou", str(path), 1.0).sets_of("garchomp")
    assert {s.nature for s in drawn} & {"jolly", "adamant"}


def test_players_of_a_rating_or_a_format_alone(table: tuple[Path, Counter[str]]) -> None:
    assert count_tables(table[0], rating=1400)["gen9ou"].battles == 400
    assert count_tables(table[0], rating=1600) == {}
    assert count_tables(table[0], format="gen9uu") == {}


def test_moves_of_whole_sets_are_counted_as_they_are() -> None:
    whole = {"a": 4, "b": 4, "c": 4, "d": 3, "e": 1}
    assert filled_moves(whole, 4) == pytest.approx(whole)
    assert filled_moves({}, 5) == {}
    assert filled_moves({"a": 2, "b": 1}, 4) == pytest.approx({"a": 4, "b": 4})  # it has no others
    assert filled_moves({"a": 9, "b": 3, "c": 3, "d": 3, "e": 3}, 10) == pytest.approx(
        {"a": 10, "b": 7.5, "c": 7.5, "d": 7.5, "e": 7.5}
    )


def test_what_is_no_table_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReplaySourceError, match="there are no tables"):
        count_tables(tmp_path)
    (tmp_path / "x.parquet").write_text("nothing")
    with pytest.raises(ReplaySourceError, match="cannot be read"):
        count_tables(tmp_path)
