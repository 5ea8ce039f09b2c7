"""The exact solvers against plain minimax written here, and ``plywise solve``."""

import json
from functools import cache
from pathlib import Path
from random import Random

import pytest

from plywise.arena.cli.main import main
from plywise.engine.boards.connect_four_solver import ConnectFourSolver, PositionError

Columns = tuple[str, ...]


@pytest.fixture(scope="module")
def solver() -> ConnectFourSolver:
    return ConnectFourSolver(table_bits=20)


def completes(board: Columns, column: int, mark: str) -> bool:
    """Whether ``mark`` on top of ``column`` makes four in a line."""
    row = len(board[column])
    for dc, dr in ((1, 0), (0, 1), (1, 1), (1, -1)):
        length = 1
        for sign in (1, -1):
            c, r = column + sign * dc, row + sign * dr
            while 0 <= c < len(board) and 0 <= r < len(board[c]) and board[c][r] == mark:
                length += 1
                c, r = c + sign * dc, r + sign * dr
        if length >= 4:
            return True
    return False


class Plain:
    """Full-depth minimax without pruning, over texts; only a memory of positions."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.known: dict[Columns, int] = {}

    def score_after(self, board: Columns, column: int) -> int:
        played = sum(map(len, board))
        mark = "XO"[played % 2]
        if completes(board, column, mark):
            return (self.rows * len(board) + 1 - played) // 2
        after = (*board[:column], board[column] + mark, *board[column + 1 :])
        return -self.score(after)

    def score(self, board: Columns) -> int:
        if board not in self.known:
            scores = [self.score_after(board, c) for c in self.open(board)]
            self.known[board] = max(scores, default=0)
        return self.known[board]

    def open(self, board: Columns) -> list[int]:
        return [c for c, stones in enumerate(board) if len(stones) < self.rows]


def random_moves(rng: Random, plies: int, rows: int = 6, columns: int = 7) -> list[int]:
    """Moves to a position that is not over and has something to decide."""
    while True:
        board: Columns = ("",) * columns
        moves: list[int] = []
        while len(moves) < plies:
            options = [c for c in range(columns) if len(board[c]) < rows]
            column = rng.choice(options)
            if completes(board, column, "XO"[len(moves) % 2]):
                break
            stone = "XO"[len(moves) % 2]
            board = (*board[:column], board[column] + stone, *board[column + 1 :])
            moves.append(column)
        else:
            return moves


def as_board(moves: list[int], columns: int = 7) -> Columns:
    board = [""] * columns
    for k, column in enumerate(moves):
        board[column] += "XO"[k % 2]
    return tuple(board)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "columns", "plies", "count"),
    [
        (6, 7, 28, 40),
        (6, 7, 33, 200),
        (6, 7, 39, 200),
        (7, 7, 37, 40),
        (5, 6, 18, 20),
        (4, 4, 0, 1),
    ],
)
def test_scores_and_best_columns_are_those_of_plain_minimax(
    rows: int, columns: int, plies: int, count: int
) -> None:
    rng = Random(f"solve {rows} {columns} {plies}")
    solver = ConnectFourSolver(rows, columns, table_bits=16)
    games = [random_moves(rng, plies, rows, columns) for _ in range(count)]
    for moves, found in zip(games, solver.solve([solver.position(m) for m in games]), strict=True):
        plain = Plain(rows)
        board = as_board(moves, columns)
        scores = {c: plain.score_after(board, c) for c in plain.open(board)}
        assert found.score == max(scores.values()), moves
        assert found.best == tuple(c for c, s in scores.items() if s == found.score), moves


@pytest.mark.slow
def test_earlier_positions_against_plain_minimax(solver: ConnectFourSolver) -> None:
    rng = Random("earlier")
    for plies in (28, 28, 28, 26, 24):
        moves = random_moves(rng, plies)
        found = solver.solve([solver.position(moves)])[0]
        assert found.score == Plain(6).score(as_board(moves)), moves


@pytest.mark.parametrize(("plies", "count"), [(10, 2), (12, 4), (18, 20)])
def test_parents_have_the_best_of_their_children(
    solver: ConnectFourSolver, plies: int, count: int
) -> None:
    rng = Random(f"parents {plies}")
    for _ in range(count):
        moves = random_moves(rng, plies)
        parent = solver.solve([solver.position(moves)])[0]
        board = as_board(moves)
        scores = {}
        for column in range(7):
            if len(board[column]) == 6:
                continue
            if completes(board, column, "XO"[plies % 2]):
                scores[column] = (43 - plies) // 2
            else:
                child = solver.position([*moves, column])
                scores[column] = -solver.solve([child], best=False)[0].score
        assert parent.score == max(scores.values()), moves
        assert parent.best == tuple(c for c, s in scores.items() if s == parent.score), moves


def test_best_replies_keep_the_value_over_whole_games(solver: ConnectFourSolver) -> None:
    rng = Random("whole games")
    for _ in range(6):
        moves = random_moves(rng, 14)
        score = solver.solve([solver.position(moves)])[0].score
        while True:
            found = solver.solve([solver.position(moves)])[0]
            assert found.score == score, moves
            column = rng.choice(found.best)
            board = as_board(moves)
            if completes(board, column, "XO"[len(moves) % 2]):
                assert score == (43 - len(moves)) // 2  # the last word is the rules' own
                break
            moves.append(column)
            if len(moves) == 42:
                assert score == 0
                break
            score = -score


def test_mirror_images_have_the_same_score(solver: ConnectFourSolver) -> None:
    rng = Random("mirror")
    for plies in (9, 13, 20):
        moves = random_moves(rng, plies)
        image = [6 - c for c in moves]
        one, other = solver.solve([solver.position(moves), solver.position(image)])
        assert one.score == other.score
        assert sorted(6 - c for c in one.best) == list(other.best)


def test_a_small_table_changes_nothing(solver: ConnectFourSolver) -> None:
    rng = Random("small")
    small = ConnectFourSolver(table_bits=12)
    positions = [solver.position(random_moves(rng, 20)) for _ in range(30)]
    wanted = [(s.score, s.best) for s in solver.solve(positions)]
    assert [(s.score, s.best) for s in small.solve(positions)] == wanted


def test_work_is_counted_wherever_it_is_cut(
    solver: ConnectFourSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random("slices")
    positions = [solver.position(random_moves(rng, 18)) for _ in range(10)]
    whole = ConnectFourSolver(table_bits=18).solve(positions, best=False)
    monkeypatch.setattr("plywise.engine.boards.connect_four_solver._SLICE_NODES", 37)
    sliced = ConnectFourSolver(table_bits=18).solve(positions, best=False)
    assert [(s.score, s.nodes) for s in sliced] == [(s.score, s.nodes) for s in whole]
    assert all(s.seconds > 0 for s in sliced)


def test_every_position_with_a_win_takes_no_nodes(solver: ConnectFourSolver) -> None:
    found = solver.solve([solver.position([3, 0, 3, 0, 3, 0])])[0]
    assert (found.score, found.best, found.nodes) == (18, (3,), 0)


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        ([7], "move 1: there is no column 8"),
        ([0] * 7, "move 7: column 1 is full"),
        ([0, 1, 0, 1, 0, 1, 0], "move 7 wins"),
        ([0, 1, 0, 1, 0, 1, 0, 1], "move 7 wins"),
    ],
)
def test_moves_that_lead_nowhere_are_refused(
    solver: ConnectFourSolver, moves: list[int], words: str
) -> None:
    with pytest.raises(PositionError, match=words):
        solver.position(moves)


# --- the command ----------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    code = main(["solve", *arguments])
    out = capsys.readouterr()
    return code, out.out.splitlines(), out.err


def test_the_command_solves_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = Random("file")
    games = [random_moves(rng, plies) for plies in (30, 32, 34, 36)]
    scores = [Plain(6).score(as_board(m)) for m in games]
    texts = ["".join(str(c + 1) for c in m) for m in games]
    lines = [f"{t} {s}" for t, s in zip(texts, scores, strict=True)]
    (tmp_path / "ok.txt").write_text("# a comment\n\n" + "\n".join([*lines, texts[0]]) + "\n")
    code, out, _ = run(capsys, "connect_four", "ok.txt", "table_bits=16")
    assert code == 0
    totals = json.loads(out[-1])
    assert set(totals) == {"positions", "correct", "nodes", "seconds"}
    assert (totals["positions"], totals["correct"]) == (5, 4)
    for line, text, score in zip(out, texts, scores, strict=False):
        words = line.split()
        assert words[:2] == [text, str(score)]
        assert len(words) == 5
    assert totals["nodes"] == sum(int(line.split()[3]) for line in out[:-1])
    (tmp_path / "wrong.txt").write_text(f"{texts[0]} {scores[0] + 1}\n")
    code, out, _ = run(capsys, "connect_four", "wrong.txt", "table_bits=16")
    assert code == 1
    assert "WRONG: the file says" in out[0]
    assert json.loads(out[-1])["correct"] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("44\n48\n", "line 2: move 2: there is no column 8"),
        ("44\n\n4x 1\n", "line 3: move 2 is 'x'"),
        ("1111111", "line 1: move 7: column 1 is full"),
        ("1212121 3", "line 1: move 7 wins: the game is over"),
        ("44 1 2", "line 1: 3 words"),
        ("44 much", "line 1: the score 'much' is no whole number"),
        ("9\n9\n9\n9\n9\n9\n9\n", "and 2 more"),
        ("# nothing\n", "holds no position"),
    ],
)
def test_bad_lines_are_refused_by_number(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.txt").write_text(text)
    code, out, error = run(capsys, "connect_four", "bad.txt", "table_bits=12")
    assert code == 1
    assert words in error
    assert error.count("\n") == 1
    assert out == []


@pytest.mark.slow
def test_other_bad_input_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "is no file of positions: not UTF-8 text" in run(capsys, "connect_four", "binary")[2]
    assert "cannot read" in run(capsys, "connect_four", "missing.txt")[2]
    code, _, error = run(capsys, "chess", "missing.txt")
    assert code in (1, 2)
    assert "choose one of connect_four, tic_tac_toe" in error
    assert "must not exceed 64" in run(capsys, "connect_four", "x", "rows=8", "columns=8")[2]


@cache
def ttt_score(board: str) -> int:
    """The score by the texts of rows, columns and diagonals."""
    played = 9 - board.count(".")
    me = "XO"[played % 2]
    best = None
    for k, mark in enumerate(board):
        if mark != ".":
            continue
        child = board[:k] + me + board[k + 1 :]
        lines = [child[i : i + 3] for i in (0, 3, 6)] + [child[i::3] for i in range(3)]
        lines += [child[0::4], child[2:7:2]]
        value = (10 - played) // 2 if me * 3 in lines else -ttt_score(child)
        best = value if best is None else max(best, value)
    return 0 if best is None else best


def test_tic_tac_toe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = Random("ttt")
    lines, boards = ["- 0"], ["........."]
    while len(lines) < 60:
        moves = rng.sample(range(9), rng.randrange(1, 8))
        board, over = "." * 9, False
        for k, square in enumerate(moves):
            board = board[:square] + "XO"[k % 2] + board[square + 1 :]
            rows = [board[i : i + 3] for i in (0, 3, 6)] + [board[i::3] for i in range(3)]
            over = over or any(x in ("XXX", "OOO") for x in [*rows, board[0::4], board[2:7:2]])
        if not over:
            lines.append("".join(str(m + 1) for m in moves) + f" {ttt_score(board)}")
            boards.append(board)
    (tmp_path / "ttt.txt").write_text("\n".join(lines))
    code, out, _ = run(capsys, "tic_tac_toe", "ttt.txt")
    assert code == 0
    assert json.loads(out[-1])["correct"] == len(lines)
    assert out[0].split()[2] == "123456789"
    (tmp_path / "bad.txt").write_text("11")
    assert "line 1: move 2: square 1 is taken" in run(capsys, "tic_tac_toe", "bad.txt")[2]
