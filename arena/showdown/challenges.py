"""How a player comes to battles: by challenges, theirs or its own, by the ladder, or by a person.

:func:`play_battles` runs on poke-env's event loop until its battles have ended.  Which battles run
is the player's own account (:class:`~plywise.games.showdown.session.battles.SessionPlayer`), so
that battles found again after a restart count as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed

from plywise.datasets.errors import PlywiseError
from plywise.games.showdown.messages import CheckedPlayer

LONGEST_WAIT = 10.0
"""Seconds after a refusal until we ask again, at most: servers allow one challenge in ten."""

_FIRST_WAIT = 1.0
_ANSWER_SECONDS = 10.0  # for a server's answer to what we ask
_LOOK_SECONDS = 0.5  # between two looks where nothing has changed
_LOGIN_SECONDS = 0.5  # after a login: the server opens battles that still run at once

Say = Callable[[str], None]
"""Takes a line for people."""


class ChallengeRejectedError(PlywiseError):
    """The user whom we challenge has rejected the challenge."""


class Way(Protocol):
    """One way to battles; its methods are called on poke-env's event loop."""

    async def seek(self, player: CheckedPlayer) -> None:
        """Ask for one more battle, unless that has been done; called again and again."""

    async def rest(self, player: CheckedPlayer) -> None:
        """Withdraw what was asked for: no more battles are wanted now."""


class _Asking:
    """What was asked for last, and whether the server may still answer.

    A server answers with a battle, with a popup that says why not, or not at all.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._open = False
        self._since = (0, 0, 0)  # connection, battles, popups
        self._until = 0.0
        self._wait = _FIRST_WAIT
        self._said = ""

    def begin(self, player: CheckedPlayer) -> None:
        """Note that something is asked for now."""
        self._open = True
        player.refusal = None
        self._since = (player.connection, player.began, player.popups)
        self._until = time.monotonic() + _ANSWER_SECONDS

    def waits(self, player: CheckedPlayer, *, listed: bool) -> bool:
        """Whether to ask for nothing now; ``listed``: the server still knows what was asked."""
        now = time.monotonic()
        if not self._open:
            return listed or now < self._until
        connection, began, popups = self._since
        if player.connection != connection:
            self._end(0.0)
        elif player.began > began:
            self._wait, self._said = _FIRST_WAIT, ""
            self._end(0.0)
        elif player.popups > popups and not listed:
            refused = player.refusal
            if refused is None and player.popup != self._said:
                self._said = player.popup
                self._say(f"The server says: {player.popup}")
            self._end(max(self._wait, (refused.wait if refused else 0.0) or 0.0))
            self._wait = min(2 * self._wait, LONGEST_WAIT)
        elif listed:
            self._until = now + _ANSWER_SECONDS
        elif now > self._until:
            self._end(0.0)
        return self._open or now < self._until

    def _end(self, wait: float) -> None:
        self._open, self._until = False, time.monotonic() + wait


class Accepting:
    """Accepts challenges in the player's format.

    Args:
        challengers: ids of users whose challenges are accepted; empty: anybody's.
        say: takes lines for people.
    """

    def __init__(self, challengers: Collection[str], say: Say) -> None:
        self._challengers = frozenset(challengers)
        self._say = say
        self._asking = _Asking(say)

    async def seek(self, player: CheckedPlayer) -> None:
        """Accept one challenge; reject those of others and in other formats."""
        client: Any = player.ps_client  # its coroutines are not typed
        if self._asking.waits(player, listed=False):
            return
        while player.challenges:
            who = next(iter(player.challenges))
            battle_format = player.challenges.pop(who)
            if self._challengers and who not in self._challengers:
                why = "its name is not among challengers"
            elif battle_format != player.format:
                why = f"only {player.format} is played here"
            else:
                self._asking.begin(player)
                await client.accept_challenge(who, player.next_team)
                return
            self._say(f"A challenge of {who} is rejected: {why}")
            await client.send_message(f"/reject {who}")

    async def rest(self, player: CheckedPlayer) -> None:
        """Let challenges wait."""


class Challenging:
    """Challenges one user, again after each battle.

    Args:
        user: the user's id.
        say: takes lines for people.
    """

    def __init__(self, user: str, say: Say) -> None:
        self._user = user
        self._asking = _Asking(say)

    async def seek(self, player: CheckedPlayer) -> None:
        """Challenge the user.

        Raises:
            ChallengeRejectedError: a challenge was rejected.
        """
        if self._user in player.rejected:
            raise ChallengeRejectedError(f"{self._user} has rejected the challenge")
        client: Any = player.ps_client  # its coroutines are not typed
        if not self._asking.waits(player, listed=self._user in player.challenging):
            self._asking.begin(player)
            await client.challenge(self._user, player.format, player.next_team)

    async def rest(self, player: CheckedPlayer) -> None:
        """Withdraw a challenge."""
        if self._user in player.challenging:
            client: Any = player.ps_client
            player.challenging.discard(self._user)
            await client.send_message(f"/cancelchallenge {self._user}")


class Laddering:
    """Searches for battles on the ladder.

    Args:
        say: takes lines for people.
    """

    def __init__(self, say: Say) -> None:
        self._asking = _Asking(say)

    async def seek(self, player: CheckedPlayer) -> None:
        """Search for a battle."""
        client: Any = player.ps_client  # its coroutines are not typed
        if not self._asking.waits(player, listed=player.searching):
            self._asking.begin(player)
            await client.search_ladder_game(player.format, player.next_team)

    async def rest(self, player: CheckedPlayer) -> None:
        """Withdraw a search."""
        if player.searching:
            client: Any = player.ps_client
            player.searching = False
            await client.send_message(f"/cancelsearch {player.format}")


class Following:
    """Follows the battles to which a person comes on the same account."""

    async def seek(self, player: CheckedPlayer) -> None:
        """Leave it to the person."""

    async def rest(self, player: CheckedPlayer) -> None:
        """Leave it to the person."""


async def play_battles(player: CheckedPlayer, way: Way, battles: int, at_once: int) -> None:
    """Play until ``battles`` have begun and ended; 0: for ever.

    Args:
        player: logged in, or about to log in.
        way: how it comes to battles.
        battles: number of battles, those found again included.
        at_once: most battles at the same time.

    Raises:
        ChallengeRejectedError: see :class:`Challenging`.
    """
    seen, ready_at = -1, 0.0
    while not battles or player.began < battles or player.running:
        player.changed.clear()
        if player.ps_client.logged_in.is_set():
            if seen != player.connection:
                seen, ready_at = player.connection, time.monotonic() + _LOGIN_SECONDS
            wanted = not battles or player.began < battles
            if time.monotonic() < ready_at:
                pass
            elif wanted and len(player.running) < at_once:
                await _unless_lost(way.seek(player))
            else:
                await _unless_lost(way.rest(player))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):  # `wait_for` may lose a cancellation
                await player.changed.wait()
    await _unless_lost(way.rest(player))


async def _unless_lost(sending: Awaitable[None]) -> None:
    """Await what sends messages; a connection that closes meanwhile is made again elsewhere."""
    with contextlib.suppress(ConnectionClosed):
        await sending
