"""The alpha-beta search against plain minimax written here, without kernels, tables or cut-offs."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from plywise.engine.boards import tic_tac_toe
from plywise.engine.compile.jit import kernel_of
from plywise.engine.kernels import SIMULTANEOUS, TERMINAL, RulesKernels, signatures
from plywise.games.grid.connect_four import ConnectFour, ConnectFourState
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta, NotTurnBasedError, describe_value
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question

Board = tuple[str, ...]  # Connect Four: one text per column, bottom first
PLY = 1e-4  # what a certain result loses for each ply that it is away


def alphabeta(kernels: RulesKernels, **settings: Any) -> AlphaBeta:
    """Return a search without a clock and to the end of the game, but for ``settings``."""
    return AlphaBeta(kernels, AlphaBetaConfig(**{"seconds": None, "max_depth": None, **settings}))


def shown(result: int, plies: int) -> float:
    return result * (1 - PLY * plies) if result else 0.0


def rank(result: int, plies: int) -> tuple[int, int]:
    return result, -plies if result > 0 else plies if result < 0 else 0


# --- tic-tac-toe: every position that can be reached ------------------------------------------

TTT_LINES = ("012", "345", "678", "036", "147", "258", "048", "246")


def ttt_won(board: str, mark: str) -> bool:
    return any(all(board[int(k)] == mark for k in line) for line in TTT_LINES)


@cache
def ttt_value(board: str) -> tuple[int, int]:
    """Return the result for the player to move and the plies to it."""
    me, you = ("X", "O") if board.count("X") == board.count("O") else ("O", "X")
    if ttt_won(board, you):
        return -1, 0
    if "." not in board:
        return 0, 0
    best = None
    for k in range(9):
        if board[k] == ".":
            result, plies = ttt_value(board[:k] + me + board[k + 1 :])
            mine = (-result, plies + 1)
            if best is None or rank(*mine) > rank(*best):
                best = mine
    assert best is not None
    return best


def ttt_positions() -> Iterator[str]:
    seen = {"........."}
    waiting = ["........."]
    while waiting:
        board = waiting.pop()
        yield board
        me, you = ("X", "O") if board.count("X") == board.count("O") else ("O", "X")
        if ttt_won(board, you):
            continue
        for k in range(9):
            if board[k] == "." and (child := board[:k] + me + board[k + 1 :]) not in seen:
                seen.add(child)
                waiting.append(child)


def ttt_pool(board: str) -> np.ndarray[Any, Any]:
    pool = tic_tac_toe.new_pool()
    for player, mark in enumerate("XO"):
        pool[0].marks[player] = sum(1 << k for k in range(9) if board[k] == mark)
    pool[0].ply = 9 - board.count(".")
    return pool


def test_tic_tac_toe_is_a_draw() -> None:
    decision = alphabeta(tic_tac_toe.rules(), max_depth=9).decide(tic_tac_toe.new_pool(), 0)
    assert decision.value == 0
    assert decision.notes["solved"]
    assert set(decision.values.values()) == {0.0}  # every first move holds the draw
    assert len(decision.principal_variation) == 9


@pytest.mark.slow
def test_tic_tac_toe_every_position_has_its_exact_value() -> None:
    search = alphabeta(tic_tac_toe.rules(), max_depth=9, table_bits=10, all_values=True)
    boards = list(ttt_positions())
    assert len(boards) == 5478  # a well-known number
    for board in boards:
        if ttt_won(board, "X") or ttt_won(board, "O") or "." not in board:
            continue
        player = 0 if board.count("X") == board.count("O") else 1
        decision = search.decide(ttt_pool(board), player)
        assert decision.value == pytest.approx(shown(*ttt_value(board)), abs=1e-9), board
        for action, value in decision.values.items():
            child = board[:action] + "XO"[player] + board[action + 1 :]
            result, plies = ttt_value(child)
            assert value == pytest.approx(shown(-result, plies + 1), abs=1e-9), (board, action)
        assert decision.values[decision.action] == max(decision.values.values())


# --- Connect Four against a solver of its own -------------------------------------------------


def c4_wins(board: Board, rows: int, column: int) -> bool:
    """Return whether the last stone of ``column`` stands in a line of four."""
    row = len(board[column]) - 1
    mark = board[column][row]

    def at(c: int, r: int) -> bool:
        return 0 <= c < len(board) and 0 <= r < len(board[c]) and board[c][r] == mark

    for dc, dr in ((0, 1), (1, 0), (1, 1), (1, -1)):
        run = 1
        for sign in (1, -1):
            k = 1
            while at(column + sign * k * dc, row + sign * k * dr):
                run, k = run + 1, k + 1
        if run >= 4:
            return True
    return False


class PlainSolver:
    """Full-depth minimax with distances; remembers positions, cuts nothing off."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.known: dict[Board, tuple[int, int]] = {}

    def value(self, board: Board, player: int) -> tuple[int, int]:
        """Return the result for the player to move and the plies to it."""
        if board in self.known:
            return self.known[board]
        best = (0, 0)
        first = True
        for column, child in self.children(board, player):
            if c4_wins(child, self.rows, column):
                mine = (1, 1)
            else:
                result, plies = self.value(child, 1 - player)
                mine = (-result, plies + 1)
            if first or rank(*mine) > rank(*best):
                best, first = mine, False
        self.known[board] = best
        return best

    def children(self, board: Board, player: int) -> Iterator[tuple[int, Board]]:
        for c, stones in enumerate(board):
            if len(stones) < self.rows:
                yield c, (*board[:c], stones + "XO"[player], *board[c + 1 :])


def plain_sign(board: Board, rows: int, player: int, alpha: int, beta: int, known: Any) -> int:
    """Return only who wins, by plain alpha-beta: for boards too large for PlainSolver."""
    if board in known:
        low, high = known[board]
        if low == high or low >= beta or high <= alpha:
            return int(low if low >= beta or low == high else high)
    best, first_alpha = -2, alpha
    columns = sorted(range(len(board)), key=lambda c: abs(2 * c + 1 - len(board)))
    open_columns = [c for c in columns if len(board[c]) < rows]
    if not open_columns:
        return 0
    for c in open_columns:
        child = (*board[:c], board[c] + "XO"[player], *board[c + 1 :])
        if c4_wins(child, rows, c):
            value = 1
        else:
            value = -plain_sign(child, rows, 1 - player, -beta, -alpha, known)
        best = max(best, value)
        alpha = max(alpha, best)
        if alpha >= beta:
            break
    low, high = known.get(board, (-1, 1))
    known[board] = (
        best if best > first_alpha else low,
        best if best < beta else high,
    )
    return best


def random_position(game: ConnectFour, plies: int, rng: Random) -> ConnectFourState:
    """Return a position after ``plies`` random moves in which the game still runs."""
    while True:
        state = game.new_initial_state()
        while not state.is_terminal() and len(state.moves) < plies:
            state.apply_action(rng.choice(state.legal_actions()))
        if not state.is_terminal():
            return state


def as_columns(state: ConnectFourState) -> Board:
    return tuple(
        "".join("XO"[state.owner[c, r]] for r in range(state.game.rows) if (c, r) in state.owner)
        for c in range(state.game.columns)
    )


@pytest.mark.parametrize("seed", range(4))
def test_connect_four_late_positions_have_their_exact_values(seed: int) -> None:
    game = ConnectFour()
    rng = Random(f"late {seed}")
    search = alphabeta(game.kernels(), max_depth=42, table_bits=14, all_values=True)
    for _ in range(8):
        state = random_position(game, rng.randint(29, 39), rng)
        player = state.current_player()
        solver = PlainSolver(6)
        board = as_columns(state)
        decision = search.decide(state.flat(), player)
        assert decision.notes["solved"]
        assert decision.value == pytest.approx(shown(*solver.value(board, player)), abs=1e-9), board
        for column, child in solver.children(board, player):
            if c4_wins(child, 6, column):
                expected = shown(1, 1)
            else:
                result, plies = solver.value(child, 1 - player)
                expected = shown(-result, plies + 1)
            assert decision.values[column] == pytest.approx(expected, abs=1e-9), (board, column)


def test_connect_four_tiny_tables_and_best_value_only_are_exact_too() -> None:
    game = ConnectFour()
    rng = Random("tiny")
    for _ in range(6):
        state = random_position(game, rng.randint(30, 38), rng)
        player = state.current_player()
        expected = shown(*PlainSolver(6).value(as_columns(state), player))
        for bits in (1, 4, 16):
            search = alphabeta(game.kernels(), max_depth=42, table_bits=bits)
            decision = search.decide(state.flat(), player)
            assert decision.value == pytest.approx(expected, abs=1e-9)


@pytest.mark.slow
def test_connect_four_4x4_every_value_from_the_empty_board() -> None:
    game = ConnectFour(rows=4, columns=4)
    result, plies = PlainSolver(4).value(("",) * 4, 0)
    decision = alphabeta(game.kernels(), max_depth=16).decide(game.new_initial_state().flat(), 0)
    assert decision.value == pytest.approx(shown(result, plies))
    assert result == 0
    assert decision.notes["solved"]


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "columns"), [(5, 4), (4, 5)])
def test_connect_four_small_boards_from_the_empty_board(rows: int, columns: int) -> None:
    game = ConnectFour(rows=rows, columns=columns)
    expected = plain_sign(("",) * columns, rows, 0, -1, 1, {})
    search = alphabeta(game.kernels(), max_depth=rows * columns, table_bits=18)
    decision = search.decide(game.new_initial_state().flat(), 0)
    assert decision.notes["solved"]
    assert np.sign(decision.value) == expected


def test_connect_four_mid_game_winner_agrees_with_plain_alpha_beta() -> None:
    game = ConnectFour(rows=5, columns=5)
    rng = Random("5x5")
    search = alphabeta(game.kernels(), max_depth=25, table_bits=18)
    for _ in range(6):
        state = random_position(game, rng.randint(8, 12), rng)
        player = state.current_player()
        decision = search.decide(state.flat(), player)
        expected = plain_sign(as_columns(state), 5, player, -1, 1, {})
        assert np.sign(decision.value) == expected, state.serialize()


# --- fixed depth ------------------------------------------------------------------------------


def plain_depth(
    kernels: RulesKernels, pool: np.ndarray[Any, Any], depth: int, plies: int = 0
) -> tuple[float, ...]:
    """Return the value for player 0 by plain minimax, as ``(result or estimate, -+plies)``."""
    mover = kernels.current(pool, 0)
    if mover == TERMINAL:
        result = float(kernels.returns(pool, 0))
        return (result, -plies if result > 0 else plies if result < 0 else 0)
    if depth == 0:
        return (0.99 * round(kernels.evaluate(pool, 0) * 2**17) / 2**17, 0)
    out = np.zeros(kernels.num_actions, np.int32)
    values = []
    for action in out[: kernels.legal(pool, 0, mover, out)].tolist():
        child = pool.copy()
        kernels.step(child, 0, action, action)
        values.append(plain_depth(kernels, child, depth - 1, plies + 1))
    return max(values) if mover == 0 else min(values)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_fixed_depth_equals_plain_minimax_with_the_same_estimate(depth: int) -> None:
    game = ConnectFour()
    kernels = game.kernels()
    rng = Random(f"depth {depth}")
    search = alphabeta(kernels, max_depth=depth, table_bits=12)
    for _ in range(5):
        state = random_position(game, rng.randint(0, 25), rng)
        player = state.current_player()
        value, plies = plain_depth(kernels, state.flat(), depth)
        decision = search.decide(state.flat(), player)
        expected = shown(int(value), abs(int(plies))) if abs(value) == 1 else value / 0.99 * 0.95
        assert decision.value == pytest.approx(expected if player == 0 else -expected, abs=1e-9)


def test_fixed_depth_is_deterministic_wherever_it_is_cut_into_slices() -> None:
    game = ConnectFour()
    pool = random_position(game, 9, Random(3)).flat()
    found = []
    for budget in (256, 5000, 1 << 20):
        search = alphabeta(game.kernels(), max_depth=9)
        for _ in range(2):  # the second time with a used table
            search._slice = budget
            found.append(replace(search.decide(pool, 1), seconds=0.0))
    assert all(other == found[0] for other in found)


def test_a_decision_is_ready_wherever_the_search_is_cut() -> None:
    game = ConnectFour()
    state = game.new_initial_state()
    for action in (3, 2, 3, 2, 3, 1):  # the first player wins with the middle column
        state.apply_action(action)
    for nodes in range(1, 600, 7):
        decision = alphabeta(game.kernels(), iterations=nodes, table_bits=8).decide(state.flat(), 0)
        assert decision.action == 3, nodes
        assert decision.value == pytest.approx(0.9999)
    state.apply_action(0)  # the second player's turn: only the middle column stops a loss
    for nodes in range(200, 3000, 97):
        decision = alphabeta(game.kernels(), iterations=nodes, table_bits=8).decide(state.flat(), 1)
        assert decision.action == 3, nodes


def test_deadline_is_kept() -> None:
    game = ConnectFour()
    search = alphabeta(game.kernels(), seconds=0.15)
    pool = game.new_initial_state().flat()
    search.decide(pool, 0)
    start = time.perf_counter()
    decision = search.decide(pool, 0)
    assert 0.1 < time.perf_counter() - start < 0.6  # slack for a busy machine
    assert decision.depth >= 5
    assert not decision.notes["solved"]


def test_a_forced_action_takes_no_time_from_the_clock_and_is_searched_without_one() -> None:
    game = ConnectFour(rows=6, columns=4)
    state = game.new_initial_state()
    for action in (0, 0, 0, 0, 0, 0, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2, 1):
        state.apply_action(action)
    assert state.legal_actions() == [3]
    quick = alphabeta(game.kernels(), seconds=30).decide(state.flat(), 0)
    assert quick.action == 3
    assert quick.depth == 1
    assert quick.seconds < 5
    full = alphabeta(game.kernels(), max_depth=24).decide(state.flat(), 0)
    assert full.notes["solved"]
    assert full.value == pytest.approx(shown(*PlainSolver(6).value(as_columns(state), 0)))


def test_winner_wins_as_soon_and_loser_resists_as_long_as_possible() -> None:
    game = ConnectFour()
    rng = Random("duel")
    search = alphabeta(game.kernels(), max_depth=42, table_bits=16)
    decided = 0
    while decided < 4:
        state = random_position(game, 26, rng)
        first = search.decide(state.flat(), state.current_player())
        plies = first.notes["plies_to_end"]
        if plies is None or plies < 5:
            continue
        decided += 1
        assert len(first.principal_variation) <= plies
        for left in range(plies, 0, -1):
            assert not state.is_terminal()
            decision = search.decide(state.flat(), state.current_player())
            assert decision.notes["plies_to_end"] == left
            state.apply_action(decision.action)
        assert state.is_terminal()


# --- a guide's advice -------------------------------------------------------------------------


class Says(Consultation):
    """A consultation that answers at once."""

    def __init__(self, *advice: Advice) -> None:
        self.advice = list(advice)

    @property
    def finished(self) -> bool:
        return not self.advice

    def poll(self) -> list[Advice]:
        said, self.advice = self.advice, []
        return said

    def close(self) -> GuideReport:
        return GuideReport()


def propose(weights: dict[int, float], trust: float = 0.5) -> Advice:
    return Advice(Question.PROPOSE, weights, trust)


def test_advice_decides_between_equal_values_only() -> None:
    search = alphabeta(tic_tac_toe.rules(), max_depth=9)
    for wanted in range(9):  # all nine first moves draw
        decision = search.decide(tic_tac_toe.new_pool(), 0, Says(propose({wanted: 1.0})))
        assert decision.action == wanted
        assert decision.notes["advice_used"] == ("propose:",)
    board = ttt_pool("XX.OO....")  # 2 wins at once: no advice can change that
    for bad in (5, 6, 7, 8):
        decision = search.decide(board, 0, Says(propose({bad: 1.0}, trust=1.0)))
        assert decision.action == 2
        assert set(decision.values) == {2, 5, 6, 7, 8}


def test_advice_is_weighted_by_trust_and_useless_answers_are_counted() -> None:
    search = alphabeta(tic_tac_toe.rules(), max_depth=9)
    talk = Says(
        propose({1: 1.0}, trust=0.2),
        propose({7: 1.0}, trust=0.3),
        propose({5: 1.0}, trust=0.0),
        Advice(Question.MODEL, {99: 1.0}, 1.0),  # no action of this position
        Advice(Question.EVALUATE, {}, 1.0),
    )
    decision = search.decide(tic_tac_toe.new_pool(), 0, talk)
    assert decision.action == 7
    assert decision.notes["advice_used"] == ("propose:",) * 2
    assert decision.notes["advice_ignored"] == 3
    assert 4 in decision.notes["ties"]


def test_advice_never_changes_values() -> None:
    game = ConnectFour()
    rng = Random("advice")
    search = alphabeta(game.kernels(), max_depth=42, table_bits=16)
    for _ in range(5):
        state = random_position(game, 28, rng)
        player = state.current_player()
        plain = search.decide(state.flat(), player)
        for action in state.legal_actions():
            advised = search.decide(state.flat(), player, Says(propose({action: 1.0}, 1.0)))
            assert advised.value == plain.value
            assert advised.action in {plain.action, *plain.notes["ties"]}


# --- games of other kinds ---------------------------------------------------------------------

# A heap game in which some moves give another turn, with results of several sizes.
HEAP = np.dtype(
    (np.record, [("rng", np.uint64), ("left", np.int32), ("mover", np.int16), ("won", np.int16)])
)
HEAP_SIGNATURES = signatures(HEAP)


@kernel_of(HEAP_SIGNATURES.step)
def heap_step(pool: Any, i: int, a0: int, a1: int) -> None:
    s = pool[i]
    player = int(s.mover)
    taken = (a0 if player == 0 else a1) + 1
    s.left = int(s.left) - taken
    if int(s.left) == 0:
        s.won = taken if player == 0 else -taken
    if int(s.left) % 5 != 0:  # else the same player moves again
        s.mover = 1 - player


@kernel_of(HEAP_SIGNATURES.legal)
def heap_legal(pool: Any, i: int, player: int, out: Any) -> int:
    n = 0
    if int(pool[i].mover) == player:
        for a in range(min(3, int(pool[i].left))):
            out[n] = a
            n += 1
    return n


@kernel_of(HEAP_SIGNATURES.current)
def heap_current(pool: Any, i: int) -> int:
    return TERMINAL if int(pool[i].left) == 0 else int(pool[i].mover)


@kernel_of(HEAP_SIGNATURES.returns)
def heap_returns(pool: Any, i: int) -> float:
    return int(pool[i].won) / 4.0


@kernel_of(HEAP_SIGNATURES.evaluate)
def heap_evaluate(pool: Any, i: int) -> float:
    return 0.0


@kernel_of(HEAP_SIGNATURES.current)
def both_move(pool: Any, i: int) -> int:
    return SIMULTANEOUS if int(pool[i].left) < 10 else 0


@kernel_of(HEAP_SIGNATURES.reseed)
def heap_reseed(pool: Any, i: int, seed: Any) -> None:
    pool[i].rng = seed


HEAP_RULES = RulesKernels(
    HEAP, 3, heap_step, heap_legal, heap_current, heap_returns, heap_evaluate, heap_reseed
)


@cache
def heap_value(left: int, mover: int) -> tuple[float, int]:
    """Return (result for player 0, plies) by plain minimax."""
    found = []
    for taken in range(1, min(3, left) + 1):
        rest = left - taken
        if rest == 0:
            found.append(((taken if mover == 0 else -taken) / 4, 1))
        else:
            result, plies = heap_value(rest, mover if rest % 5 == 0 else 1 - mover)
            found.append((result, plies + 1))
    sign = 1 if mover == 0 else -1
    return max(found, key=lambda rp: (sign * rp[0], -rp[1] if sign * rp[0] > 0 else rp[1]))


@pytest.mark.parametrize("mover", [0, 1])
def test_extra_turns_and_graded_results(mover: int) -> None:
    search = alphabeta(HEAP_RULES, max_depth=40, table_bits=8)
    for left in range(1, 32):
        pool = np.zeros(1, HEAP)
        pool[0].left, pool[0].mover = left, mover
        result, plies = heap_value(left, mover)
        decision = search.decide(pool, mover)
        expected = result - np.sign(result) * PLY * plies
        assert decision.value == pytest.approx(expected if mover == 0 else -expected), left
        assert decision.notes["solved"]


def test_games_that_are_not_turn_based_are_refused() -> None:
    pool = np.zeros(1, HEAP)
    pool[0].left = 10
    with pytest.raises(NotTurnBasedError, match="nothing to decide"):
        alphabeta(HEAP_RULES, max_depth=3).decide(pool, 1)
    with pytest.raises(NotTurnBasedError, match="simultaneous"):
        alphabeta(replace(HEAP_RULES, current=both_move), max_depth=3).decide(pool, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "needs seconds or iterations or max_depth"),
        ({"max_depth": 0}, "max_depth=0"),
        ({"max_depth": 251}, "max_depth=251"),
        ({"seconds": 0}, "seconds=0"),
        ({"seconds": float("nan")}, "seconds=nan"),
        ({"iterations": 0}, "iterations=0"),
        ({"max_depth": 3, "table_bits": 0}, "table_bits=0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        alphabeta(TicTacToe().kernels(), **settings)


def test_states_that_cannot_be_hashed_are_refused() -> None:
    odd = np.dtype((np.record, [("rng", np.uint64), ("x", np.int32)]))
    with pytest.raises(ValueError, match="12 bytes"):
        alphabeta(replace(HEAP_RULES, dtype=odd), max_depth=3)


def test_values_in_words() -> None:
    assert describe_value(1 - 3 * PLY) == "wins in 3 plies"
    assert describe_value(-1 + 12 * PLY) == "loses in 12 plies"
    assert describe_value(1 - PLY) == "wins in 1 ply"
    assert describe_value(0.25) == "+0.25"
    assert describe_value(0.0, solved=True) == "draw"


# --- the cache --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path: Any) -> None:
    script = textwrap.dedent(
        """
        import time
        from plywise.games.registry import make_game
        from plywise.search.alphabeta.config import AlphaBetaConfig
        from plywise.search.alphabeta.search import AlphaBeta
        config = AlphaBetaConfig(seconds=None, max_depth=4)
        for name in ("connect_four", "tic_tac_toe"):
            game = make_game(name)
            start = time.perf_counter()
            pool = game.new_initial_state().flat()
            decision = AlphaBeta(game.kernels(), config).decide(pool, 0)
            print(decision.action, time.perf_counter() - start)
        from plywise.engine.compile import jit
        print("sources", jit.CACHE_DIR.name)
        print("compiled", jit._progress.compiled)
        """
    )
    environment = os.environ | {"PLYWISE_CACHE": str(tmp_path), "NUMBA_OPT": "1"}
    outputs: list[subprocess.CompletedProcess[str]] = []
    sources: list[str] = []
    while len(sources) < 2 or sources[-1] != sources[-2]:
        assert len(outputs) < 6, "the sources change faster than they compile"
        outputs.append(
            subprocess.run(
                [sys.executable, "-c", script],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
                timeout=300,
            )
        )
        sources.append(outputs[-1].stdout.splitlines()[-2])
    assert "compiling the alpha-beta search (first run" in outputs[0].stderr
    assert outputs[-1].stderr == ""
    assert outputs[-1].stdout.splitlines()[-1] == "compiled 0"
