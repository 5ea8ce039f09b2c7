"""Cases of made battles, and the commands that measure and fit on them, end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from plywise.arena.cli.main import main
from plywise.arena.prediction.battles import make_battles
from plywise.arena.prediction.cases import CaseReader, PredictionCase
from plywise.arena.prediction.table import TableRow, read_battles
from plywise.engine.battle.rules import RULES
from plywise.games.gen9.infostate import from_json
from plywise.games.gen9.opponents.choices import UNSEEN, canonical_name
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES
from plywise.games.gen9.opponents.model import load_opponent_model

pytest.importorskip("pyarrow", reason="an extra: pip install 'plywise[data]'")

BATTLES = 5


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of five battles whose players never meet others."""
    folder = tmp_path_factory.mktemp("made")
    for seed in range(BATTLES):
        make_battles(folder / str(seed), "gen9randombattle", 1, seed, lambda line: None)
    sources = [str(folder / str(seed) / "battles.jsonl") for seed in range(BATTLES)]
    assert main(["data", "replays", *sources, str(folder / "table")]) == 0
    return folder / "table"


@pytest.fixture(scope="module")
def rows(table: Path) -> list[TableRow]:
    return next(read_battles(table))


def cases_of(rows: list[TableRow], worlds: int = 2) -> list[PredictionCase]:
    return list(CaseReader(worlds, 1).cases(0, rows))


@pytest.mark.slow
def test_no_case_changes_where_the_battle_is_cut_behind_it(rows: list[TableRow]) -> None:
    whole = cases_of(rows)
    cut = cases_of(rows[: len(rows) // 2])
    assert len(cut) > 10
    for one, other in zip(cut, whole, strict=False):
        assert (one.what, one.turn, one.actual) == (other.what, other.turn, other.actual)
        assert one.choices.names == other.choices.names
        assert np.array_equal(one.features, other.features)


@pytest.mark.slow
def test_own_names_are_the_rows_legal_actions(rows: list[TableRow], table: Path) -> None:
    from pyarrow import parquet

    paths = (table / "decisions").glob("*.parquet")
    legal = [
        row for p in paths for row in parquet.read_table(p, columns=["legal", "state"]).to_pylist()
    ]
    by_state = {from_json(row["state"]).to_json(): row["legal"] for row in legal}
    own = [case for case in cases_of(rows) if case.what == "own"]
    assert len(own) > 10
    for case in own:
        expected = {canonical_name(name) for name in by_state[case.info.to_json()]}
        assert set(case.choices.names) == expected


@pytest.mark.slow
def test_opponents_names_are_what_was_known_and_the_features_the_engines_own(
    rows: list[TableRow],
) -> None:
    cases = [case for case in cases_of(rows, 4) if case.what == "opponent"]
    named = [case.place >= 0 for case in cases]
    assert sum(named) > 0.9 * len(named)
    priors = np.zeros(RULES.num_actions)
    assert RULES.priors is not None
    for case in cases:
        seen = {mon.base_species for mon in case.info.foe.mons}
        for name in case.choices.names:
            assert (
                not name.startswith("switch ")
                or name == UNSEEN
                or name[7:] in {canonical_name(f"switch {species}")[7:] for species in seen}
            )
        first = case.choices.world == 0
        legal = case.choices.action[first]
        RULES.priors(case.worlds, 0, case.choices.side, legal, len(legal), priors)
        told = np.exp(case.features[first, OPPONENT_FEATURES.index("prior")])
        assert told == pytest.approx(priors[: len(legal)], abs=1e-5)
        assert np.isfinite(case.features).all()


@pytest.mark.slow
def test_what_was_chosen_before_is_in_the_features(rows: list[TableRow]) -> None:
    used = OPPONENT_FEATURES.index("used")
    seen: dict[tuple[int, str], set[str]] = {}
    for case in cases_of(rows):
        if case.what != "opponent":
            continue
        mon = case.info.foe.active_mon
        assert mon is not None
        before = seen.setdefault((case.info.player, mon.base_species), set())
        for entry, name in enumerate(case.choices.name):
            known = case.choices.names[name] in before
            assert (case.features[entry, used] > 0) == known
        before.add(case.actual)


@pytest.mark.slow
def test_the_commands_measure_and_fit(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "bench", "prediction", str(table), "worlds=2", "iterations=5", "styles=2",
        "held_out=0.5", "seed=1", "agents=[random]", f"hydra.run.dir={tmp_path / 'run'}",
    ]  # fmt: skip
    assert main(words) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    for what in ("own", "opponent"):
        assert figures[f"{what}_cases"] > 10
        for name in ("uniform", "usage", "repeat_last", "damage", "static_policy", "search"):
            assert 0.0 < figures[f"{what}_{name}_log_loss"] < 7.0
        assert f"{what}_opponent_model_log_loss_less_best_floor" in figures
    # One of the two players is random, and both floors of one chance in as many are the same.
    assert figures["own_random_log_loss"] == pytest.approx(figures["own_uniform_log_loss"])
    found = json.loads((tmp_path / "run" / "prediction.json").read_text())
    assert {row["by"] for row in found["opponent"]["groups"]} == {"rating", "turn"}
    out = tmp_path / "fitted.json"
    words = ["fit", "opponent", f"table={table}", "worlds=2", "styles=2", f"out={out}"]
    assert main([*words, f"hydra.run.dir={tmp_path / 'fit'}"]) == 0
    model = load_opponent_model(out)
    assert model.styles.shape == (2, len(OPPONENT_FEATURES))
    assert model.fit["battles"] == BATTLES


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bench", "prediction"], "which decisions?"),
        (["bench", "boards", "players=x.csv"], "only 'bench prediction' reads decisions"),
        (["fit", "opponent"], "which decisions?"),
        (["fit", "policy", "table=x"], "only 'fit opponent' reads decisions"),
        (["data", "battles"], "where to, and how many?"),
        (["bench", "prediction", "nowhere"], "holds no table of decisions"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) != 0
    assert message in capsys.readouterr().err
