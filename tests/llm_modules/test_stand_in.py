"""The stand-in of known skill: what it knows, how often it is right, and what that is worth."""

import math
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from plywise.arena.agents.battle_search import BattleAgent
from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.cli.main import main
from plywise.arena.guidance.advised import Advised
from plywise.arena.guidance.oracles import BattleOracle, BoardOracle, make_oracle
from plywise.arena.tournament.store import GameStore
from plywise.conf.schemas.game import GameConfig, Gen9Config
from plywise.conf.schemas.llm import NoLLMGroup, StandInGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.datasets.battle_formats import find_format
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.chance_tree import enumerate_step
from plywise.engine.battle.constants import SIDE_TERA_USED
from plywise.engine.battle.rules import RULES
from plywise.games.base import NO_ACTION, State
from plywise.games.exact_values import EXACT_VALUES
from plywise.games.gen9.option_facts import foe_options
from plywise.games.gen9.state import Gen9State, begun
from plywise.games.registry import make_game
from plywise.llm_modules.guides.guides import GuideConfig
from plywise.llm_modules.guides.stand_in import StandIn
from plywise.search.exact.equilibrium import EquilibriumSearch
from plywise.search.guide.protocol import Question

PROPOSE, MODEL, EVALUATE = Question.PROPOSE, Question.MODEL, Question.EVALUATE


def played(name: str, moves: list[int]) -> State:
    state = make_game(name).new_initial_state()
    for move in moves:
        state.apply_action(move)
    return state


def board_oracle(name: str) -> BoardOracle:
    return BoardOracle(EXACT_VALUES[name](make_game(name)))


def result(state: State, player: int) -> float:
    """Plain minimax, the truth to compare with."""
    if state.is_terminal():
        return state.returns()[player]
    after = []
    for action in state.legal_actions():
        child = state.clone()
        child.apply_action(action)
        after.append(result(child, player))
    return max(after) if state.current_player() == player else min(after)


# --- what the oracles know ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("tic_tac_toe", [0, 8]),
        ("tic_tac_toe", [4, 1]),
        ("tic_tac_toe", [0, 4, 8]),
        # 36 stones: two columns are open
        ("connect_four", [*[0, 1] * 3, *[1, 0] * 3, *[2, 3] * 3, *[3, 2] * 3, *[4, 5] * 3, 5, 4]),
    ],
)
def test_board_oracles_know_every_result(name: str, moves: list[int]) -> None:
    state = played(name, moves)
    player = state.current_player()
    results = {}
    for action in state.legal_actions():
        child = state.clone()
        child.apply_action(action)
        results[action] = result(child, player)
    oracle = board_oracle(name)
    values = oracle.truth(state, player, EVALUATE, 0)
    assert {a: math.copysign(round(abs(v)), v) for a, v in values.items()} == results
    proposed = oracle.truth(state, player, PROPOSE, 0)
    assert sum(proposed.values()) == pytest.approx(1.0)
    assert all(results[a] == max(results.values()) for a, p in proposed.items() if p > 0)
    assert set(proposed) == set(results)


def test_a_sooner_win_is_worth_more_and_a_win_at_once_1() -> None:
    state = played("tic_tac_toe", [0, 3, 1, 4])  # X wins at 2; elsewhere O is first at 5
    values = board_oracle("tic_tac_toe").truth(state, 0, EVALUATE, 0)
    assert values[2] == 1.0
    assert max(v for a, v in values.items() if a != 2) < 0.99
    state.apply_action(8)
    assert board_oracle("tic_tac_toe").truth(state, 1, EVALUATE, 0)[5] == 1.0


def test_the_predicted_replies_are_best_after_a_best_action() -> None:
    oracle = board_oracle("tic_tac_toe")
    replies = oracle.truth(played("tic_tac_toe", [0]), 1, MODEL, 0)
    # The middle alone draws; then X may mark any square.
    assert {a for a, p in replies.items() if p > 0} == {1, 2, 3, 5, 6, 7, 8}
    over = played("tic_tac_toe", [0, 3, 1, 4])  # the first player wins: there is no reply
    assert oracle.truth(over, 0, MODEL, 0) == {}


def endgame(seed: int) -> BattleState:
    """One Pokémon a side with a tenth of its HP, two moves each with two PP, no Tera left."""
    rng, sets = Random(seed), random_battle_sets()
    teams = [[replace(s, moves=s.moves[:2]) for s in sets.random_team(rng)[:1]] for _ in (0, 1)]
    battle = BattleState.from_teams(teams[0], teams[1], seed=seed)
    for side in battle.pool[0].sides:
        side.flag_bits = int(side.flag_bits) | SIDE_TERA_USED
        side.mons[0].hp = max(1, int(side.mons[0].max_hp) // 10)
        side.mons[0].pp = [min(2, int(pp)) for pp in side.mons[0].pp]
    return battle


def battle_oracle(**settings: Any) -> BattleOracle:
    config = SimultaneousGroup(seconds=None, worlds=2, **settings)
    return BattleOracle(make_game("gen9randombattle"), config, 2000)


def test_the_battle_oracle_knows_the_only_good_action_and_its_value() -> None:
    oracle = battle_oracle(iterations=10, opponent_prior=0.0, prior_trust=0.0)
    compared = []
    for seed in (0, 6, 7, 9, 11):
        battle = endgame(seed)
        exact = EquilibriumSearch(
            RULES, lambda pool, a0, a1: enumerate_step(pool, 0, a0, a1).pairs(), prune=False
        ).solve(battle.pool, 3)
        for player, sign in ((0, 1.0), (1, -1.0)):
            payoffs: dict[int, list[float]] = {}
            for joint, payoff in exact.payoffs.items():
                payoffs.setdefault(joint[player], []).append(sign * payoff)
            worst = {action: min(found) for action, found in payoffs.items()}
            best = max(worst, key=lambda a: worst[a])
            others = [x for action, found in payoffs.items() if action != best for x in found]
            if worst[best] < max(others) + 0.2:
                continue
            state = begun(battle, find_format("gen9randombattle"))
            proposed = oracle.truth(state, player, PROPOSE, 0)
            values = oracle.truth(state, player, EVALUATE, 0)
            assert proposed[best] == pytest.approx(1.0)
            assert values[best] == pytest.approx(sign * exact.value, abs=0.1)  # its sampled turns
            assert values[best] == max(values.values())
            compared.append((seed, player))
    assert compared == [(0, 0), (6, 0), (7, 0), (9, 1), (11, 0)]


def test_the_battle_oracle_predicts_what_the_search_would_play() -> None:
    game = make_game("gen9randombattle")
    state = cast("Gen9State", game.new_initial_state(5))
    rng = Random(5)
    while state.battle.pool[0].turn < 12:  # by then much has been seen
        legal = [state.legal_actions(p) or [NO_ACTION] for p in (0, 1)]
        state.apply_actions([rng.choice(actions) for actions in legal])
    config = SimultaneousGroup(seconds=None, iterations=60, worlds=2)
    factory = AgentFactory(GameConfig("gen9randombattle"), config, NoLLMGroup())
    played = factory.build(agent_config("search")).decide(state, 1, seed=77).strategy
    predicted = make_oracle(game, config, 10).truth(state, 0, MODEL, 77)
    # Player 0 numbers what it has seen in its own way; by name both are the same.
    names = {a: n for n, a in foe_options(state.information_state(0))}
    by_name: dict[str, float] = {}
    for action, share in played.items():
        name = state.action_to_string(1, action).removesuffix(" tera")
        by_name[name] = by_name.get(name, 0.0) + share
    assert {names[a]: p for a, p in predicted.items()} == pytest.approx(
        {name: by_name.get(name, 0.0) for name in names.values()}
    )
    assert 0.1 < sum(predicted.values()) < 1.0  # the rest was never seen


# --- the stand-in -------------------------------------------------------------------------------


def stand_in(guides: tuple[str, ...], skill: float, **more: Any) -> StandIn:
    config = GuideConfig(guides=guides, trust=dict.fromkeys(guides, 1.0))
    return StandIn(board_oracle("tic_tac_toe"), config, skill, **more)


@pytest.mark.parametrize("question", [PROPOSE, EVALUATE])
@pytest.mark.parametrize(("skill", "low", "high"), [(0, 56, 116), (0.5, 221, 284), (1, 400, 400)])
def test_it_is_right_as_often_as_its_skill_says(
    question: Question, skill: float, low: int, high: int
) -> None:
    """The bounds are three binomial standard deviations of 400 answers, right by chance in 3/14."""
    state = played("tic_tac_toe", [0, 8])  # two of the seven replies, the other corners, win
    guide = stand_in((question.value,), skill)
    right = 0
    for seed in range(400):
        (advice,) = guide.consult(state, 0, seed).poll()
        right += max(advice.weights, key=lambda a: advice.weights[a]) in {2, 6}
    assert low <= right <= high


def test_a_wrong_answer_has_the_numbers_of_the_right_one() -> None:
    state = played("tic_tac_toe", [0, 8])
    truth = board_oracle("tic_tac_toe").truth(state, 0, EVALUATE, 0)
    said = [stand_in(("evaluate",), 0).consult(state, 0, s).poll()[0].weights for s in range(9)]
    assert all(sorted(w.values()) == sorted(truth.values()) and set(w) == set(truth) for w in said)
    assert len({tuple(w.items()) for w in said}) > 5


def test_the_same_seed_gives_the_same_answers_and_nothing_is_asked_at_the_end() -> None:
    state = played("tic_tac_toe", [])
    every = ("propose", "model", "evaluate")
    guide = stand_in(every, 0.5, seed=3)
    one, two, other = (guide.consult(state, 0, seed).poll() for seed in (9, 9, 10))
    assert one == two != other
    assert stand_in(every, 0.5, seed=4).consult(state, 0, 9).poll() != one
    assert [a.question for a in one] == [PROPOSE, MODEL, EVALUATE]
    over = played("tic_tac_toe", [0, 3, 1, 4])  # the first player wins: no reply to be predicted
    consultation = stand_in(every, 1.0).consult(over, 0, 1)
    assert [a.question for a in consultation.poll()] == [PROPOSE, EVALUATE]
    assert consultation.finished
    assert (consultation.close().calls, consultation.close().late) == (2, 0)


def test_a_guide_without_trust_is_not_asked() -> None:
    class Dumb:
        def truth(self, *question: Any) -> dict[int, float]:
            raise AssertionError("asked")

        def value(self, *position: Any) -> float:
            raise AssertionError("asked")

    config = GuideConfig(guides=("propose", "model"), trust={"propose": 0.0, "model": 0.0})
    asked = StandIn(Dumb(), config, 0.0).consult(played("tic_tac_toe", []), 0, 1)
    assert asked.finished
    assert asked.poll() == []
    assert asked.close().calls == 0


def test_a_delay_is_waited_for_or_the_answers_are_late() -> None:
    state = played("tic_tac_toe", [])
    slow = stand_in(("propose", "evaluate"), 1.0, delay=0.05).consult(state, 0, 1)
    assert slow.poll() == []
    assert not slow.finished
    time.sleep(0.06)
    assert [a.seconds for a in slow.poll()] == [0.05, 0.05]
    never = stand_in(("propose", "evaluate"), 1.0, delay=9.0).consult(state, 0, 1)
    never.poll()
    report = never.close()
    assert (report.calls, report.late, report.latencies) == (2, 2, [])
    assert {entry["status"] for entry in never.transcript} == {"late"}


def test_the_time_of_the_oracle_is_not_counted() -> None:
    class Thinker:
        def truth(self, *question: Any) -> dict[int, float]:
            time.sleep(0.3)
            return {0: 1.0, 1: 0.0}

        def value(self, *position: Any) -> float:
            raise AssertionError("asked")

    state = make_game("goofspiel", cards=3).new_initial_state()
    config = SimultaneousGroup(seconds=0.1, worlds=1)
    kernels = state.game.kernels()  # type: ignore[attr-defined]
    guide = StandIn(Thinker(), GuideConfig(guides=("propose",)), 1.0)
    agent = BattleAgent("advised", kernels, config, Advised(guide.consult))
    decision = agent.decide(state, 0, seed=1)
    assert decision.notes["advice_used"] == ("propose:stand-in",)
    assert 0.05 < decision.seconds < 0.25


def test_good_values_win_games_and_bad_ones_do_not(tmp_path: Path) -> None:
    """Connect Four at two plies, unadvised v advised by the exact solution and by chance."""
    record = tmp_path / "r.sqlite"
    agents = ",".join(
        [
            "{name:search,label:alone}",
            "{name:llm_search,label:right,llm:{guides:[propose,evaluate],skill:1.0}}",
            "{name:llm_search,label:chance,llm:{guides:[propose,evaluate],skill:0.0}}",
        ]
    )
    arguments = [
        *("tournament", "llm=stand_in", "game=connect_four", f"agents=[{agents}]"),
        *("search.seconds=null", "search.max_depth=2", "tournament.executor=inline"),
        *("tournament.pairing=gauntlet", "tournament.pairs=8", "tournament.openings=16"),
        *(f"tournament.record={record}", f"hydra.run.dir={tmp_path}/out"),
    ]
    assert main(arguments) == 0
    share: dict[str, list[float]] = {"right": [], "chance": []}
    with GameStore.read(record) as store:
        for game in store.games():
            result = game.result_of(0)
            assert result is not None
            other = store.titles[max(game.players)]
            share[other].append((1 - result) / 2)
    assert sum(share["right"]) / 16 > 0.55 > 0.45 > sum(share["chance"]) / 16


@pytest.mark.parametrize("format", ["gen9randombattle", "gen9ou", "gen9bssregi"])
def test_of_an_information_state_alone_the_oracle_searches_the_belief(format: str) -> None:
    """As on a server: what the other player has is not known, and cannot decide the answers."""
    game = make_game("gen9", format=format)
    config = SimultaneousGroup(seconds=None, iterations=100, worlds=2)
    oracle = make_oracle(game, config, 200)
    state = cast("Gen9State", game.new_initial_state(3))
    while state.battle.pool[0].turn < 3:
        view = state.view(0)
        legal = view.legal_actions(0)
        for question in (PROPOSE, EVALUATE) if legal else ():
            assert set(oracle.truth(view, 0, question, 1)) == set(legal)
        predicted = oracle.truth(view, 0, MODEL, 1)
        assert set(predicted) <= {a for _, a in foe_options(view.info)}
        assert not view.info.previewing or sum(predicted.values()) == pytest.approx(1.0)
        assert -1 <= oracle.value(state, 0) <= 1
        state.apply_actions([(state.legal_actions(p) or [NO_ACTION])[0] for p in (0, 1)])


def test_players_without_a_search_play_with_the_stand_in() -> None:
    """At Team Preview of gen9ou, on turn 1, and in a solved game."""
    config = SimultaneousGroup(seconds=None, iterations=60, worlds=2)
    llm = StandInGroup(oracle_iterations=100)
    factory = AgentFactory(Gen9Config(format="gen9ou"), config, llm)
    state = factory.game.new_initial_state(4)
    for _ in range(2):
        for name in ("llm", "pokellmon", "pokechamp"):
            decision = factory.build(agent_config(name)).decide(state, 0, 9)
            assert decision.action in state.legal_actions(0)
            assert decision.notes["guide"].used > 0
            assert "fallback" not in decision.notes
        state.apply_actions([state.legal_actions(p)[0] for p in (0, 1)])
    boards = AgentFactory(GameConfig("tic_tac_toe"), AlphaBetaGroup(), llm)
    position = played("tic_tac_toe", [0, 8])
    for name in ("llm", "pokellmon", "pokechamp"):
        assert boards.build(agent_config(name)).decide(position, 0, 1).action in {2, 6}


def test_a_stand_in_that_comes_too_late_is_not_heard() -> None:
    llm = StandInGroup(delay=0.2)
    factory = AgentFactory(GameConfig("tic_tac_toe"), AlphaBetaGroup(), llm)
    agent = factory.build(agent_config("llm", seconds=0.05))
    decision = agent.decide(played("tic_tac_toe", [0, 8]), 0, 1)
    assert decision.notes["fallback"] == "no answer from the stand-in in time"
    assert (decision.notes["guide"].late, decision.notes["guide"].used) == (1, 0)
