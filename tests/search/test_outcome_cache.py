"""States that the search goes on in, in place of playing turns anew."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from plywise.arena.bench.search import mid_game_states
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import SIMULTANEOUS
from plywise.search.config import SearchError
from plywise.search.decision import Decision
from plywise.search.simultaneous import memory as tree_memory
from plywise.search.simultaneous import tree as simultaneous_tree
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.kernel import BOTH, NOBODY, OWN
from plywise.search.simultaneous.memory import ALL_WORLDS
from plywise.search.simultaneous.search import SimultaneousSearch

ITERATIONS = 6000


@cache
def worlds() -> Any:
    """A battle in mid-game, as four worlds."""
    return np.repeat(mid_game_states(1), 4)


def searched(**settings: Any) -> tuple[SimultaneousSearch, Decision]:
    config = SimultaneousConfig(seconds=None, iterations=ITERATIONS, **settings)
    search = SimultaneousSearch(RULES, config)
    return search, search.decide(worlds(), None, 0, seed=3)


def test_turns_are_saved() -> None:
    _, always = searched(resample_rate=1.0)
    assert always.notes["steps"] == always.notes["turns"]
    played = [searched(resample_rate=r)[1].notes for r in (0.0, 0.125, 0.5)]
    shares = [notes["steps"] / notes["turns"] for notes in played]
    assert shares == sorted(shares)
    assert shares[0] < shares[1] < 0.58 < shares[2] < 1.0


@pytest.mark.parametrize("algorithm", ["uct", "regret"])
def test_what_is_noted_of_a_kept_state_is_true(algorithm: str) -> None:
    search, _ = searched(algorithm=algorithm, resample_rate=0.0)
    (tree,) = search._forest.trees
    count = int(tree.control[0].worlds)
    out = np.zeros(RULES.num_actions, np.int32)
    seen = 0
    for state in range(count + 1, count + 1 + int(tree.control[0].kept)):
        outcome = tree.outcomes[state]
        kind = int(tree.nodes[int(outcome["node"])]["kind"])
        who = int(RULES.current(tree.pool, state))
        assert (who == SIMULTANEOUS) == (kind == BOTH)
        assert (who == 0) == (kind == OWN)
        if kind == NOBODY or not (outcome["own"] or outcome["other"]):
            continue
        for player, noted in ((0, outcome["own"]), (1, outcome["other"])):
            legal = out[: int(RULES.legal(tree.pool, state, player, out))]
            if who in (SIMULTANEOUS, player):
                assert int(noted) == sum(1 << int(a) for a in legal)
                seen += 1
    assert seen > 500


def test_how_often_cells_are_played_again() -> None:
    search, _ = searched(resample_rate=0.25)
    (tree,) = search._forest.trees
    control = tree.control[0]
    part = tree.table[1 << int(control.bits) : 2 << int(control.bits)]
    live = part[part["key"] >> 54 == int(control.epoch)]
    cells = live[(live["count"] > 8) & (live["key"] & 255 != ALL_WORLDS)]
    assert len(cells) > 50
    for cell in cells:
        visits, played = int(cell["count"]), int(cell["played"])
        assert max(visits**0.5, visits / 4) - 1 <= played < max(visits**0.5, visits / 4) + 2


def test_where_the_table_stands_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    search, small = searched()
    assert search._forest.trees[0].control[0].bits > tree_memory.FIRST_BITS  # it grew
    monkeypatch.setattr(simultaneous_tree, "FIRST_BITS", 30)
    _, large = searched()
    assert (small.visits, small.values) == (large.visits, large.values)
    assert small.notes["nodes"] == large.notes["nodes"]


def test_tables_are_wiped_before_epochs_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simultaneous_tree, "EPOCHS", 3)
    config = SimultaneousConfig(seconds=None, iterations=300)
    search = SimultaneousSearch(RULES, config)
    found = [search.decide(worlds(), None, 0, seed=3) for _ in range(8)]
    assert all((d.visits, d.values) == (found[0].visits, found[0].values) for d in found)


@pytest.mark.parametrize("iterations", [100, 2000])
def test_no_node_is_lost_for_lack_of_room(iterations: int) -> None:
    config = SimultaneousConfig(seconds=None, iterations=iterations)
    pool = np.repeat(mid_game_states(1), 16)
    assert SimultaneousSearch(RULES, config).decide(pool, None, 0, seed=0).notes["cut"] == 0


def test_the_rate_is_a_fraction() -> None:
    with pytest.raises(SearchError, match="must be between"):
        SimultaneousConfig(resample_rate=1.5)
