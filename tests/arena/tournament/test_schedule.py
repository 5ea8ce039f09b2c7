"""Who meets whom: every pairing in pairs, in an order that more pairs only prolong."""

from collections import Counter

import pytest

from plywise.arena.tournament.schedule import GameTask, Schedule


def whole(schedule: Schedule, shares: list[float]) -> list[GameTask]:
    return [t for index in range(schedule.rounds) for t in schedule.round(index, shares)]


@pytest.mark.parametrize("pairing", ["round_robin", "gauntlet", "ladder"])
@pytest.mark.parametrize("agents", [2, 3, 5])
def test_games_come_in_pairs_with_sides_swapped(pairing: str, agents: int) -> None:
    schedule = Schedule(pairing, agents, 4, seed=10)
    tasks = whole(schedule, [0.5] * agents)
    assert [t.number for t in tasks] == list(range(schedule.total))
    for one, two in zip(tasks[::2], tasks[1::2], strict=True):
        assert one.players == two.players[::-1]
        assert one.seed == two.seed
        assert one.number // 2 == two.number // 2
    # The same agents never meet twice with one seed.
    assert max(Counter((t.players, t.seed) for t in tasks).values()) == 1
    assert {t.seed for t in tasks} == {10, 11, 12, 13}


def test_round_robin_and_gauntlet() -> None:
    everybody = {t.players for t in Schedule("round_robin", 4, 1, 0).round(0, [0.5] * 4)}
    assert len(everybody) == 12
    gauntlet = {t.players for t in Schedule("gauntlet", 4, 1, 0).round(0, [0.5] * 4)}
    assert gauntlet == {(0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 0)}


def test_a_ladder_pairs_neighbours_by_score() -> None:
    schedule = Schedule("ladder", 3, 2, seed=5)
    assert [t.players for t in schedule.round(0, [0.5] * 3)][::2] == [(0, 1), (1, 2)]
    later = schedule.round(1, [0.2, 0.5, 0.9])
    assert [t.players for t in later][::2] == [(2, 1), (1, 0)]
    assert [t.number for t in later] == [4, 5, 6, 7]
    assert {t.seed for t in later} == {6}


@pytest.mark.parametrize("pairing", ["round_robin", "gauntlet", "ladder"])
def test_more_pairs_prolong_a_schedule(pairing: str) -> None:
    short, long = (whole(Schedule(pairing, 4, n, 3), [0.5] * 4) for n in (2, 5))
    assert long[: len(short)] == short
