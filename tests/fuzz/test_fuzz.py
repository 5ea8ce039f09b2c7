"""A small part of the fuzzer (``python -m tests.fuzz`` has the whole of it)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_wrong_command_lines_and_damaged_files_end_in_one_line() -> None:
    words = ["quick=true", "invocations=34", "files=60", "seed=18", "limit=60"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 faults in " in done.stdout
