"""A poke-env player that knows which of its battles run, whatever becomes of the connection.

poke-env knows battles by their messages alone.  Here is what it leaves out: which battles the
server lists, battles whose room is joined again (their log is read from its start), choices that
carry their request's id, challenges and searches, ratings, and the end of a battle's objects.

All of it happens on poke-env's event loop; :meth:`SessionPlayer.let_go` and reading may come from
another thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from contextvars import ContextVar
from typing import Any

from poke_env.battle import AbstractBattle
from poke_env.concurrency import POKE_LOOP, create_in_poke_loop
from poke_env.player import Player

from plywise.games.showdown.names import user_id
from plywise.games.showdown.session.ratings import RatingChange, rating_change

RATING_SECONDS = 15.0
"""Longest stay in a rated battle's room for its ratings: a remote ladder answers after seconds."""

_JOIN_SECONDS = 1.0  # after which a battle that the server lists, but has not opened, is joined
_UNUSED = ("customgroups", "formats")  # long lists, sent at each login
_CHOICES = ("/choose ", "/team ")
_TOO_LATE = ("[Invalid choice] Sorry, too late", "[Invalid choice] There's nothing to choose")
_REMEMBERED = 500  # tags of battles let go, whose last lines may still come
_MAX_LISTED = 1000  # entries of a server's list that are looked at

_arrived_in: ContextVar[int | None] = ContextVar("plywise_connection", default=None)


class SessionPlayer(Player):
    """Counts battles and keeps what a server says of challenges, searches and ratings.

    Attributes:
        running: tags of battles that have begun and not ended.
        began: battles that have begun, those found again after a restart among them.
        resumed: battles that were under way when this process saw them first.
        rejoined: battles whose log was read again after the connection had broken.
        lost: tags of battles that the server no longer knows.
        progress: choices sent, battles begun and ended: it grows while things go on.
        challenges: formats of the challenges that wait for our answer, by the challenger's id.
        challenging: ids of users whom we challenge.
        rejected: ids of users who rejected a challenge of ours.
        searching: whether the server lists a search of ours in our format.
        popups: popups received; ``popup``: text of the last one.
        connection: number of the present connection.
        changed: set when any of these changes.
        own_rating: change of the account's rating over all its rated battles, in the order in which
            the server rated them; None: none yet.
        greeting: said in the chat when a battle begins; "": nothing.
    """

    def __init__(self, **player_options: Any) -> None:
        super().__init__(**player_options)
        self.running: set[str] = set()
        self.began = 0
        self.resumed = 0
        self.rejoined = 0
        self.lost: set[str] = set()
        self.progress = 0
        self.challenges: dict[str, str] = {}
        self.challenging: set[str] = set()
        self.rejected: set[str] = set()
        self.searching = False
        self.popups = 0
        self.popup = ""
        self.connection = 0
        self.changed: asyncio.Event = create_in_poke_loop(asyncio.Event, POKE_LOOP)
        self.own_rating: RatingChange | None = None
        self.greeting = ""
        self.id = user_id(self.username)
        self._listed: set[str] = set()  # battles of ours by the server's list
        self._over: set[str] = set()  # ended battles whose last lines may still wait
        self._chosen: set[str] = set()  # battles whose request comes with the choice made for it
        self._new: set[str] = set()  # battles that begin now
        self._rated: set[str] = set()
        self._staying: set[str] = set()  # ended rated battles that are not left yet
        self._ratings: dict[str, dict[str, RatingChange]] = {}  # by tag and user's id
        self._gone: deque[str] = deque(maxlen=_REMEMBERED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._logging_in: asyncio.Task[Any] | None = None  # poke-env waits in it for seconds
        client: Any = self.ps_client  # its coroutines are not typed
        self._send_as_it_is = client.send_message
        client.send_message = self._send

    # -- the connection ---------------------------------------------------------------------

    def connection_lost(self) -> None:
        """Forget what was true of the connection only; what still waits of it is left out."""
        self.connection += 1
        if self._logging_in is not None:
            self._logging_in.cancel()
        self.ps_client.logged_in.clear()
        self.challenges.clear()
        self.challenging.clear()
        self.searching = False
        self._listed.clear()
        self.changed.set()

    def logged_in_again(self) -> None:
        """Join the rooms of running battles that the server does not open by itself."""
        self._soon(self._join_rooms(self.connection, set(self.running), leave_out=set()))
        self.changed.set()

    def note_arrival(self) -> None:
        """Note that the message handled in this task came over the present connection."""
        _arrived_in.set(self.connection)

    @property
    def _stale(self) -> bool:
        """Whether what this task handles came over a connection that is lost."""
        return _arrived_in.get() not in (None, self.connection)

    async def _join_rooms(self, connection: int, tags: set[str], leave_out: set[str]) -> None:
        """Join rooms, after the time in which the server may open them by itself."""
        await asyncio.sleep(_JOIN_SECONDS)
        for tag in sorted(tags - leave_out):
            if connection != self.connection:
                return
            if tag not in self._gone and not self._has_ended(tag):
                await self.ps_client.send_message(f"/join {tag}")

    def _has_ended(self, tag: str) -> bool:
        battle = self._battles.get(tag)
        return battle is not None and battle.finished

    def _soon(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended_task)

    def _ended_task(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Mostly a connection that has just closed: it is noticed by whoever watches it.
            self.logger.debug("a message was not sent: %s", error)

    # -- what the server says ---------------------------------------------------------------

    def note_global(self, line: str) -> bool:
        """Note a line that belongs to no room; return whether poke-env is to handle it too."""
        fields = line.split("|")
        kind = fields[1] if len(fields) > 1 else ""
        if kind == "pm" and len(fields) > 4:
            return self._note_private(fields)
        if kind == "updatesearch":
            self._note_list(line.split("|", 2)[2] if len(fields) > 2 else "")
            return False
        if kind == "updatechallenges":
            self._note_challenges(line.split("|", 2)[2] if len(fields) > 2 else "")
        elif kind == "challstr":
            self._logging_in = asyncio.current_task()
        elif kind == "popup":
            self.popups += 1
            self.popup = " ".join(" ".join(fields[2:]).split())[:200]
            self.changed.set()
        return bool(kind) and kind not in _UNUSED

    def note_room(self, tag: str, lines: list[str]) -> None:
        """Note a battle's end and its ratings on their arrival.

        Nothing is decided for the battle any more, and several battles' ratings follow each other
        in the order of arrival alone.
        """
        for line in lines:
            if line == "|tie" or line.startswith(("|win|", "|tie|")):
                self._over.add(tag)
            elif line.startswith("|raw|"):
                self._note_rating(tag, line.removeprefix("|raw|"))

    def relevant(self, tag: str, lines: list[list[str]]) -> list[list[str]]:
        """Return the lines of a battle's message that are to be handled; [] none.

        Lines of a lost connection, of battles let go, and of rooms that are closed are left out. A
        battle that is opened again is begun anew, as its log comes from the start.
        """
        kinds = {line[1] for line in lines if len(line) > 1}
        battle = self._battles.get(tag)
        if self._stale or tag in self._gone:
            return []
        if "noinit" in kinds:
            if tag in self.running:
                self._lose(tag)
            return []
        if battle is None and "deinit" in kinds:
            return []
        if "init" in kinds:
            if battle is not None and battle.finished:
                return []
            if battle is not None:
                self.rejoined += 1
                self._begin_anew(tag)
            elif "turn" in kinds:
                self.resumed += 1
            else:
                self._new.add(tag)
        if "rated" in kinds:
            self._rated.add(tag)
        if "sentchoice" in kinds:
            self._chosen.add(tag)
        return [line for line in lines if not _is_too_late(line)]

    def _note_private(self, fields: list[str]) -> bool:
        who, whom, text = user_id(fields[2]), user_id(fields[3]), fields[4]
        word, _, battle_format = text.partition(" ")
        if word == "/nonotify" and who in self.challenging:
            if text.endswith(" rejected the challenge."):
                self.rejected.add(who)
        elif word == "/challenge":
            if not battle_format:  # there is none any more, whoever's it was
                other = whom if who == self.id else who
                self.challenging.discard(other)
                self.challenges.pop(other, None)
            elif who == self.id:
                self.challenging.add(whom)
            elif len(self.challenges) < _MAX_LISTED:
                self.challenges[who] = battle_format
        self.changed.set()
        return word == "/challenge"

    def _note_challenges(self, text: str) -> None:
        """Note all challenges at once, as servers of earlier releases tell them."""
        try:
            told = json.loads(text)
            asked = list((told.get("challengesFrom") or {}).items())[:_MAX_LISTED]
            own = told.get("challengeTo") or {}
            self.challenges = {
                user_id(str(who)): str(battle_format) for who, battle_format in asked
            }
            self.challenging = {user_id(str(own["to"]))} if own else set()
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            self.logger.warning("a list of challenges cannot be read: %s", error)
        self.changed.set()

    def _note_list(self, text: str) -> None:
        """Note searches and battles that the server lists; join those that it does not open."""
        try:
            listed = json.loads(text)
            searches, games = listed.get("searching") or [], listed.get("games") or {}
            self.searching = self.format in searches
            prefix = f"battle-{self.format}-"
            tags = {str(tag) for tag in list(games)[:_MAX_LISTED] if str(tag).startswith(prefix)}
        except (ValueError, AttributeError, TypeError) as error:
            self.logger.warning("a list of battles cannot be read: %s", error)
            return
        if found := tags - self._listed - self.running:
            self._soon(self._join_rooms(self.connection, found, leave_out=self.running))
        self._listed = tags
        self.changed.set()

    def _note_rating(self, tag: str, text: str) -> None:
        found = rating_change(text)
        if found is None or tag in self._gone:
            return
        who, change = found
        known = self._ratings.setdefault(tag, {})
        if who == self.id and who not in known:  # a room that is joined again tells it again
            first = self.own_rating or change
            self.own_rating = RatingChange(first.before, change.after)
        known[who] = change

    # -- battles ----------------------------------------------------------------------------

    def settled(self, tag: str) -> bool:
        """Whether an ended battle's ratings have come, or are not waited for."""
        return tag not in self._staying

    def rating(self, tag: str, who: str) -> RatingChange | None:
        """Return the change of a user's rating by a battle; None: the server told none."""
        return self._ratings.get(tag, {}).get(who)

    def let_go(self, tag: str) -> None:
        """Drop all objects of an ended battle; lines that still come are left out."""
        self._gone.append(tag)
        self._battles.pop(tag, None)
        for tags in (self.running, self.lost, self._over, self._chosen, self._new, self._rated):
            tags.discard(tag)
        self._ratings.pop(tag, None)
        self.ps_client._battle_locks.pop(tag, None)
        self._forget(tag)

    def _forget(self, tag: str) -> None:
        """Drop what a kind of player keeps of a battle that is over."""

    def _begin_anew(self, tag: str) -> None:
        """Drop what is known of a running battle: its log is about to be read from the start."""
        self._battles.pop(tag)
        self._over.discard(tag)
        self._chosen.discard(tag)
        with contextlib.suppress(asyncio.QueueEmpty):  # poke-env's place for it
            self._battle_count_queue.get_nowait()
            self._battle_count_queue.task_done()

    def _lose(self, tag: str) -> None:
        self.logger.error("%s: the server no longer knows this battle", tag)
        self.running.discard(tag)
        self.lost.add(tag)
        self.progress += 1
        self.changed.set()

    async def _create_battle(self, split_message: list[str]) -> AbstractBattle:
        battle: AbstractBattle = await super()._create_battle(split_message)
        tag = battle.battle_tag
        if tag not in self.running:
            self.running.add(tag)
            self.began += 1
            self.progress += 1
            self.changed.set()
        if tag in self._new:
            self._new.discard(tag)
            if self.greeting:
                await self.ps_client.send_message(self.greeting, tag)
        return battle

    def _battle_finished_callback(self, battle: AbstractBattle) -> None:
        tag = battle.battle_tag
        self.running.discard(tag)
        self.progress += 1
        if tag in self._rated:
            self._staying.add(tag)
            self._soon(self._leave_when_rated(tag))
        self.changed.set()

    async def _leave_when_rated(self, tag: str) -> None:
        until = time.monotonic() + RATING_SECONDS
        while self.id not in self._ratings.get(tag, ()) and time.monotonic() < until:
            await asyncio.sleep(0.1)
        self._staying.discard(tag)
        self.changed.set()
        await self._send_as_it_is(f"/leave {tag}")

    def _to_be_answered(self, battle: AbstractBattle) -> bool:
        """Whether a request needs a choice: none for a battle that is over, or made already."""
        tag = battle.battle_tag
        if tag in self._chosen:
            self._chosen.discard(tag)
            return False
        return tag not in self._over

    # -- what is sent -----------------------------------------------------------------------

    async def _send(self, message: str, room: str = "", message_2: str | None = None) -> None:
        """Send a message; a choice with its request's id, and none that came too late."""
        if room and message.startswith(_CHOICES):
            if self._stale or room in self._over:
                return
            message += self._request_id(room)
            self.progress += 1
        elif message.startswith("/leave battle-") and message.removeprefix("/leave ") in (
            self._staying
        ):
            return  # the ratings come in this room
        await self._send_as_it_is(message, room, message_2)

    def _request_id(self, tag: str) -> str:
        battle = self._battles.get(tag)
        request = battle.last_request if battle is not None else None
        number = request.get("rqid") if isinstance(request, dict) else None
        return f"|{number}" if isinstance(number, int) and 0 <= number < 2**53 else ""


def _is_too_late(line: list[str]) -> bool:
    """Whether a line refuses a choice whose turn is over: the next request is on its way."""
    return line[1:2] == ["error"] and len(line) > 2 and line[2].startswith(_TOO_LATE)
