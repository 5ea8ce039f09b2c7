"""``agent=pokechamp``: its maximin against exact solutions, what it asks, and what stands in."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.pokechamp_search import PokeChampAgent
from plywise.arena.cli.main import main
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup, OpenAIGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.datasets.errors import ConfigError
from plywise.games.base import NO_ACTION, SIMULTANEOUS, State
from plywise.games.exact_values import EXACT_VALUES
from plywise.games.registry import REGISTRY, make_game
from plywise.llm_modules.providers.mock import JSON, MockEndpoint, Reply, refuses, says
from plywise.search.decision import Decision
from plywise.search.maximin import (
    Node,
    back_up,
    grow,
    leaves,
    own_values,
    principal_variation,
)

# --- the search -----------------------------------------------------------------------------------


def everything(node: Node, who: int) -> list[int]:
    return node.state.legal_actions(who)


@pytest.mark.parametrize("seed", range(6))
def test_with_all_actions_and_to_the_end_it_is_exact(seed: int) -> None:
    """Tic-tac-toe with four stones: the solver's best squares are those of the highest value."""
    game, rng = make_game("tic_tac_toe"), Random(seed)
    state = game.new_initial_state()
    for _ in range(4):
        state.apply_action(rng.choice(state.legal_actions()))
    root = grow(state, 0, 9, everything, rng)
    assert leaves(root) == []
    back_up(root)
    values = own_values(root)
    exact = EXACT_VALUES["tic_tac_toe"](game)(state)  # a win that comes late counts a little less
    assert {a: round(value) for a, value in exact.items()} == values
    line = principal_variation(root, max(values, key=lambda a: values[a]))
    for action in line:
        state.apply_action(action)
    assert state.returns()[0] == root.value


def test_where_both_move_the_opponent_answers_for_the_worst() -> None:
    """Goofspiel with three cards, one round: the value is the matrix's maximin."""
    state = make_game("goofspiel", cards=3).new_initial_state()
    root = grow(state, 1, 1, everything, Random(0))
    assert len(leaves(root)) == 9
    matrix = {}
    for leaf in leaves(root):
        ((own, other),) = leaf.line
        leaf.value = matrix[own, other] = (own - 2 * other) / 10
        assert leaf.state.serialize() != state.serialize()
    back_up(root)
    assert root.value == max(min(matrix[a, b] for b in range(3)) for a in range(3))
    assert principal_variation(root, 2) == [2, 2]
    assert state.current_player() == SIMULTANEOUS  # the state that was asked about is untouched


def test_every_leaf_is_a_position_of_its_own_before_a_decision_of_the_player() -> None:
    state = make_game("connect_four").new_initial_state()
    root = grow(state, 0, 1, everything, Random(0))
    found = leaves(root)
    assert len({leaf.state.serialize() for leaf in found}) == len(found) == 49
    assert {leaf.state.current_player() for leaf in found} == {0}
    assert all(pair[1] == NO_ACTION for leaf in found for pair in leaf.line[:1])


# --- the agent ------------------------------------------------------------------------------------


def fill(request: JSON, percent: Callable[[str], int], best: Callable[[str], float]) -> Reply:
    """Fill in a form: the options with the highest ``best``, positions rated by their text."""
    text = request["messages"][-1]["content"]
    parts = re.split(r"(?m)^([A-Z])\. ", text.rpartition("\n\n")[0])
    shown = dict(zip(parts[1::2], parts[2::2], strict=True))
    (name,) = request["response_format"]["json_schema"]["schema"]["properties"]
    if name == "percent":
        return says(json.dumps({name: {k: percent(t) for k, t in shown.items()}}))
    ranked = sorted(shown, key=lambda k: -best(shown[k].split(":")[0].strip()))
    most = request["response_format"]["json_schema"]["schema"]["properties"][name]["maxItems"]
    return says(json.dumps({name: ranked[:most]}))


def factory(endpoint: MockEndpoint, game: str = "tic_tac_toe", **llm: Any) -> AgentFactory:
    settings: dict[str, Any] = {"max_retries": 0, "max_calls": 20} | llm
    group = OpenAIGroup(base_url=endpoint.base_url, model="mock", **settings)
    search = AlphaBetaGroup()
    return AgentFactory(GameConfig(game), SimultaneousGroup() if "gen9" in game else search, group)


def decide(
    endpoint: MockEndpoint, state: State, game: str = "tic_tac_toe", **more: Any
) -> Decision:
    calls = more.pop("max_calls", 20)
    makes = factory(endpoint, game, max_calls=calls)
    agent = makes.build(agent_config("pokechamp", **more))
    player = state.current_player()
    decision = agent.decide(state, max(0, player), 5)
    makes.close()
    return decision


def test_the_model_names_actions_and_values_each_position_and_the_opponent_minimises() -> None:
    """X may take b2 or a1.  After b2 replies are very good or very bad, after a1 middling.

    An agent that maximised for both would take b2.
    """
    state = make_game("tic_tac_toe").new_initial_state()
    rated: list[str] = []

    def percent(text: str) -> int:
        rated.append(text)
        moves = text.split(":")[0].removeprefix("After ")
        by_first = {"b2": 95, "a1": 50}
        return 5 if moves == "b2, a1" else by_first.get(moves[:2], 30)

    def best(label: str) -> float:
        return {"b2": 3, "a1": 2}.get(label, 0)

    with MockEndpoint(lambda r: fill(r, percent, best)) as endpoint:
        decision = decide(endpoint, state, actions=2)
        assert len(endpoint.requests) == 3  # own actions, replies, positions
    name = state.action_to_string
    values = {name(0, a): value for a, value in decision.values.items()}
    assert values["a1"] == pytest.approx(0.0)
    assert values["b2"] == pytest.approx(-0.9)
    assert name(0, decision.action) == "a1"
    assert [name(0, a) for a in decision.principal_variation[:1]] == ["a1"]
    boards = [text.split(":\n")[1].strip() for text in rated]
    assert len(set(boards)) == len(boards)  # no state twice, nor one for all
    told = decision.notes["pokechamp"]
    assert told["leaves"] == len(rated)
    assert told["leaves valued by"] == "model"
    assert told["own: model"] == 2
    assert told["own: tools"] == 1
    assert "fallback" not in decision.notes


@pytest.mark.parametrize(
    "reply",
    [refuses(500, "down"), says("I resign"), says('{"best": "Z", "percent": {"A": 500}}')],
)
def test_without_answers_the_tools_play_and_it_shows(reply: Reply) -> None:
    """X can win at once and so can O: one step of lookahead sees it."""
    state = make_game("tic_tac_toe").new_initial_state()
    for move in ("a1", "a3", "b1", "b3"):
        state.apply_action(state.string_to_action(move))
    with MockEndpoint(lambda _: reply) as endpoint:
        decision = decide(endpoint, state)
    assert state.action_to_string(0, decision.action) == "c1"
    assert decision.value == 1.0
    assert "played by the tools alone" in decision.notes["fallback"]
    assert decision.notes["pokechamp"]["leaves valued by"] == "evaluation"
    assert decision.notes["guide"].used == 0


def test_a_position_left_out_lets_the_evaluation_value_all_of_them() -> None:
    def forgets(request: JSON) -> Reply:
        reply = fill(request, lambda _: 60, len)
        written = json.loads(json.loads(reply.body)["choices"][0]["message"]["content"])
        if "percent" in written:
            written["percent"].popitem()
        return says(json.dumps(written))

    with MockEndpoint(forgets) as endpoint:
        decision = decide(endpoint, make_game("tic_tac_toe").new_initial_state())
    assert decision.notes["pokechamp"]["leaves valued by"] == "evaluation"
    assert decision.notes["pokechamp"]["own: model"] == 3
    assert "fallback" not in decision.notes  # the model's actions were looked at


def test_calls_are_kept_for_the_leaves_and_never_exceeded() -> None:
    state = make_game("connect_four").new_initial_state()
    for calls, by in ((2, "evaluation"), (18, "model")):
        with MockEndpoint(lambda r: fill(r, lambda _: 50, len)) as endpoint:
            decision = decide(
                endpoint, state, "connect_four", max_depth=2, actions=3, max_calls=calls
            )
            assert len(endpoint.requests) <= calls
        assert decision.notes["pokechamp"]["leaves valued by"] == by
        assert decision.notes["pokechamp"]["nodes not asked about"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("game", REGISTRY)
def test_it_plays_every_game(game: str) -> None:
    """Some decisions of a game: all legal, by the model's word, the same again for the seed."""

    def percent(text: str) -> int:
        return Random(text).randrange(101)

    makes: AgentFactory
    with MockEndpoint(lambda r: fill(r, percent, lambda t: Random(t).random())) as endpoint:
        group = OpenAIGroup(base_url=endpoint.base_url, model="mock", max_calls=20)
        info = make_game(game).info
        simultaneous = info.simultaneous or info.hidden_information
        search = SimultaneousGroup() if simultaneous else AlphaBetaGroup()
        makes = AgentFactory(GameConfig(game), search, group)
        agent = makes.build(agent_config("pokechamp", worlds=2))
        assert isinstance(agent, PokeChampAgent)
        state = makes.game.new_initial_state(3)
        for ply in range(3):
            mover = state.current_player()
            chosen = [NO_ACTION, NO_ACTION]
            for player in (0, 1) if mover == SIMULTANEOUS else (mover,):
                before = state.serialize()
                decision = agent.decide(state, player, ply)
                assert state.serialize() == before
                assert decision.action in state.legal_actions(player)
                assert decision.notes["pokechamp"]["leaves valued by"] == "model"
                if not ply:
                    assert agent.decide(state, player, ply).values == decision.values
                chosen[player] = decision.action
            if mover == SIMULTANEOUS:
                state.apply_actions(chosen)
            else:
                state.apply_action(chosen[mover])
        makes.close()


def test_on_a_server_it_knows_no_more_than_the_player() -> None:
    """An information state is all that there is: the same decision as in this process."""
    state = make_game("gen9randombattle").new_initial_state(4)
    view = state.view(0)
    with MockEndpoint(lambda r: fill(r, lambda t: len(t) % 101, len)) as endpoint:
        there = decide(endpoint, view, "gen9randombattle")
        here = decide(endpoint, state, "gen9randombattle")
    assert there.values == here.values
    assert there.action == here.action


def test_a_battle_imagined_is_the_one_that_the_player_knows() -> None:
    """What the player knows of the battle imagined is what it was imagined from."""
    rng = Random(7)
    state = make_game("gen9randombattle").new_initial_state(7)
    compared = 0
    for _ in range(40):
        mover = state.current_player()
        chosen = [NO_ACTION, NO_ACTION]
        for player in (0, 1):
            if mover not in (SIMULTANEOUS, player) or not state.legal_actions(player):
                continue
            info = state.view(player).info  # type: ignore[attr-defined]
            mind = state.view(player).resample_from_infostate(player, rng)
            assert mind.information_state(player) == info  # type: ignore[attr-defined]
            compared += 1
            chosen[player] = rng.choice(state.legal_actions(player))
        state.apply_actions(chosen)
        if state.is_terminal():
            break
    assert compared > 30


def test_settings_of_another_agent_are_refused() -> None:
    with MockEndpoint([]) as endpoint:
        makes = factory(endpoint)
        with pytest.raises(ConfigError, match="llm has no setting 'actions'; there are: name,"):
            makes.check(agent_config("llm", actions=2))
        none = AgentFactory(GameConfig("tic_tac_toe"), AlphaBetaGroup(), NoLLMGroup())
        with pytest.raises(ConfigError, match="needs a language model"):
            none.check(agent_config("pokechamp"))
        makes.close()


@pytest.mark.slow
def test_it_plays_in_worker_processes(tmp_path: Path) -> None:
    """What compiles before the workers start needs no language model."""
    with MockEndpoint(lambda r: fill(r, lambda _: 50, len)) as endpoint:
        llm = ("llm=openai", f"llm.base_url={endpoint.base_url}", "llm.model=mock")
        where = (f"tournament.record={tmp_path / 'r.sqlite'}", f"hydra.run.dir={tmp_path}")
        games = ("game=tic_tac_toe", "agents=[random,pokechamp]", "tournament.pairs=1")
        assert main(["tournament", *games, *llm, *where, "tournament.jobs=1"]) == 0
        assert endpoint.requests
