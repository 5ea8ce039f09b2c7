import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from plywise.datasets.processes.children import (
    completed,
    end_program,
    python_command,
    running,
    start_program,
    start_worker,
)


def runs(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(seconds: float, *pids: int) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(runs, pids))


PARENT = """
import os, subprocess, sys, time
from plywise.datasets.processes.children import *
from plywise.games.showdown.install import node_executable

def main():
    node = [node_executable(), *NODE_FLAGS, "-e", "while (true) {}"]  # never looks at its events
    null = subprocess.DEVNULL
    pids = [start_program(python_command("while True: pass"), stderr=null).pid]
    pids += [start_program(node, stdout=null, stderr=null).pid]
    pids += [start_worker(time.sleep, 60).pid]
    held = os.fork()  # keeps all pipes open
    if not held:
        time.sleep(60)
        os._exit(0)
    print(*pids, held, flush=True)
    time.sleep(60)

main()
"""


@pytest.mark.slow
def test_children_end_when_their_parent_was_killed(program: Any) -> None:
    run = program(PARENT)
    *pids, held = map(int, run.line().split())
    try:
        assert all(map(runs, pids))
        run.send(signal.SIGKILL)
        run.process.wait()
        assert gone_within(30, *pids)
        assert runs(held)
    finally:
        subprocess.run(["kill", "-9", *map(str, (*pids, held))], check=False, capture_output=True)


def test_a_child_whose_parent_is_gone_from_the_start_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plywise.datasets.processes.children.os.getpid", lambda: 1)
    with start_program(python_command("import time; time.sleep(60)")) as child:
        assert child.wait(30) == 1


def test_children_get_no_signals_of_the_terminal(program: Any) -> None:
    blocked = "print(open('/proc/self/status').read().split('SigBlk:')[1].split()[0], flush=True)"
    run = program(
        "import time\nfrom plywise.datasets.processes.children import start_worker\n"
        f"if __name__ == '__main__':\n    start_worker(exec, {blocked!r}).join()"
    )
    mask = int(run.line(), 16)
    assert mask & 1 << signal.SIGINT - 1
    assert mask & 1 << signal.SIGHUP - 1
    assert not mask & 1 << signal.SIGTERM - 1


def test_a_child_that_runs_when_the_block_raises_is_ended() -> None:
    with (
        pytest.raises(ValueError, match="why"),
        running(python_command("import time; time.sleep(60)")) as child,
    ):
        raise ValueError("why")
    assert child.returncode == -signal.SIGTERM


def test_a_child_that_does_not_want_to_end_is_killed_with_its_own_children() -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)\n"
        "sys.stdout.flush()\ntime.sleep(60)"
    )
    with start_program(python_command(code), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert runs(grandchild)
        end_program(child, seconds=0.0)
        assert child.returncode == -signal.SIGKILL
        assert gone_within(30, grandchild)


def test_output_and_status_of_a_child() -> None:
    done = completed(python_command("import sys; print(sys.argv[1]); sys.exit(3)", "word"))
    assert (done.returncode, done.stdout, done.stderr) == (3, "word\n", "")
    with pytest.raises(subprocess.TimeoutExpired):
        completed(python_command("import time; time.sleep(60)"), timeout=0.1)


def test_a_worker_gets_its_arguments() -> None:
    worker = start_worker(sys.exit, 7)
    worker.join()
    assert worker.exitcode == 7
