"""The side of a battle that a program of others plays: how it is met, and what is its fault."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from poke_env.concurrency import POKE_LOOP
from websockets.exceptions import ConnectionClosed

from plywise.arena.agents.kinds.external import ExternalSettings
from plywise.arena.showdown.challenges import Challenging, play_battles
from plywise.arena.showdown.connections import ServerUnreachableError
from plywise.arena.showdown.course import Course, Failure
from plywise.arena.showdown.external import is_there
from plywise.arena.showdown.watch import BattleWatch
from plywise.games.showdown.messages import CheckedPlayer

ABSENT = "absent"
"""Kind of the fault of a game that never began, since the account was not there or did not accept
the challenge; the executor begins it again later, and no record has it."""

INACTIVE = "inactive"
"""Kind of the fault of a player who lost on the server's timer, also after it had left."""

FORFEIT = "forfeit"
"""Kind of the fault of an account that ended a battle before our player had decided anything."""

_FORFEIT_SECONDS = 2.0
_POLL_SECONDS = 0.005


async def challenge(own: CheckedPlayer, account: str, seed: int, *, second: bool) -> None:
    """Play one battle from a seed against an account; ``second``: as its second player.

    Raises:
        ChallengeRejectedError: the account does not want to play.
    """
    client: Any = own.ps_client  # its coroutines are not typed
    await client.send_message(f"/plywiseseed {seed}")
    if second:
        await client.send_message("/plywisesecond")
    await play_battles(own, Challenging(account, own.logger.info), battles=1, at_once=1)


def give_up(own: CheckedPlayer) -> None:
    """End our player's battles on the server, so that the account is free for its next one."""

    async def forfeit() -> None:
        client: Any = own.ps_client
        for tag in list(own.running):
            await client.send_message("/forfeit", tag)
        while own.running:
            await asyncio.sleep(0.05)

    ending = asyncio.run_coroutine_threadsafe(forfeit(), POKE_LOOP)
    with contextlib.suppress(TimeoutError, CancelledError, ConnectionClosed):
        ending.result(_FORFEIT_SECONDS)
    ending.cancel()


@dataclass
class ForeignSide:
    """The side that an external account plays in one battle.

    Attributes:
        index: 0 or 1.
        account: the account.
        accept_until: monotonic time until which it may accept the challenge.
        begun: whether the battle has begun.
    """

    index: int
    account: ExternalSettings
    accept_until: float
    begun: bool = False

    def look(self, watch: BattleWatch, course: Course) -> None:
        """Note the beginning of the battle; fail the course where it does not come."""
        if self.begun:
            return
        own = watch.connections[0].player
        if own.began:
            self.begun = True
            course.waits_for(self.index)
        elif own.refusal is not None and own.refusal.wait is not None:
            course.fail(Failure(ABSENT, f"cannot be challenged: {own.refusal}"))
        elif time.monotonic() > self.accept_until:
            course.fail(Failure(ABSENT, "has accepted no challenge"))
        else:
            watch.touch()  # its patience has a measure of its own

    def stalls(self, url: str, course: Course, words: str) -> bool:
        """Blame the account for a battle in which nothing happens, unless the server is silent."""
        try:
            there = is_there(url, self.account)
        except ServerUnreachableError:
            return False
        what = "does not answer" if there else "has left"
        course.fail(Failure("stalled", f"'{self.account.user}' {what}: {words}", self.index))
        return True

    def judge(self, result: float, out_of_time: str, course: Course) -> None:
        """Fail the course where a player has lost on the server's timer, or before any decision.

        Args:
            result: our player's.
            out_of_time: who lost on the timer, by ``connections.out_of_time``.
            course: waited for, where the battle ended while our player was deciding.
        """
        while course.deciding:
            time.sleep(_POLL_SECONDS)
        if result > 0 and not course.actions():
            text = f"'{self.account.user}' gave up before the first decision"
            course.fail(Failure(FORFEIT, text, self.index))
        if out_of_time:
            theirs = out_of_time == "the opponent was"
            text = f"'{self.account.user}' has" if theirs else "our player has"
            at_fault = self.index if theirs else 1 - self.index
            course.fail(Failure(INACTIVE, f"{text} lost on the server's timer", at_fault))
