"""Decisions of one battle on a server, in their order, and the failure that aborted it.

Each player gets requests of its own and answers from its own thread.  Choices are ordered by
*place*, the number of events that both players have seen: it is the same for two decisions of one
moment and grows from moment to moment.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plywise.arena.play.record import two_sides
from plywise.arena.play.trace import thought
from plywise.datasets.recording import Losses
from plywise.search.decision import Decision

log = logging.getLogger(__name__)

UNNAMED = -2
"""Stands in a record's actions for a choice that our encoding has no number for."""


@dataclass(frozen=True)
class Failure:
    """The reason of an aborted battle.

    Attributes:
        kind: kind of the fault (see :class:`~plywise.arena.tournament.store.Fault`).
        text: reason, one line for people.
        player: player at fault; None: no player.
        error: exception; None: there was none.
    """

    kind: str
    text: str
    player: int | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Choice:
    """One decision.

    Attributes:
        action: action in our encoding, or ``UNNAMED``.
        words: name of the action.
        view: information state of the player, as text.
        names: names of the legal actions.
        decision: decision of our agent; None: a baseline chose.
    """

    action: int
    words: str
    view: str
    names: Mapping[str, str]
    decision: Decision | None = None


class Course:
    """Collects a battle's decisions, times and failures; safe from any thread.

    Args:
        thinking: callback with the deciding player; -1: nobody.
        keep: whether to make a trace.

    Attributes:
        sides: each player's part so far.
        failure: first failure, the only one that counts; None: there is none.
        losses: texts of decisions that could not be made.
    """

    def __init__(self, thinking: Callable[[int], None], *, keep: bool) -> None:
        self.sides = two_sides()
        self.failure: Failure | None = None
        self.losses = Losses("texts of decisions", log.warning)
        self._thinking = thinking
        self._keep = keep
        self._lock = threading.Lock()
        self._deciding: list[int] = []
        self._awaited = -1  # who has to act while nobody decides here
        self._choices: dict[tuple[int, int], Choice] = {}

    @property
    def deciding(self) -> bool:
        """Whether a player is deciding."""
        return bool(self._deciding)

    def waits_for(self, player: int) -> None:
        """Record that the battle waits for a player elsewhere whenever nobody decides here."""
        with self._lock:
            self._awaited = player
            if not self._deciding:
                self._thinking(player)

    def begin(self, player: int) -> None:
        """Record that a player begins to decide."""
        with self._lock:
            self._deciding.append(player)
            self._thinking(player)

    def end(self, player: int) -> None:
        """Record that the player has decided, or failed to."""
        with self._lock:
            self._deciding.remove(player)
            self._thinking(self._deciding[-1] if self._deciding else self._awaited)

    def fail(self, failure: Failure) -> None:
        """Record a failure; only the first counts, later ones may follow from it."""
        with self._lock:
            if self.failure is None:
                self.failure = failure

    def add(self, place: int, player: int, choice: Choice, seconds: float) -> None:
        """Record a decision; another one at the same place is its correction."""
        with self._lock:
            self._choices[place, player] = choice
            notes = {} if choice.decision is None else choice.decision.notes
            self.sides[player].note(seconds, notes)

    # --- afterwards -------------------------------------------------------------------------

    def actions(self) -> tuple[tuple[int, int], ...]:
        """Return the actions by ply and player, -1 where a player had nothing to decide."""
        return tuple((self._action(place, 0), self._action(place, 1)) for place in self._places())

    def trace(self) -> list[dict[str, Any]]:
        """Return the trace of the record; [] if none is kept.

        To the entries of ``Tracer`` it adds ``o`` the information state, ``c`` the chosen action
        and ``m`` the names of actions.
        """
        found: list[dict[str, Any]] = []
        for ply, place in enumerate(self._places() if self._keep else ()):
            for player in (0, 1):
                choice = self._choices.get((place, player))
                if choice is None:
                    continue
                entry = {"p": ply, "w": player}
                thoughts = {} if choice.decision is None else thought(choice.decision)
                names = {"m": dict(choice.names)} if thoughts else {}
                found.append(entry | thoughts | names | {"o": choice.view, "c": choice.words})
        return found

    def _places(self) -> list[int]:
        return sorted({place for place, _ in self._choices})

    def _action(self, place: int, player: int) -> int:
        choice = self._choices.get((place, player))
        return -1 if choice is None else choice.action
