"""One battle on a server as it goes: who decided what, where, and what broke it off.

The players are told of a request each on its own, and answer from different threads.  What they
chose is put in order by *place*, the number of events that both have seen: it is the same for two
decisions of one moment and grows from moment to moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plywise.arena.play.record import two_sides
from plywise.arena.play.trace import thought
from plywise.search.decision import Decision

UNNAMED = -2
"""Stands in a record's actions for a choice that our encoding has no number for."""


@dataclass(frozen=True)
class Failure:
    """What broke a battle off.

    Attributes:
        kind: of the fault (see :class:`~plywise.arena.tournament.store.Fault`); ``text`` in words.
        player: who was at fault, None where nobody was.
        error: the exception, where there was one.
    """

    kind: str
    text: str
    player: int | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Choice:
    """One decision.

    Attributes:
        action: in our encoding, or ``UNNAMED``; ``words``: its name.
        view: what the player knew, as text; ``names`` of the legal actions.
        decision: of an agent of ours.
    """

    action: int
    words: str
    view: str
    names: Mapping[str, str]
    decision: Decision | None = None


class Course:
    """Collects a battle's decisions, times and failures; safe from any thread.

    Args:
        thinking: told which player decides, -1: nobody.
        keep: whether to make a trace.

    Attributes:
        sides: each player's part so far.
        failure: the first, which counts.
    """

    def __init__(self, thinking: Callable[[int], None], *, keep: bool) -> None:
        self.sides = two_sides()
        self.failure: Failure | None = None
        self._thinking = thinking
        self._keep = keep
        self._lock = threading.Lock()
        self._deciding: list[int] = []
        self._choices: dict[tuple[int, int], Choice] = {}

    @property
    def deciding(self) -> bool:
        """Whether somebody decides right now."""
        return bool(self._deciding)

    def begin(self, player: int) -> None:
        """Take note that a player begins to decide."""
        with self._lock:
            self._deciding.append(player)
            self._thinking(player)

    def end(self, player: int) -> None:
        """Take note that the player has decided, or failed to."""
        with self._lock:
            self._deciding.remove(player)
            self._thinking(self._deciding[-1] if self._deciding else -1)

    def fail(self, failure: Failure) -> None:
        """Take note of a failure; only the first counts, the others may follow from it."""
        with self._lock:
            if self.failure is None:
                self.failure = failure

    def add(self, place: int, player: int, choice: Choice, seconds: float) -> None:
        """Take note of a decision; another one at the same place is its correction."""
        with self._lock:
            self._choices[place, player] = choice
            notes = {} if choice.decision is None else choice.decision.notes
            self.sides[player].note(seconds, notes)

    # --- afterwards -------------------------------------------------------------------------

    def actions(self) -> tuple[tuple[int, int], ...]:
        """Return the actions by ply and player, -1 where a player had nothing to decide."""
        return tuple((self._action(place, 0), self._action(place, 1)) for place in self._places())

    def trace(self) -> list[dict[str, Any]]:
        """Return the trace of the record, [] where none is kept.

        To what ``Tracer`` keeps of a decision it adds what only the server knew:
        ``o`` what the player knew, ``c`` what was chosen, ``m`` actions' names.
        """
        found: list[dict[str, Any]] = []
        for ply, place in enumerate(self._places() if self._keep else ()):
            for player in (0, 1):
                choice = self._choices.get((place, player))
                if choice is None:
                    continue
                entry = {"p": ply, "w": player}
                told = {} if choice.decision is None else thought(choice.decision)
                names = {"m": dict(choice.names)} if told else {}
                found.append(entry | told | names | {"o": choice.view, "c": choice.words})
        return found

    def _places(self) -> list[int]:
        return sorted({place for place, _ in self._choices})

    def _action(self, place: int, player: int) -> int:
        choice = self._choices.get((place, player))
        return -1 if choice is None else choice.action
