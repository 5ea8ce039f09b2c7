"""The sequential test stops a match at the same pair, in whatever order games end."""

from pathlib import Path
from random import Random

import pytest

from plywise.arena.cli.main import main
from plywise.arena.tournament.sequential import SequentialStop
from plywise.arena.tournament.store import FinishedGame, GameStore
from plywise.conf.schemas.tournament import SPRTGroup


def games(pairs: int) -> list[FinishedGame]:
    rng = Random(3)
    return [
        FinishedGame(n, (0, 1) if n % 2 == 0 else (1, 0), n // 2, float(rng.choice(results)))
        for n in range(2 * pairs)
        for results in [(1, 1, 0, -1) if n % 2 == 0 else (-1, -1, 0, 1)]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_ends_decides_nothing(seed: int) -> None:
    bounds = SPRTGroup(elo0=0, elo1=100)
    in_order = SequentialStop(bounds, games(500))
    assert in_order.decided
    assert in_order.summary()["verdict"].value == "accept H1"  # type: ignore[attr-defined]
    assert in_order.counted < 1000
    shuffled = games(500)
    Random(seed).shuffle(shuffled)
    assert SequentialStop(bounds, shuffled).summary() == in_order.summary()
    assert in_order.lines()[0].startswith("SPRT: llr ")


def test_a_gap_is_waited_for_and_a_broken_pair_passed_over() -> None:
    stop = SequentialStop(SPRTGroup(elo1=10.0))
    played = games(5)
    for game in played[2:]:
        stop.add(game)
    assert stop.pairs == 0
    played[0].result = None
    stop.add(played[1])
    stop.add(played[0])
    assert stop.pairs == 5
    assert sum(stop.summary()["pentanomial"]) == 4  # type: ignore[call-overload]


@pytest.mark.slow
def test_the_command_stops_early(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        *("tournament", "game=tic_tac_toe", "agents=[random,{name:search,max_depth:3}]"),
        *("tournament.pairs=200", "search.seconds=null", "tournament.executor=inline"),
        *(f"tournament.record='{tmp_path}/r.sqlite'", f"hydra.run.dir='{tmp_path}'"),
    ]
    assert main([*arguments, "tournament.sprt={elo0: 0, elo1: 100}"]) == 0
    with GameStore.read(tmp_path / "r.sqlite") as store:
        assert 4 <= len(list(store.games())) < 100
    assert "SPRT" in capsys.readouterr().out
    assert main([*arguments, "tournament.sprt={elo0: 5, elo1: 0}"]) == 2
    assert main([*arguments, "tournament.sprt={elo: 5}"]) == 2
