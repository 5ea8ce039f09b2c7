"""Self-play files: read back, decoded, the same for any number of workers."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.play.replay import states_of
from plywise.arena.selfplay import Selfplay, SelfplayFileError, load_selfplay, run_selfplay
from plywise.conf.schemas.commands import SelfplayConfig
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.games.registry import make_game


def write(path: Path, agent: str = "search", **more: Any) -> Selfplay:
    given: dict[str, Any] = {
        "game": GameConfig("tic_tac_toe"),
        "agent": agent_config(agent),
        "search": AlphaBetaGroup(seconds=None, max_depth=3, table_bits=12),
        "llm": NoLLMGroup(),
        "games": 6,
        "seed": 40,
        "out": str(path),
    }
    config = SelfplayConfig(**(given | more))
    assert run_selfplay(config, path.parent, Console(file=StringIO())) == 0
    return load_selfplay(path)


def test_states_decode_and_belong_to_their_games(tmp_path: Path) -> None:
    played = write(tmp_path / "s.npz")
    columns, game = played.columns, make_game("tic_tac_toe")
    assert played.meta["config"]["seed"] == 40
    assert list(columns["game_seed"]) == list(range(40, 46))
    ends = np.cumsum(columns["game_plies"])
    assert ends[-1] == len(columns["game_actions"])
    assert (columns["ply"] >= 2).all()  # the opening's random moves are no rows
    assert len(columns["ply"]) == ends[-1] - 2 * 6
    row = 0
    for index, end in enumerate(ends):
        moves = [(int(a), int(b)) for a, b in columns["game_actions"][:end]]
        moves = moves[end - columns["game_plies"][index] :]
        for ply, state in enumerate(states_of(game, 40 + index, moves)):
            if ply < 2 or ply == len(moves):
                continue
            player = state.current_player()
            assert (columns["game"][row], columns["ply"][row]) == (index, ply)
            assert columns["player"][row] == player
            assert played.states[row] == state.flat()[0]
            assert list(np.flatnonzero(columns["legal"][row])) == state.legal_actions()
            assert columns["strategy"][row].sum() == pytest.approx(1)
            assert columns["action"][row] == max(moves[ply])
            assert -1 <= columns["value"][row] <= 1
            sign = 1 if player == 0 else -1
            assert columns["result"][row] == sign * columns["game_result"][index]
            row += 1
    assert row == len(columns["ply"])
    assert len({tuple(a) for a in columns["game_actions"][:2]}) == 2


@pytest.mark.slow
def test_workers_change_nothing(tmp_path: Path) -> None:
    alone, together = write(tmp_path / "a.npz"), write(tmp_path / "b.npz", jobs=2)
    assert alone.meta == together.meta
    for name, column in alone.columns.items():
        np.testing.assert_array_equal(column, together.columns[name])


def test_an_agent_without_values_has_none(tmp_path: Path) -> None:
    played = write(tmp_path / "s.npz", "random", openings=0)
    assert np.isnan(played.columns["value"]).all()
    assert len(played.columns["ply"]) == played.columns["game_plies"].sum()


@pytest.mark.slow
def test_battles_decode(tmp_path: Path) -> None:
    played = write(
        tmp_path / "s.npz",
        game=GameConfig("gen9randombattle"),
        search=SimultaneousGroup(seconds=None, iterations=50, worlds=2, max_depth=4),
        games=1,
    )
    assert played.states.dtype.itemsize == played.columns["state"].shape[1]
    assert set(played.columns["player"]) == {0, 1}
    assert (played.states["sides"]["mons"]["max_hp"] > 0).all()
    legal = np.take_along_axis(
        played.columns["legal"], played.columns["action"][:, None].astype(int), axis=1
    )
    assert legal.all()


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not play board games"):
        write(tmp_path / "s.npz", "max_damage")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.npz").write_text("nothing")
    with pytest.raises(SelfplayFileError, match="no file of self-play"):
        load_selfplay(tmp_path / "x.npz")


@pytest.mark.parametrize(
    "damage",
    [
        lambda columns, meta: columns.pop("ply"),
        lambda columns, meta: columns.pop("state"),
        lambda columns, meta: columns.update(ply=np.array(3)),
        lambda columns, meta: columns.update(value=columns["value"][1:]),
        lambda columns, meta: columns.update(result=columns["result"].astype(str)),
        lambda columns, meta: columns.update(state=columns["state"][:, 1:]),
        lambda columns, meta: meta.clear(),
        lambda columns, meta: meta.update(state_dtype=3),
        lambda columns, meta: meta.update(state_dtype="[" * 10_000),
        lambda columns, meta: meta.update(state_dtype="[('a', '|V0')]"),
        lambda columns, meta: meta.update(state_dtype="'|O'"),
    ],
)
def test_a_file_of_other_columns_is_refused(
    tmp_path: Path, damage: Callable[[dict[str, NDArray[Any]], dict[str, Any]], object]
) -> None:
    played = write(tmp_path / "s.npz", games=2)
    columns, meta = dict(played.columns), dict(played.meta)
    damage(columns, meta)
    np.savez(tmp_path / "x.npz", meta=np.array(json.dumps(meta)), **columns)  # type: ignore[arg-type]
    with pytest.raises(SelfplayFileError, match="no file of self-play"):
        load_selfplay(tmp_path / "x.npz")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "s.npz", games=2)
    sound, file = (tmp_path / "s.npz").read_bytes(), tmp_path / "x.npz"
    directory = sound.index(b"PK\x01\x02")
    encrypted, packed, end = directory + 8, directory + 10, len(sound) - 22
    for at, value in ((encrypted, 1), (packed, 77), (end + 16, 0xFF), (end, 0)):
        file.write_bytes(sound[:at] + bytes([value]) + sound[at + 1 :])
        with pytest.raises(SelfplayFileError, match="no file of self-play"):
            load_selfplay(file)
    for content in (b"", sound[:-9], sound[:40], b"PK\x03\x04" + b"\0" * 50):
        file.write_bytes(content)
        with pytest.raises(SelfplayFileError, match="no file of self-play"):
            load_selfplay(file)
    np.save(tmp_path / "x.npy", np.arange(3))
    with pytest.raises(SelfplayFileError, match="no file of self-play"):
        load_selfplay(tmp_path / "x.npy")
