"""Battles of our own agents, as logs and as tables of decisions, against what was really chosen."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from plywise.arena.play.stepper import GameInProgress
from plywise.arena.prediction.battles import PAIRINGS, PLAYER_KINDS, circle_players, make_battles
from plywise.arena.replays.share import key_of
from plywise.datasets.showdown_data import to_id
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.infostate import action_name, from_json
from plywise.games.gen9.opponents.choices import canonical_name
from plywise.games.gen9.replays.decisions import replay_decisions
from plywise.games.gen9.replays.log import BattleLogError
from plywise.games.gen9.state import Gen9State

Chosen = list[tuple[int, int, str, frozenset[str]]]


@pytest.fixture(scope="module", params=["gen9randombattle", "gen9ou"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Chosen]]:
    """Four battles, with all that was chosen in each: (turn, player, name, moves of the set)."""
    chosen: list[Chosen] = []
    plain_init, plain_apply = GameInProgress.__init__, GameInProgress.apply

    def begin(self: GameInProgress, *args: object) -> None:
        plain_init(self, *args)  # type: ignore[arg-type]
        chosen.append([])

    def apply(self: GameInProgress, actions: list[int]) -> None:
        state = self.state
        assert isinstance(state, Gen9State)
        for player, action in enumerate(actions):
            info = state.information_state(player)
            mon = info.own.active_mon
            if action != NO_ACTION and info.request != "wait":
                moves = frozenset(m.id for m in mon.moves) if mon else frozenset()
                name = canonical_name(action_name(info, action))
                chosen[-1].append((info.turn, player, name, moves))
        plain_apply(self, actions)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GameInProgress, "__init__", begin)
        patch.setattr(GameInProgress, "apply", apply)
        folder = tmp_path_factory.mktemp(request.param)
        make_battles(folder, request.param, 4, 3, lambda line: None)
    return folder, chosen


def battles_in(folder: Path) -> list[str]:
    lines = (folder / "battles.jsonl").read_text().splitlines()
    return [json.loads(line)["log"] for line in lines]


@pytest.mark.slow
def test_the_tables_actions_are_those_that_were_chosen(made: tuple[Path, list[Chosen]]) -> None:
    folder, chosen = made
    counts: Counter[str] = Counter()
    for log, truth in zip(battles_in(folder), chosen, strict=True):
        battle = replay_decisions(log)
        rows = [row for row in battle.rows if row.action]
        for row in rows:
            if "forced" in row.flags:
                continue
            at = [
                name for turn, player, name, _ in truth if (turn, player) == (row.turn, row.player)
            ]
            counts["right" if canonical_name(row.action) in at else "wrong"] += 1
        counts["rows"] += len(battle.rows)
        counts["decisions"] += len(truth)
    assert counts["wrong"] == 0
    assert counts["right"] > 80
    # Some requests are never answered by a line: a side that has won has nothing to send in.
    assert 0.9 * counts["decisions"] <= counts["rows"] <= counts["decisions"]


@pytest.mark.slow
def test_team_sheets_reach_their_own_player_alone(made: tuple[Path, list[Chosen]]) -> None:
    folder, chosen = made
    for log, truth in zip(battles_in(folder), chosen, strict=True):
        with_sheets = replay_decisions(log)
        told = "\n".join(line for line in log.split("\n") if not line.startswith("|showteam|"))
        without = replay_decisions(told)
        assert len(with_sheets.rows) == len(without.rows)
        for row, plain in zip(with_sheets.rows, without.rows, strict=True):
            info, less = from_json(row.state), from_json(plain.state)
            assert [m.species for m in info.foe.mons] == [m.species for m in less.foe.mons]
            assert info.foe.mons == less.foe.mons
            assert row.foe_action == plain.foe_action
            sets = [
                moves
                for turn, player, _, moves in truth
                if (turn, player) == (row.turn, row.player)
            ]
            mon = info.own.active_mon
            if row.request == "move" and mon and not mon.copied:
                assert frozenset(m.id for m in mon.moves) in sets
            assert len(info.own.mons) == 6
            assert all(m.moves and m.item is not None and m.ability for m in info.own.mons)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_battles(
    made: tuple[Path, list[Chosen]], tmp_path: Path
) -> None:
    folder, _ = made
    first = json.loads((folder / "battles.jsonl").read_text().splitlines()[0])
    make_battles(tmp_path, first["formatid"], 1, 3, lambda line: None)
    assert json.loads((tmp_path / "battles.jsonl").read_text()) == first


def test_circles_hold_one_player_of_each_kind_and_share_none() -> None:
    first, second = circle_players(0, 7), circle_players(1, 7)
    assert tuple(p.kind for p in first) == PLAYER_KINDS
    assert len(PAIRINGS) == 15
    names = [player.name for player in (*first, *second)]
    assert len(set(names)) == 12
    assert [p.agent for p in circle_players(0, 7)] == [p.agent for p in first]


@pytest.mark.slow
def test_players_are_named_with_the_keys_of_the_table(made: tuple[Path, list[Chosen]]) -> None:
    folder, _ = made
    header, *rows = (folder / "players.csv").read_text().splitlines()
    assert header == "player_key,name,kind,agent"
    found = [row.split(",", 3) for row in rows]
    assert {row[2] for row in found} == set(PLAYER_KINDS)
    assert all(row[0] == key_of(to_id(row[1])) for row in found)


def test_a_broken_team_sheet_is_a_reason_with_its_line() -> None:
    head = "|player|p1|A|1|\n|player|p2|B|2|\n|showteam|p1|a]b|c\n"
    log = f"{head}|gen|9\n|tier|[Gen 9] OU\n|start\n|turn|1"
    with pytest.raises(BattleLogError, match="a team that cannot be read") as raised:
        replay_decisions(log)
    assert raised.value.line == 3
