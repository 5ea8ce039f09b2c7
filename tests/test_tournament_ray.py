"""A tournament on a local Ray cluster of two workers: the same games as on local workers."""

from pathlib import Path

import pytest

from plywise.arena.cli import main
from plywise.arena.game_store import GameStore

pytest.importorskip("ray", reason="Ray is an extra: pip install 'plywise[ray]'")


def games(folder: Path, executor: str) -> list[tuple[object, ...]]:
    record = folder / f"{executor}.sqlite"
    code = main(
        [
            *("tournament", "game=tic_tac_toe", "agents=[random,{name:search,max_depth:2}]"),
            *("tournament.pairs=10", "search.seconds=null", f"tournament.executor={executor}"),
            *("tournament.jobs=2", f"tournament.record='{record}'", f"hydra.run.dir='{folder}'"),
        ]
    )
    assert code == 0
    with GameStore.read(record) as store:
        assert store.faults() == []
        return [game.game() for game in store.games()]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ray_plays_the_same_games(tmp_path: Path) -> None:
    on_ray = games(tmp_path, "ray")
    assert len(on_ray) == 20
    assert on_ray == games(tmp_path, "local")
