"""Standard streams as a shell can leave them: closed, full, ASCII, and a reader that has gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLYWISE = f"{sys.executable} -m plywise.arena.cli"
PLAY = "play game=tic_tac_toe llm=none search=mcts search.seconds=null search.iterations=2"


def shell(command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command line whose redirections are the shell's own."""
    return subprocess.run(
        ["bash", "-c", command.replace("plywise", PLYWISE, 1)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("redirection", "reason"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")],
)
def test_an_output_that_takes_nothing_is_one_line(
    redirection: str, reason: str, tmp_path: Path
) -> None:
    done = shell(f"plywise agents {redirection}", tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"plywise: cannot write to the standard output: {reason}; the rest of it is lost\n"
    )


@pytest.mark.slow
def test_a_full_output_does_not_end_the_game(tmp_path: Path) -> None:
    done = shell(f"plywise {PLAY} side=none >/dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert len(list(tmp_path.rglob("tic_tac_toe-*.json"))) == 1


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2>&- >&- <&-"])
def test_without_a_place_for_errors_the_exit_code_still_says_it(
    redirection: str, tmp_path: Path
) -> None:
    done = shell(f"plywise shodown {redirection}", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_characters_that_the_encoding_lacks_are_replaced(tmp_path: Path) -> None:
    done = shell("plywise showdown --help", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "play battles on a Pok?mon Showdown server" in done.stdout.replace("Play", "play")
    done = shell("plywise play game=nöpe", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "n\\xf6pe" in done.stderr


def test_a_reader_that_has_gone_ends_it_without_a_word(tmp_path: Path) -> None:
    done = shell("plywise showdown --help | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.slow
@pytest.mark.parametrize("stdin", ["<&-", "</dev/null", "<<< $'\\xff'"])
def test_a_game_without_a_person_is_kept(stdin: str, tmp_path: Path) -> None:
    done = shell(f"plywise {PLAY} {stdin}", tmp_path)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert len(list(tmp_path.rglob("tic_tac_toe-*.json"))) == 1
