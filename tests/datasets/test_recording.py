"""Recording that costs no more than the record: what is lost is counted, and said once."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from plywise.datasets.recording import JsonLines, Losses, encodable, json_line


def test_lone_surrogates_are_replaced_and_pairs_kept() -> None:
    assert encodable("\ud83d A \U0001f0a1 \udfff") == "\ufffd A \U0001f0a1 \ufffd"


def test_a_line_of_json_keeps_a_lone_surrogate_as_its_escape() -> None:
    line = json_line({"a": "\ud83d é"})
    assert line == '{"a": "\\ud83d é"}\n'.encode()
    assert json.loads(line) == {"a": "\ud83d é"}


def test_any_failure_is_counted_and_the_first_is_said() -> None:
    said: list[str] = []
    losses = Losses("moves", said.append)
    for error in (OSError(28, "No space left on device"), TypeError("x"), RecursionError()):
        with losses.guard():
            raise error
    with losses.guard():
        pass
    assert losses.count == 3
    assert said == ["moves cannot be recorded: No space left on device; the rest goes on"]
    assert str(losses) == "3 (No space left on device)"


def test_an_interruption_is_no_loss() -> None:
    losses = Losses("moves", print)
    with pytest.raises(KeyboardInterrupt), losses.guard():
        raise KeyboardInterrupt
    assert losses.count == 0


_FILLS_A_DISK = """
import sys
from plywise.datasets.recording import JsonLines, Losses
lines, losses = JsonLines(__import__("pathlib").Path(sys.argv[1])), Losses("lines", print)
for number in range(10):
    with losses.guard():
        lines.append({"n": number, "text": "x" * (250 if number % 2 else 20)})
lines.close()
print(losses.count)
"""


def test_a_line_that_the_disk_takes_in_part_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    run = subprocess.run(
        [sys.executable, "-c", _FILLS_A_DISK, str(path)],
        preexec_fn=limit, capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept = [json.loads(line)["n"] for line in path.read_text().splitlines()]
    assert kept == [0, 1, 2, 4, 6, 8]
    assert run.stdout.splitlines() == [
        "lines cannot be recorded: File too large; the rest goes on",
        "4",
    ]


def test_a_full_device_refuses_every_line() -> None:
    lines = JsonLines(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        lines.append({})
    lines.close()
    lines.close()
    lines.append({})  # nothing


def test_a_pipe_without_a_reader_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        JsonLines(tmp_path / "pipe")
