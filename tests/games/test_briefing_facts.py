"""What briefings say of options, compared with exact solutions and with the battle engine."""

from random import Random

import pytest

from plywise.engine.boards import tic_tac_toe_solver as ttt
from plywise.engine.boards.connect_four_solver import ConnectFourSolver
from plywise.games.gen9.lookahead import verdicts
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.placing import PlacingGame, PlacingState
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.games.registry import make_game


def positions(game: PlacingGame, count: int, least: int, most: int) -> list[PlacingState]:
    random = Random(f"facts/{game.info.name}")
    found: list[PlacingState] = []
    while len(found) < count:
        state = game.new_initial_state()
        for _ in range(random.randint(least, most)):
            if not state.is_terminal():
                state.apply_action(random.choice(state.legal_actions()))
        if not state.is_terminal():
            found.append(state)
    return found


@pytest.mark.parametrize(
    ("game", "count", "least", "most"), [(TicTacToe(), 200, 0, 7), (ConnectFour(), 60, 18, 34)]
)
def test_verdicts_agree_with_perfect_play(
    game: PlacingGame, count: int, least: int, most: int
) -> None:
    solver = ConnectFourSolver(table_bits=16)

    def result(state: PlacingState) -> int:
        """The exact result for the player to move."""
        if isinstance(game, TicTacToe):
            score = ttt.score(ttt.position(state.moves))
        else:
            score = solver.solve([solver.position(state.moves)], best=False)[0].score
        return (score > 0) - (score < 0)

    said = {"wins": 0, "loses": 0}
    for state in positions(game, count, least, most):
        player = state.current_player()
        before = state.serialize()
        for option in state.briefing(player).own:
            after = state.clone()
            after.apply_action(option.action)
            ended = after.is_terminal()
            true = int(after.returns()[player]) if ended else -result(after)
            verdict = option.facts.split()[0].strip(":,")
            assert true == {"wins": 1, "loses": -1}.get(verdict, true), (before, option)
            if option.facts == "misses a win":
                assert result(state) == 1
            said[verdict] = said.get(verdict, 0) + 1
        assert state.serialize() == before
    assert min(said["wins"], said["loses"], said["safe"], said["misses"]) >= 10


def test_transpositions_have_the_same_briefing() -> None:
    one, two = TicTacToe().new_initial_state(), TicTacToe().new_initial_state()
    for state, moves in ((one, (0, 4, 8)), (two, (8, 4, 0))):
        for move in moves:
            state.apply_action(move)
    assert one.briefing(1) == two.briefing(1)


def test_verdicts_of_a_battle_follow_the_outlooks() -> None:
    found = verdicts({1: 0.5, 2: 0.48, 3: 0.42, 4: -0.9})
    assert found == {1: "best", 2: "good", 3: "weak", 4: "bad"}


def test_a_battle_briefing_repeats_and_names_one_best_option() -> None:
    state = make_game("gen9randombattle").new_initial_state(7)
    briefing = state.briefing(0)
    assert briefing == state.clone().briefing(0)
    words = [option.facts.split()[-1] for option in briefing.own]
    assert words.count("best") == 1
    assert set(words) <= {"best", "good", "weak", "bad"}
    assert briefing.setup.startswith("Your team: ")
    assert briefing.setup not in briefing.rules
