"""SIGINT, SIGTERM and SIGHUP as one exception, raised once, in the main thread.

:class:`Interrupted` is a ``KeyboardInterrupt``, so that whatever handles Ctrl-C handles the others.
While it is being handled (results are written, children ended) further signals raise nothing.  If
it got lost, in a destructor or a callback of a library, it is raised again a second later.
:func:`uninterrupted` lets it wait for what must not be done by half.  Python cannot raise anything
while compiled code runs: a command that computes on for too long is ended from another thread.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
_AGAIN_SECONDS = 1.0
_COMPUTING_SECONDS = 10  # a kernel may run on after a signal
_PRESSES = 3  # of Ctrl-C: the last one ends the process without any more ado


class Interrupted(KeyboardInterrupt):
    """The command is to end: it got ``signum``."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return 128 plus the number of the signal, as a shell does."""
    return 128 + (interrupt.signum if isinstance(interrupt, Interrupted) else signal.SIGINT)


class _Handler:
    """Handler of the signals of one command."""

    def __init__(self) -> None:
        self.interrupt: Interrupted | None = None
        self.held = False  # whether a signal waits
        self.caught: list[int] = []
        self._raised = threading.Event()
        self._thread = threading.get_ident()
        self._presses = 0
        self._terminals = [fd for fd in (0, 1, 2) if os.isatty(fd)]

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        self._raised.set()
        if self._terminals:
            self._leave_closed_terminal()
        if self.interrupt is None:
            self.interrupt = Interrupted(signum)
            if hasattr(signal, "setitimer"):
                signal.signal(signal.SIGALRM, self)
                signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS, _AGAIN_SECONDS)
        self._presses += signum == signal.SIGINT
        if self._presses >= _PRESSES:
            os._exit(exit_code(self.interrupt))
        self.raise_unless_handled()
        if signum == signal.SIGINT and self._presses > 1:
            _write_line("ending; Ctrl-C again ends at once, without the results")

    def raise_unless_handled(self) -> None:
        """Raise the interrupt unless an ``except``, ``finally`` or ``with`` block handles it."""
        error = sys.exception()
        while error is not None and error is not self.interrupt:
            error = error.__context__
        if self.interrupt is not None and error is None and not self.held:
            raise self.interrupt

    def end_if_computing(self, wakeups: int) -> None:
        """End the process where a signal that came is not raised for long; return at a zero.

        It is sent again each second: one that comes just before a read is not noticed by it.

        Args:
            wakeups: a pipe's end, which gives the number of each signal as it comes, as a byte.
        """
        with os.fdopen(wakeups, "rb", buffering=0) as pipe:
            while (came := pipe.read(1)) not in (b"", b"\0"):
                if (signum := came[0]) not in SIGNALS:
                    continue
                for _ in range(_COMPUTING_SECONDS):
                    if self._raised.wait(1.0):
                        break
                    signal.pthread_kill(self._thread, signum)
                else:
                    _write_line(f"interrupted by {signal.Signals(signum).name}")
                    os._exit(128 + signum)

    def _leave_closed_terminal(self) -> None:
        """Let what is still printed go nowhere if the terminal is closed: it would raise EIO."""
        for fd in self._terminals:
            if not os.isatty(fd):
                null = os.open(os.devnull, os.O_RDWR)
                os.dup2(null, fd)
                os.close(null)


def _write_line(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"\nplywise: {text}\n".encode())


_handler: _Handler | None = None


def catch_again() -> None:
    """Install the handlers again, after a library has installed its own."""
    if _handler is not None and threading.current_thread() is threading.main_thread():
        for number in _handler.caught:
            signal.signal(number, _handler)


def interrupted() -> Interrupted | None:
    """Return the interrupt that ends this command; None: it goes on."""
    return None if _handler is None else _handler.interrupt


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a signal wait until the block has ended: it writes results, or ends a child."""
    handler = _handler
    if handler is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before, handler.held = handler.held, True
    try:
        yield
    finally:
        handler.held = before
    handler.raise_unless_handled()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raise signals after all in this part of an :func:`uninterrupted` block."""
    handler = _handler
    if handler is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = handler.held
    try:
        try:
            handler.held = False
            handler.raise_unless_handled()
            yield
        finally:
            handler.held = before
    finally:  # for a signal in the line above
        handler.held = before


@contextlib.contextmanager
def raising_interrupts() -> Iterator[None]:
    """Raise :class:`Interrupted` at the first signal inside the block.

    A signal that is ignored at the start stays ignored (``nohup``, ``&`` in scripts).  Outside the
    main thread nothing is changed: Python handles signals there alone.
    """
    global _handler
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    outer, _handler = _handler, _Handler()
    before: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}
    _handler.caught = [n for n, old in before.items() if old not in (signal.SIG_IGN, None)]
    unraisable = sys.unraisablehook

    def hook(what: sys.UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, Interrupted):  # this one is raised again
            unraisable(what)

    sys.unraisablehook = hook
    wakeups, sender = os.pipe()
    os.set_blocking(sender, False)
    outer_fd = signal.set_wakeup_fd(sender, warn_on_full_buffer=False)
    threading.Thread(target=_handler.end_if_computing, args=(wakeups,), daemon=True).start()
    alarm = signal.getsignal(signal.SIGALRM) if hasattr(signal, "SIGALRM") else None
    try:
        catch_again()
        yield
    finally:
        for number in _handler.caught:
            signal.signal(number, before[number])
        if _handler.interrupt is not None and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
        signal.set_wakeup_fd(outer_fd)
        with contextlib.suppress(BlockingIOError):
            os.write(sender, b"\0")
        os.close(sender)
        sys.unraisablehook = unraisable
        _handler = outer
