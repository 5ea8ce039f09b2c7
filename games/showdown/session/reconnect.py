"""A connection to a Showdown server that is made again when it breaks.

poke-env's own ``listen`` logs whatever ends it and returns; this one says why it ended, waits
(longer each time) and tries again, logs in, and lets the player join its battles.  It gives up
after ``patience`` seconds without progress: a server that hangs up at once is no server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from poke_env.concurrency import POKE_LOOP
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from plywise.datasets.address_secrets import mask
from plywise.games.showdown.messages import CheckedPlayer

log = logging.getLogger(__name__)

FIRST_WAIT = 1.0
"""Seconds before the first try; each later wait is twice as long."""

LONGEST_WAIT = 15.0
_LOGIN_SECONDS = 20.0  # of a connection made again
_SETTLED_SECONDS = 30.0  # a connection that stood so long was a good one


class StandingConnection:
    """Connects a player when it is made, and again whenever the connection breaks.

    Args:
        player: poke-env player, not listening yet.
        patience: seconds without progress after which a broken connection is given up; 0: at once.
        report: called, on poke-env's event loop, with a line about each loss and each return.

    Attributes:
        why: reason of the last loss; "" none.
        reconnects: connections made again, with a login.
    """

    def __init__(
        self, player: CheckedPlayer, *, patience: float = 0.0, report: Callable[[str], None]
    ) -> None:
        self.why = ""
        self.reconnects = 0
        self._player = player
        self._client: Any = player.ps_client  # its coroutines are not typed
        self._patience = patience
        self._report = report
        self._stands = False
        self._closing = False
        self._running: Future[None] = asyncio.run_coroutine_threadsafe(self._keep(), POKE_LOOP)

    @property
    def open(self) -> bool:
        """Whether the connection stands, or is being made again."""
        return not self._running.done()

    @property
    def interrupted(self) -> bool:
        """Whether the connection is being made again."""
        return self.open and not self._stands

    def close(self, seconds: float) -> None:
        """Close the connection; what it still does is cancelled."""
        self._closing = True
        if self.open and hasattr(self._client, "websocket"):  # set by the first connection
            leaving = asyncio.run_coroutine_threadsafe(self._client.stop_listening(), POKE_LOOP)
            with contextlib.suppress(WebSocketException, OSError):
                try:
                    leaving.result(timeout=seconds)
                except TimeoutError:
                    name = self._client.username
                    log.warning("%s: the connection did not close within %g s", name, seconds)
        self._running.cancel()
        for task in list(self._client._active_tasks):  # messages that still wait for something
            POKE_LOOP.call_soon_threadsafe(task.cancel)

    async def _keep(self) -> None:
        """Stay connected until patience ends."""
        self._stands = True
        await self._listen()
        if not self._client.logged_in.is_set():
            return  # whoever waits for the login says so
        player, wait = self._player, FIRST_WAIT
        lost_at, progress = time.monotonic(), player.progress
        while not self._closing:
            self._stands = False
            player.connection_lost()
            left = lost_at + self._patience - time.monotonic()
            if left <= 0:
                return
            log.warning("the connection is lost (%s); next try in %.1f s", self.why, wait)
            self._report(f"The connection is lost ({self.why}); next try in {wait:.0f} s")
            await asyncio.sleep(min(wait, left))
            wait = min(2 * wait, LONGEST_WAIT)
            began = time.monotonic()
            back = await self._try_again()
            now = time.monotonic()
            if player.progress != progress or (back and now - began > _SETTLED_SECONDS):
                lost_at, progress, wait = now, player.progress, FIRST_WAIT
            elif back and not player.running:
                lost_at = now  # nothing was at stake

    async def _try_again(self) -> bool:
        """Connect, log in and listen; return whether the login succeeded before the end."""
        self._player.refused = ""
        listening = asyncio.create_task(self._listen())
        try:
            until = time.monotonic() + _LOGIN_SECONDS
            while not self._client.logged_in.is_set():
                if listening.done():
                    return False
                if self._player.refused or time.monotonic() > until:
                    self.why = self._player.refused or "no login in time"
                    return False
                await asyncio.sleep(0.02)
            self.reconnects += 1
            self._stands = True
            self._report("Connected again")
            self._player.logged_in_again()
            await listening
            return True
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self) -> None:
        """Connect and handle messages until the connection ends; ``why`` has the reason."""
        client = self._client
        try:
            async with connect(
                client.websocket_url,
                max_queue=None,
                open_timeout=client._open_timeout,
                ping_interval=client._ping_interval,
                ping_timeout=client._ping_timeout,
            ) as websocket:
                client.websocket = websocket
                async for message in websocket:
                    task = asyncio.create_task(client._handle_message(str(message)))
                    client._active_tasks.add(task)
                    task.add_done_callback(client._active_tasks.discard)
            self.why = "the server closed it"
        except ConnectionClosed as error:
            self.why = mask(str(error))[:200]
        except (TimeoutError, OSError, WebSocketException) as error:
            self.why = mask(str(error))[:200] or type(error).__name__
