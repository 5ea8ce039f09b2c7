"""The sequential test stops a match at the same pair, in whatever order games end."""

from random import Random

import pytest

from plywise.arena.game_store import FinishedGame
from plywise.arena.sequential import SequentialStop
from plywise.conf.tournament_schema import SPRTGroup


def games(pairs: int) -> list[FinishedGame]:
    rng = Random(3)
    return [
        FinishedGame(n, (0, 1) if n % 2 == 0 else (1, 0), n // 2, float(rng.choice(results)))
        for n in range(2 * pairs)
        for results in [(1, 1, 0, -1) if n % 2 == 0 else (-1, -1, 0, 1)]
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_ends_decides_nothing(seed: int) -> None:
    bounds = SPRTGroup(elo0=0, elo1=100)
    in_order = SequentialStop.over(bounds, games(500))
    assert in_order.decided
    assert in_order.summary()["verdict"].value == "accept H1"  # type: ignore[attr-defined]
    assert in_order.counted < 1000
    shuffled = games(500)
    Random(seed).shuffle(shuffled)
    assert SequentialStop.over(bounds, shuffled).summary() == in_order.summary()
    assert in_order.lines()[0].startswith("SPRT: llr ")


def test_a_gap_is_waited_for_and_a_broken_pair_passed_over() -> None:
    stop = SequentialStop(SPRTGroup())
    played = games(5)
    for game in played[2:]:
        stop.add(game)
    assert stop.pairs == 0
    played[0].result = None
    stop.add(played[1])
    stop.add(played[0])
    assert stop.pairs == 5
    assert sum(stop.summary()["pentanomial"]) == 4  # type: ignore[call-overload]
