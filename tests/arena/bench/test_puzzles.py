"""Puzzles: what solutions say, the committed set against a plain enumeration, the generator."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from plywise.arena.bench.decisions import read_columns, write_columns
from plywise.arena.bench.puzzles import positions as positions_module
from plywise.arena.bench.puzzles.enumeration import lower, outcomes, verdict_on
from plywise.arena.bench.puzzles.files import (
    NAME,
    PUZZLES_FOLDER,
    BattlePuzzle,
    PuzzleSet,
    PuzzlesFileError,
    load_puzzles,
    save_puzzles,
)
from plywise.arena.bench.puzzles.making import PuzzleMaker
from plywise.arena.bench.puzzles.mechanics import (
    KIND_WORDS,
    earned,
    left,
    possible,
    strongest_attack,
)
from plywise.arena.bench.puzzles.positions import (
    LETHAL,
    endgames,
    knock_out_chance,
    play,
    playing_search,
    reduced,
    view_of,
)
from plywise.arena.bench.puzzles.solving import LEAST_MARGIN, PuzzleSolution, rounded
from plywise.arena.cli import main as cli
from plywise.conf.schemas.bench import PUZZLE_KINDS
from plywise.engine.battle import constants as c
from plywise.engine.battle.chance_tree import canonical_states, enumerate_step
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import SIMULTANEOUS
from plywise.search.exact.bounds import guarantee


def exact(rows: list[list[float]]) -> PuzzleSolution:
    """A solution whose bounds are equal; its actions count up."""
    values = np.array(rows)
    return PuzzleSolution(tuple(range(len(rows))), tuple(range(len(rows[0]))), values, values)


def committed() -> list[BattlePuzzle]:
    return load_puzzles(PUZZLES_FOLDER / NAME).puzzles


# --- solutions ------------------------------------------------------------------------------


def test_matching_pennies_with_a_losing_third_action() -> None:
    found = exact([[1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0], [-1.0, -0.9]])
    assert found.mixed
    assert found.value == pytest.approx(0.0)
    assert found.best == (0, 1)
    assert found.strategy == pytest.approx({0: 0.5, 1: 0.5})
    assert found.margin == pytest.approx(1.0)
    assert found.is_puzzle()
    assert found.regret(found.strategy) == pytest.approx(0.0)
    assert found.regret({0: 1.0}) == pytest.approx(1.0)  # the best reply to it wins
    assert found.regret({0: 0.75, 1: 0.25}) == pytest.approx(0.5)
    assert found.regret({0: 0.25, 1: 0.25, 2: 0.5}) == pytest.approx(0.5)


def test_actions_worth_the_same_are_all_best_and_the_margin_is_that_of_the_others() -> None:
    found = exact([[0.5, 0.6], [0.49, 0.7], [-0.2, 1.0], [-1.0, -1.0]])
    assert not found.mixed
    assert found.best == (0, 1)
    assert found.value == pytest.approx(0.5)
    assert found.margin == pytest.approx(0.7)
    assert found.is_puzzle()
    assert found.needed((0,)) == pytest.approx(0.01)
    assert found.needed((0, 1)) == pytest.approx(0.7)
    assert found.needed((0, 1, 2, 3)) == 0.0 == found.needed(())
    assert found.regret({1: 1.0}) == pytest.approx(0.01)
    assert found.regret({3: 1.0}) == pytest.approx(1.5)
    assert not exact([[0.5], [0.49], [-0.2]]).is_puzzle()  # two of three actions are best
    assert not exact([[0.5], [0.45], [0.42], [0.41]]).is_puzzle()  # there is no margin


def test_bounds_are_rounded_outwards() -> None:
    low = np.array([[0.123456, -1.0], [0.5, 0.0]])
    found = rounded(PuzzleSolution((0, 1), (0, 1), low, low + 1e-5))
    assert (found.low <= low + 1e-9).all()
    assert (found.high >= low + 1e-5 - 1e-9).all()
    assert found.low[0, 1] == -1.0
    assert (found.high - found.low <= 0.0003).all()


# --- the plain enumeration ------------------------------------------------------------------


def test_values_of_matrix_games_by_square_subgames_are_those_of_the_linear_programme() -> None:
    rng = np.random.default_rng(3)
    for _ in range(150):
        payoff = rng.integers(-4, 5, size=tuple(rng.integers(1, 5, size=2))) / 4.0
        assert lower(payoff) == pytest.approx(guarantee(payoff).low, abs=1e-9)


def test_plain_outcomes_of_a_step_are_those_of_the_kernel() -> None:
    for one in committed()[::40]:
        pair = one.solution.actions[0], one.solution.replies[0]
        first, second = pair if one.player == 0 else pair[::-1]
        kernel = enumerate_step(one.state, 0, first, second)
        states = canonical_states(kernel.states)
        known = {states[k].tobytes(): p for k, p in enumerate(kernel.probabilities.tolist())}
        plain = {after[0].tobytes(): p for p, after in outcomes(one.state, first, second).pairs}
        assert plain == pytest.approx(known)


@pytest.mark.slow
def test_plain_enumeration_confirms_puzzles_and_denies_wrong_ones() -> None:
    confirmed = 0
    for kind in KIND_WORDS:
        for one in [p for p in committed() if p.kind == kind][:2]:
            verdict, _ = verdict_on(one, most_steps=1_500)
            assert verdict != "differ"
            if verdict == "too_long":
                continue
            confirmed += 1
            shift = 0.3 if one.solution.value < 0.5 else -0.3
            low = np.clip(one.solution.low + shift, -1, 1)
            high = np.clip(one.solution.high + shift, -1, 1)
            wrong = replace(one.solution, low=low, high=high)
            assert verdict_on(replace(one, solution=wrong), 1_500)[0] == "differ"
    assert confirmed >= 3


# --- the committed set ----------------------------------------------------------------------


def test_the_committed_puzzles_have_earned_their_kinds() -> None:
    found = committed()
    assert tuple(KIND_WORDS) == PUZZLE_KINDS
    assert len(found) >= 20
    for one in found:
        solution = one.solution
        assert solution.is_puzzle()
        assert int(RULES.current(one.state, 0)) == SIMULTANEOUS
        used = possible([one.kind], one.state, one.player, list(solution.actions))
        assert earned(one.kind, used[one.kind], solution, one.state, one.player)
        assert solution.regret(solution.strategy) < 0.011
        worst = max(solution.regret({a: 1.0}) for a in solution.actions if a not in solution.best)
        assert worst >= LEAST_MARGIN / 2
    assert len({(p.game, p.moment, p.player, p.state.tobytes()) for p in found}) == len(found)
    assert sum(path.stat().st_size for path in PUZZLES_FOLDER.iterdir()) < 2_000_000
    assert (PUZZLES_FOLDER / NAME).stat().st_size < 1_000_000


def test_a_puzzle_is_shown_whole_and_its_state_is_the_one_world() -> None:
    for one in committed()[::7]:
        view = one.view
        assert view.worlds(one.player, 16, seed=5).tobytes() == one.state.tobytes()
        assert tuple(view.legal_actions(one.player)) == one.solution.actions
        names = [view.action_to_string(one.player, a) for a in one.solution.actions]
        assert len(set(names)) == len(names)
        for action, name in zip(one.solution.actions, names, strict=True):
            assert view.parse(f"I choose {name}.", one.player).action == action
        for mon in view.info.foe.mons:
            assert mon.moves
            assert mon.item is not None
            assert mon.ability
        for side, told in ((one.player, view.info.own), (1 - one.player, view.info.foe)):
            assert told.left == left(one.state[0], side)
            assert told.active == int(one.state[0]["sides"][side]["active"])
        assert view.observation_string(one.player)


# --- files ----------------------------------------------------------------------------------


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    found = committed()[:5]
    save_puzzles(tmp_path / NAME, PuzzleSet(found, {"seed": 3}))
    again = load_puzzles(tmp_path / NAME)
    assert again.made == {"seed": 3}
    for one, before in zip(again.puzzles, found, strict=True):
        assert one.state.tobytes() == before.state.tobytes()
        assert one.info == before.info
        assert (one.solution.low == before.solution.low).all()
        assert (one.solution.high == before.solution.high).all()
        same = ("kind", "format", "game", "moment", "player", "taken")
        assert [getattr(one, n) for n in same] == [getattr(before, n) for n in same]
    save_puzzles(tmp_path / NAME, PuzzleSet([], {}))
    assert load_puzzles(tmp_path / NAME).puzzles == []


def test_files_that_make_no_sense_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / NAME
    save_puzzles(path, PuzzleSet(committed()[:3], {}))
    sound, meta = read_columns(path)

    def refused(words: str, **changed: Any) -> None:
        write_columns(path, {"meta": np.array(json.dumps(meta)), **sound, **changed})
        with pytest.raises(PuzzlesFileError, match=words) as failure:
            load_puzzles(path)
        assert "\n" not in str(failure.value)

    refused("its bounds make no sense", width=np.full_like(sound["width"], 5000))
    refused("do not fit together", player=sound["player"][:2])
    refused("is damaged", told=sound["told"][:-9])
    refused("legal are", actions=~sound["actions"])
    path.write_bytes(b"nothing")
    with pytest.raises(PuzzlesFileError):
        load_puzzles(path)


# --- making ---------------------------------------------------------------------------------


def test_a_reduced_state_has_fewer_pokemon_and_nothing_else_changed() -> None:
    battle = play(playing_search(20), "gen9randombattle", 4)
    pool = battle.states[2]
    active = [int(pool[0]["sides"][s]["active"]) for s in (0, 1)]
    alive = [np.flatnonzero(pool[0]["sides"][s]["mons"]["hp"] > 0).tolist() for s in (0, 1)]
    taken = [tuple(i for i in alive[s] if i != active[s])[:3] for s in (0, 1)]
    found = reduced(pool, (taken[0], taken[1]))
    for side in (0, 1):
        assert left(found[0], side) == left(pool[0], side) - 3
        legal = RULES.legal_actions(found, 0, side)
        switches = {a - c.ACTION_SWITCH for a in legal if a >= c.ACTION_SWITCH}
        assert not switches & set(taken[side])
    back = found.copy()
    for name in ("hp", "status", "status_turns", "flag_bits"):
        back["sides"]["mons"][name] = pool["sides"]["mons"][name]
    for name in ("pokemon_left", "total_fainted"):
        back["sides"][name] = pool["sides"][name]
    assert back.tobytes() == pool.tobytes()


def test_what_a_player_is_told_belongs_to_the_position() -> None:
    search, rng = playing_search(20), Random(1)
    battles = [play(search, "gen9randombattle", seed) for seed in range(3)]
    found = [(battle, position) for battle in battles for position in endgames(battle, rng)]
    assert found
    for battle, position in found[:: max(1, len(found) // 3)]:
        info = view_of(battle, position, 1)
        assert info is not None
        assert info.own.left == left(position.pool[0], 1)
        assert info.foe.left == left(position.pool[0], 0)
        assert info.legal == tuple(RULES.legal_actions(position.pool, 0, 1))
        assert min(knock_out_chance(position.pool, s) for s in (0, 1)) >= LETHAL


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_to_the_same_puzzles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions_module, "SIZES", ((1, 1),))
    kinds = ["1v1", "priority", "tera"]
    whole = PuzzleMaker(5, kinds, 1)
    whole.make(battles=4)
    part = PuzzleMaker(5, kinds, 1)
    part.make(battles=2)
    save_puzzles(tmp_path / NAME, part.so_far())
    rest = PuzzleMaker(5, kinds, 1, load_puzzles(tmp_path / NAME))
    rest.make(battles=4)
    for name in ("one", "other"):
        save_puzzles(tmp_path / name, (whole if name == "one" else rest).so_far())
    one, other = (load_puzzles(tmp_path / name) for name in ("one", "other"))
    assert one.made == other.made
    assert [p.state.tobytes() for p in one.puzzles] == [p.state.tobytes() for p in other.puzzles]
    assert whole.battles == 4


def test_the_strongest_attack_counts_accuracy_and_no_more_hp_than_there_are() -> None:
    for one in committed()[::11]:
        action = strongest_attack(one.state, one.player, one.solution.actions)
        assert action is None or action in one.solution.actions
        if one.kind in ("1v1", "2v2"):
            assert action not in one.solution.best


# --- the command ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_puts_searches_and_language_models_into_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [
        "bench", "puzzles", "puzzles_each=1", "kinds=[1v1,priority]", "llm=stand_in",
        "agents=[random,llm,pokechamp,{name: search, iterations: 50}]",
    ]  # fmt: skip
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    figures = json.loads(out.splitlines()[-1])
    for name in ("random", "llm", "pokechamp", "search(iterations=50)"):
        assert -0.01 <= figures[f"{name}_all_regret"] <= 2.0
        assert any(line.startswith(name) for line in out.splitlines())
    assert figures["random_all_regret"] > 0.1
    (folder,) = tmp_path.glob("outputs/bench/*/*")
    written = json.loads((folder / "puzzles.json").read_text())
    assert [one["kind"] for one in written] == ["1v1", "priority"]
    for one in written:
        assert set(one["best"]) <= set(one["guaranteed"])
        assert set(one["answers"]) == {"random", "llm", "pokechamp", "search(iterations=50)"}
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == figures


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["puzzles", "search=alphabeta"], "battles are searched by simultaneous"),
        (["puzzles", "anew=reference"], "'bench puzzles' makes none"),
        (["regret", "anew=puzzles"], "'bench regret' makes none"),
        (["search", "llm=stand_in"], "and 'bench puzzles' ask a language model"),
        (["puzzles", "kinds=[tera,tera]"], "name each kind once"),
        (["puzzles", "kinds=[chess]"], "kinds"),
        (["puzzles", "agents=[random,llm]"], "needs a language model"),
    ],
    ids=["another search", "reference", "regret", "llm", "twice", "unknown", "no model"],
)
def test_settings_that_measure_nothing_are_refused(
    words: list[str],
    refusal: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", *words]) == 2
    assert refusal in capsys.readouterr().err


def test_a_missing_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "puzzles", f"stored={tmp_path}"]) == 1
    err = capsys.readouterr().err
    assert "puzzles.npz" in err
    assert "Traceback" not in err
