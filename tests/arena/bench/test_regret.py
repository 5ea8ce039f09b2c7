"""The regret benchmark: exact on games whose values are known, and what its files hold."""

import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plywise.arena.bench.decisions import (
    COMMITTED,
    KINDS,
    DecisionsFileError,
    SampledDecision,
    load_decisions,
    read_columns,
    save_decisions,
    write_columns,
)
from plywise.arena.bench.exploitability import hidden_hands, hidden_hands_matrix
from plywise.arena.bench.reference import judged_actions, load_reference
from plywise.arena.bench.regret import action_losses, half_interval, regret_of
from plywise.arena.cli import main as cli
from plywise.engine.battle.constants import ACTION_MOVE
from plywise.engine.battle.rules import RULES
from plywise.engine.boards import goofspiel
from plywise.search.config import SearchError
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

BIDS = (0, 2)  # player 0's in hidden_hands
MIXED = ((0.9, 0.1), (0.35, 0.65), (0.6, 0.4))
"""A strategy of player 1 in the worlds of hidden_hands: of its lower and its higher card."""


def hands_search(algorithm: str, iterations: int) -> SimultaneousSearch:
    return SimultaneousSearch(
        goofspiel.rules(4),
        SimultaneousConfig(
            seconds=None, iterations=iterations, algorithm=algorithm, discount=1.0, threshold=0.0
        ),
    )


def replies(strategy: Sequence[tuple[float, float]] = MIXED) -> list[Mapping[int, float]]:
    rules, worlds = goofspiel.rules(4), hidden_hands()
    cards = [rules.legal_actions(worlds, world, 1) for world in range(len(worlds))]
    return [dict(zip(c, s, strict=True)) for c, s in zip(cards, strategy, strict=True)]


def exact_values(strategy: Sequence[tuple[float, float]] = MIXED) -> NDArray[np.float64]:
    """Player 0's result by bid against a strategy of player 1, from the game's matrix."""
    plans = [
        np.prod([strategy[world][card] for world, card in enumerate(plan)])
        for plan in product((0, 1), repeat=len(strategy))
    ]
    return np.asarray(hidden_hands_matrix() @ np.array(plans))


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_a_held_opponent_plays_as_told_and_actions_are_worth_what_the_matrix_says(
    algorithm: str,
) -> None:
    search = hands_search(algorithm, 20_000)
    found = search.decide(hidden_hands(), None, 0, 3, even_share=1.0, held=replies())
    visits = np.array([found.visits[bid] for bid in BIDS])
    assert visits.sum() == 20_000
    assert abs(visits[0] - visits[1]) <= 1
    values = [found.values[bid] for bid in BIDS]
    assert values == pytest.approx(exact_values().tolist(), abs=0.03)
    if algorithm == "uct":  # the other's average is what it learns, not what it plays
        for played, told in zip(search.replies, replies(), strict=True):
            assert played == pytest.approx(told, abs=0.02)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (replies()[:2], "2 held strategies for 3 worlds"),
        ([{0: 1.0}, {1: 1.0}, {2: 1.0}], "no strategy over"),
        ([{0: 0.5}, *replies()[1:]], "no strategy over"),
        ([{0: 1.5, 3: -0.5}, *replies()[1:]], "no strategy over"),
    ],
    ids=["too few", "a card that is not there", "half of a strategy", "a negative share"],
)
def test_a_held_strategy_that_is_none_is_refused(
    held: list[Mapping[int, float]], words: str
) -> None:
    with pytest.raises(SearchError, match=words):
        hands_search("uct", 10).decide(hidden_hands(), None, 0, 0, held=held)


def test_the_regret_is_exact_where_values_are() -> None:
    exact = exact_values()
    values = np.repeat(exact[None, :], 2, axis=0)
    best, blunder = int(exact.argmax()), int(exact.argmin())
    lost = exact[best] - exact[blunder]
    assert 0.1 < lost < 0.2  # so that it counts as worse by the one and not by the other
    good = regret_of({BIDS[best]: 1.0}, BIDS, values)
    assert (good.mean, good.worse, good.on_best) == (0.0, (0.0, 0.0), 1.0)
    planted = regret_of({BIDS[blunder]: 1.0}, BIDS, values)
    assert planted.mean == pytest.approx(lost)
    assert (planted.worse, planted.on_best) == ((1.0, 0.0), 0.0)
    mixed = regret_of({BIDS[best]: 0.75, BIDS[blunder]: 0.25}, BIDS, values)
    assert mixed.mean == pytest.approx(0.25 * lost)
    assert (mixed.worse, mixed.on_best) == ((0.25, 0.0), 0.75)


def test_noise_of_the_reference_makes_no_regret() -> None:
    """By the greatest of noisy values every strategy looks bad: with seeds apart none does."""
    rng = np.random.default_rng(5)
    noise = rng.normal(0.0, 0.1, (4000, 4, 8))
    apart = np.array([action_losses(values).mean() for values in noise])
    together = np.mean(noise.mean(axis=1).max(axis=1) - noise.mean(axis=(1, 2)))
    assert together > 0.06
    assert abs(apart.mean()) < 4 * apart.std() / len(apart) ** 0.5 < 0.01


def test_the_true_regret_lies_between_seeds_apart_and_together() -> None:
    rng = np.random.default_rng(6)
    true = np.array([0.0, -0.05, -0.1, -0.3])
    values = true + rng.normal(0.0, 0.1, (4000, 2, 4))
    apart = np.mean([action_losses(v).mean() for v in values])
    together = np.mean(values.mean(axis=1).max(axis=1) - values.mean(axis=(1, 2)))
    assert apart < -true.mean() < together


@pytest.mark.slow
def test_a_reference_finds_that_all_bids_of_an_equilibrium_are_worth_the_game() -> None:
    search = hands_search("regret", 100_000)
    values = judged_actions(search, hidden_hands(), 0, seed=1).values
    assert values == pytest.approx(dict.fromkeys(BIDS, -1 / 3), abs=0.05)


def test_the_interval_is_that_of_games() -> None:
    values = [0.0, 0.1, 0.4, -0.1, 0.2]
    expected = 1.96 * statistics.stdev(values) / len(values) ** 0.5
    assert half_interval(np.array(values), range(5)) == pytest.approx(expected)
    twice = np.repeat(values, 2)  # nothing new is learnt from what goes together
    assert half_interval(twice, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]) == pytest.approx(expected)


def test_committed_decisions_are_of_many_battles_and_fit_their_reference() -> None:
    found = load_decisions(COMMITTED)
    assert Counter(one.kind for one in found) == {"random": 40, "ou": 40, "preview": 8}
    assert max(Counter((one.kind, one.game) for one in found).values()) <= 2
    for one in found:
        assert len(one.worlds) == 16
        assert len(one.legal) >= 2
        assert (one.turn == 0) == (one.kind == "preview")
        own = one.worlds["sides"][:, one.player]["mons"]
        assert (own["hp"] == own["hp"][0]).all()  # what the player knows is so in every world
        assert (own["moves"] == own["moves"][0]).all()
    assert {one.player for one in found} == {0, 1}
    reference = load_reference(COMMITTED, found)
    assert np.nanmax(np.abs(reference.values)) <= 1.0
    with pytest.raises(DecisionsFileError, match="reference of other decisions"):
        load_reference(COMMITTED, found[1:])
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 1_000_000


def rewritten(path: Path, change: Any) -> None:
    """Write a file of decisions again, its states as ``change`` returns them."""
    columns, meta = read_columns(path)
    layout = np.dtype(RULES.dtype.descr)
    states = change(np.ascontiguousarray(columns["states"].T).view(layout)[:, 0])
    meta["layout"] = repr(np.lib.format.dtype_to_descr(states.dtype))
    columns["states"] = states.view(np.uint8).reshape(len(states), -1).T.copy()
    write_columns(path, {"meta": np.array(json.dumps(meta)), **columns})


def two_decisions() -> list[SampledDecision]:
    return [replace(one, worlds=one.worlds[:2]) for one in load_decisions(COMMITTED)[:2]]


def test_decisions_outlive_a_change_of_the_states_layout(tmp_path: Path) -> None:
    path, told = tmp_path / "decisions.npz", two_decisions()
    save_decisions(path, told, {})

    def of_another_version(states: NDArray[Any]) -> NDArray[Any]:
        fields = [("of_old", "<i8"), *reversed(states.dtype.descr)]
        found = np.zeros(len(states), [(name, kind, *shape) for name, kind, *shape in fields])
        for name in states.dtype.names or ():
            found[name] = states[name]
        return found

    rewritten(path, of_another_version)
    for one, before in zip(load_decisions(tmp_path), told, strict=True):
        assert one.worlds.tobytes() == before.worlds.tobytes()
        assert (one.kind, one.turn, one.legal) == (before.kind, before.turn, before.legal)

    def holding_more(states: NDArray[Any]) -> NDArray[Any]:
        states["of_old"] = 1
        return states

    save_decisions(path, told, {})
    rewritten(path, lambda states: holding_more(of_another_version(states)))
    with pytest.raises(DecisionsFileError, match="no field 'of_old'"):
        load_decisions(tmp_path)


def test_worlds_with_other_legal_actions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "decisions.npz"
    one = next(one for one in load_decisions(COMMITTED) if one.legal[0] == ACTION_MOVE)
    save_decisions(path, [one], {})

    def without_a_move_left(states: NDArray[Any]) -> NDArray[Any]:
        states["sides"]["mons"]["pp"][1, one.player, :] = 0
        return states

    rewritten(path, without_a_move_left)
    with pytest.raises(DecisionsFileError, match="decision 0, world 1: legal are"):
        load_decisions(tmp_path)


TINY = ("decisions_each=1", "reference_iterations=60", "reference_seeds=2", "most_iterations=40")


@pytest.mark.slow
def test_the_command_makes_decisions_and_measures_on_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "regret", "anew=decisions", *TINY]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    for kind in KINDS:
        assert figures[f"{kind}_decisions"] == 1
        assert 0.0 <= figures[f"{kind}_40_iterations_share_on_best"] <= 1.0
        assert -1.0 <= figures[f"{kind}_40_iterations_regret"] <= 2.0
        assert figures[f"{kind}_reference_standard_error"] > 0.0
    (folder,) = tmp_path.glob("outputs/bench/*/*")
    assert len(json.loads((folder / "regrets.json").read_text())) == len(KINDS)

    stored = f"stored={folder}"
    assert cli.main(["bench", "regret", stored, *TINY]) == 0
    out = capsys.readouterr().out
    assert json.loads(out.splitlines()[-1]) == pytest.approx(figures, abs=1e-5)
    assert "made with another" not in out
    assert cli.main(["bench", "regret", stored, *TINY, "search.exploration=0.4"]) == 0
    out = capsys.readouterr().out
    assert "the reference was made with another search.exploration: it still" in out

    assert cli.main(["bench", "regret", f"stored={tmp_path}", *TINY]) == 1
    assert "cannot read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["search", "search.exploration=0.4"], "and 'bench puzzles' take settings of a search"),
        (["regret", "search=alphabeta"], "battles are searched by simultaneous"),
        (["regret", "anew=reference", "search.threads=2"], "search.threads=1"),
    ],
    ids=["another part", "another search", "threads"],
)
def test_a_search_that_cannot_be_measured_is_refused(
    words: list[str],
    refusal: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", *words]) == 2
    assert refusal in capsys.readouterr().err
