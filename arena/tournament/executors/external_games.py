"""Games against external accounts in a tournament: when they can begin, and how they are judged.

An account plays one battle at a time: programs of others mostly can do no more.  The executor keeps
its other games here, and waits here for an account that is not there, while other games go on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from plywise.arena.agents.kinds.external import ExternalSettings
from plywise.arena.showdown.connections import ServerUnreachableError
from plywise.arena.showdown.external import AccountAbsentError, Waiting, is_there
from plywise.arena.tournament.executors.external_side import ABSENT, INACTIVE
from plywise.arena.tournament.schedule import GameTask
from plywise.arena.tournament.store import Fault
from plywise.arena.tournament.worker import GameOutcome

_LOOK_SECONDS = 1.0  # between two looks for an account that is not there
_REFUSED_SECONDS = 5.0  # after a challenge that was refused
_NOT_A_PLAYERS = ("died", "nonsense")  # faults of a worker, whoever was thinking


@dataclass
class _Account:
    waiting: Waiting
    tasks: deque[GameTask] = field(default_factory=deque)
    playing: int | None = None  # number of its game under way
    begun: float = 0.0  # when that was handed over
    next_look: float = 0.0


class ExternalGames:
    """The games against external accounts that wait.

    Args:
        accounts: the accounts by the indices of their entrants.
        url: websocket address of the server, which a restart keeps.
        battle_format: format of the challenges.
        say: takes lines for people.
    """

    def __init__(
        self,
        accounts: Mapping[int, ExternalSettings],
        url: str,
        battle_format: str,
        say: Callable[[str], None],
    ) -> None:
        self._url = url
        self._accounts = {
            index: _Account(Waiting(account, url, battle_format, say))
            for index, account in accounts.items()
        }

    def keep(self, tasks: Iterable[GameTask]) -> list[GameTask]:
        """Keep the games against accounts; return the others."""
        others = []
        for task in tasks:
            index = self._account_of(task)
            if index is None:
                others.append(task)
            else:
                self._accounts[index].tasks.append(task)
        return others

    def ready(self) -> list[GameTask]:
        """Return games that can begin now, and hold them to be under way."""
        found = []
        for account in self._accounts.values():
            now = time.monotonic()
            if account.playing is not None or not account.tasks or now < account.next_look:
                continue
            account.next_look = now + _LOOK_SECONDS
            try:
                there = is_there(self._url, account.waiting.account)
            except ServerUnreachableError:
                continue  # the executor looks after the server
            if not there:
                account.waiting.goes_on("has not been logged in")
                continue
            account.next_look = 0.0
            task = account.tasks.popleft()
            account.playing, account.begun = task.number, now
            found.append(task)
        return found

    def judged(self, outcomes: Iterable[GameOutcome]) -> list[GameOutcome]:
        """Free the accounts of ended games; return the outcomes as the tournament counts them."""
        return [one for outcome in outcomes if (one := self._judged(outcome)) is not None]

    def _judged(self, outcome: GameOutcome) -> GameOutcome | None:
        fault = outcome if isinstance(outcome, Fault) else None
        index = next((i for i, a in self._accounts.items() if a.playing == outcome.number), None)
        if index is None:
            return outcome
        account = self._accounts[index]
        account.playing = None
        if fault is not None and fault.kind == ABSENT:
            account.waiting.goes_on(fault.text, account.begun)
            account.tasks.appendleft(fault.task)
            account.next_look = time.monotonic() + _REFUSED_SECONDS
            return None
        if fault is None or fault.at_fault == index:
            account.waiting.ends()
        if fault is None:
            return outcome
        if fault.kind in _NOT_A_PLAYERS:
            return replace(fault, at_fault=None)
        return replace(fault, lost=fault.kind == INACTIVE or fault.at_fault == index)

    def require(self, *, others: bool) -> None:
        """Raise if nothing but games against accounts is left, none of which can begin.

        Args:
            others: whether other games wait or are under way.

        Raises:
            AccountAbsentError: an account's patience is over.
        """
        if others or any(account.playing is not None for account in self._accounts.values()):
            return
        left = [account for account in self._accounts.values() if account.tasks]
        if left and all(account.waiting.too_long for account in left):
            raise self._error(left[0])

    def _error(self, account: _Account) -> AccountAbsentError:
        games = len(account.tasks)
        return account.waiting.error(
            f"{games} games against it are left; those played are kept, and the same command "
            "continues"
        )

    def _account_of(self, task: GameTask) -> int | None:
        return next((player for player in task.players if player in self._accounts), None)
