import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from plywise.datasets.processes.signals import (
    Interrupted,
    catch_again,
    exit_code,
    interrupted,
    raising_interrupts,
    uninterrupted,
)

BEGIN = """
import sys, time
from plywise.datasets.processes.signals import *
with raising_interrupts():
    try:
        print("ready", flush=True)
"""
END = """
    except KeyboardInterrupt as error:
        print("end", flush=True)
        sys.exit(exit_code(error))
"""
WAIT = BEGIN + "        time.sleep(60)\n" + END


@pytest.mark.parametrize(
    ("signum", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_each_signal_is_one_exception(program: Any, signum: int, status: int) -> None:
    run = program(WAIT)
    assert run.line() == "ready"
    run.send(signum)
    assert run.end() == (status, "end\n", "")


def test_a_signal_ignored_at_the_start_stays_ignored(program: Any) -> None:
    run = program(
        BEGIN + '        for line in sys.stdin: print("read", flush=True)\n' + END, signal.SIGHUP
    )
    assert run.line() == "ready"
    run.send(signal.SIGHUP)
    run.type("")
    assert run.line() == "read"
    run.send(signal.SIGTERM)
    assert run.end()[0] == 143


CLEANUP = (
    BEGIN
    + """
        time.sleep(60)
    except KeyboardInterrupt as error:
        print("cleaning", flush=True)
        try:
            raise ValueError("met while cleaning")
        except ValueError:
            for line in sys.stdin: print(line.strip(), flush=True)
        print("clean", flush=True)
        sys.exit(exit_code(error))
"""
)


def test_further_signals_leave_the_cleaning_alone(program: Any) -> None:
    run = program(CLEANUP)
    assert run.line() == "ready"
    run.send(signal.SIGTERM)
    assert run.line() == "cleaning"
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        run.send(signum)
        run.type("still here")
        assert run.line() == "still here"
    assert run.end() == (143, "clean\n", "")


def test_the_third_ctrl_c_ends_at_once(program: Any) -> None:
    run = program(CLEANUP)
    assert run.line() == "ready"
    run.send(signal.SIGINT)
    assert run.line() == "cleaning"
    run.send(signal.SIGINT)
    run.type("still here")
    assert run.line() == "still here"
    run.send(signal.SIGINT)
    status, out, errors = run.end()
    assert (status, out) == (130, "")
    assert "Ctrl-C again ends at once" in errors


@pytest.mark.slow
def test_an_interrupt_that_gets_lost_is_raised_again(program: Any) -> None:
    lost = """
        class Deaf:
            def __del__(self):
                print("in a destructor", flush=True)
                time.sleep(60)
        thing = Deaf()
        del thing
        print("and on", flush=True)
        time.sleep(60)
"""
    run = program(BEGIN + lost + END)
    assert (run.line(), run.line()) == ("ready", "in a destructor")
    run.send(signal.SIGTERM)
    assert run.line() == "and on"
    assert run.end() == (143, "end\n", "")


def test_what_must_not_be_done_by_half_is_done() -> None:
    done = []

    def work() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
            done.append("whole")

    with raising_interrupts():
        with pytest.raises(Interrupted):
            work()
        assert interrupted() is not None
    assert done == ["whole"]
    assert interrupted() is None


def test_an_error_in_it_comes_first() -> None:
    def work() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
            raise ValueError("first")

    with raising_interrupts(), pytest.raises(ValueError, match="first"):
        work()


def test_a_library_that_takes_a_signal_does_not_keep_it() -> None:
    def work() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as Ray does in its own way
        catch_again()
        signal.raise_signal(signal.SIGTERM)

    with raising_interrupts(), pytest.raises(Interrupted):
        work()


def test_handlers_are_restored() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    with raising_interrupts(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    after = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    assert after == before


def test_other_threads_change_nothing() -> None:
    seen: list[Callable[..., Any] | int | None] = []

    def run() -> None:
        with raising_interrupts(), uninterrupted():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_exit_codes_are_those_of_shells() -> None:
    assert exit_code(KeyboardInterrupt()) == 130
    assert exit_code(Interrupted(signal.SIGTERM)) == 143
