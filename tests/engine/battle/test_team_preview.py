"""Team Preview in the engine, beside Showdown's own start of the same battles."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.battle_formats import find_format
from plywise.datasets.pokemon_sets import PokemonSet, random_battle_sets
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import teams
from plywise.engine.battle.border.battle_state import BattleState, IllegalBattleActionError
from plywise.engine.battle.border.seeds import parse_seed, unstarted_from_seed
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.log.preview_lines import preview_lines
from plywise.engine.battle.rules import start
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.tracking.request import nameable

OU = Path(__file__).parents[2] / "data" / "ou.jsonl.gz"
SEED = "gen5,00c0ffee12345678"

Team = tuple[PokemonSet, ...]


@pytest.fixture(scope="module")
def both() -> tuple[Team, Team]:
    return random_battle_sets().team(3), random_battle_sets().team(4)


def named(state: BattleState, first: list[int], second: list[int]) -> BattleState:
    """Name Pokémon one after another; who has named all waits."""
    for k in range(max(len(first), len(second))):
        one, two = (
            c.ACTION_SWITCH + picks[k] if k < len(picks) else NO_ACTION for picks in (first, second)
        )
        state.apply_actions(one, two)
    return state


@pytest.mark.parametrize(
    ("format", "first", "second"),
    [
        ("gen9ou", [4], [0]),
        ("gen9bssregi", [5, 0, 3], [2, 1, 4]),
        ("gen91v1", [2], [1]),
    ],
)
@pytest.mark.parametrize("same", [False, True], ids=["other teams", "the same team: ties"])
def test_the_battle_begins_as_from_the_seed(
    both: tuple[Team, Team], format: str, first: list[int], second: list[int], same: bool
) -> None:
    pair = (both[0], both[0]) if same else both
    if format == "gen91v1":
        pair = (pair[0][:3], pair[1][:3])
    orders = tuple(
        [*picks, *(i for i in range(6) if i not in picks)] if format == "gen9ou" else picks
        for picks in (first, second)
    )
    expected = unstarted_from_seed(pair, format, SEED, (orders[0], orders[1]))
    start(expected, 0)
    state = BattleState.at_preview(*pair, seed=0, format=format)
    state.pool[0].rng = parse_seed(SEED)
    named(state, first, second)
    assert not state.previewing
    for ours, theirs in zip(state.pool[0].sides, expected[0].sides, strict=True):
        size = int(theirs.team_size)
        assert int(ours.team_size) == size
        assert ours.mons[:size].tobytes() == theirs.mons[:size].tobytes()
    for field in ("rng", "turn", "request", "weather", "terrain"):
        assert state.pool[0][field] == expected[0][field]


@pytest.mark.parametrize("format", ["gen9ou", "gen9bssregi", "gen91v1"])
def test_who_may_be_named_is_what_the_request_lets_a_player_name(
    both: tuple[Team, Team], format: str
) -> None:
    rng = Random(3)
    for sizes in ((6, 6), (6, 4), (3, 2), (1, 6)):
        size = find_format(format).max_team_size
        pair = tuple(team[: min(n, size)] for team, n in zip(both, sizes, strict=True))
        state = BattleState.at_preview(pair[0], pair[1], seed=1, format=format)
        picks: tuple[list[int], list[int]] = ([], [])
        while state.previewing:
            actions = []
            for s in range(2):
                team, brought = len(pair[s]), int(state.pool[0].sides[s].pokemon_left)
                needed = 1 if brought == team else brought
                free = nameable(team, picks[s], needed) if len(picks[s]) < needed else []
                assert state.legal_actions(s) == [c.ACTION_SWITCH + i for i in free]
                chosen = rng.choice(free) if free else None
                if chosen is not None:
                    picks[s].append(chosen)
                actions.append(NO_ACTION if chosen is None else c.ACTION_SWITCH + chosen)
            state.apply_actions(*actions)
        assert state.turn == 1


def test_others_than_the_team_are_refused(both: tuple[Team, Team]) -> None:
    state = BattleState.at_preview(*both, seed=0, format="gen9bssregi")
    state.apply_actions(c.ACTION_SWITCH + 2, c.ACTION_SWITCH)
    for wrong in (c.ACTION_SWITCH + 2, c.ACTION_MOVE, NO_ACTION):
        with pytest.raises(IllegalBattleActionError):
            state.apply_actions(wrong, c.ACTION_SWITCH + 1)


def test_the_lines_of_team_preview_are_showdowns() -> None:
    compared = 0
    for battle in read_corpus(OU):
        whole = battle.teams()
        pool = teams.unstarted(whole, battle.rules, rng=Random(0))
        ours = preview_lines(pool[0], Labels.of_teams(whole, battle.rules), find_format("gen9ou"))
        theirs = [line for line in battle.start_log if line.startswith(("|poke|", "|clearpoke"))]
        assert [line for line in ours if line.startswith(("|poke|", "|clearpoke"))] == theirs
        compared += len(theirs)
    assert compared > 40


def test_the_leads_come_in_under_their_names(both: tuple[Team, Team]) -> None:
    state = BattleState.at_preview(*both, seed=0, format="gen9bssregi")
    for k, (one, two) in enumerate(zip((5, 0, 3), (2, 1, 4), strict=True)):
        lines = state.apply_actions(c.ACTION_SWITCH + one, c.ACTION_SWITCH + two, log=True)
        assert bool(lines) == (k == 2)
    assert lines[:3] == ["|teamsize|p1|3", "|teamsize|p2|3", "|start"]
    leads = [line.split("|")[3].split(",")[0] for line in lines if line.startswith("|switch|")]
    assert state.labels is not None
    assert [names[0] for names in state.labels.names] == leads
    assert len(np.unique([len(names) for names in state.labels.names])) == 1
