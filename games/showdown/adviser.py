"""A player that logs in beside a person and advises: it never moves and never says anything.

A Showdown server lets several connections share a registered account.  All of them are told what
the account's player is told of its battles, and each of them could move; this one sends its login
and ``/join`` alone, which is held at the last step before the connection.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from poke_env.battle import AbstractBattle, Battle

from plywise.games.gen9.infostate import InfoState, action_name
from plywise.games.showdown.messages import battle_format_of
from plywise.games.showdown.player import DecisionRecord, PlywisePlayer, decision_record
from plywise.games.showdown.refusals import shortened
from plywise.games.showdown.translate import action_of_lines, named_by_request

log = logging.getLogger(__name__)

_SENT = ("/trn ", "/join battle-")
_LEFT_OUT = "/leave "  # poke-env leaves the rooms of ended battles


class SilenceError(RuntimeError):
    """Something else than a login or a ``/join`` was about to be sent beside a person."""


@dataclass(frozen=True)
class AdviceRecord(DecisionRecord):
    """One piece of advice; without a decision it is none, and ``fallback`` says why.

    Attributes:
        played: name of what the person then played; "" not known.
    """

    played: str = ""


@dataclass
class _Advised:
    """The present request of one battle.

    Attributes:
        lock: held while the agent decides: one decision at a time in a battle.
        request: the request that is open; None: it has been answered.
        seen: lines of the battle that were known then.
        records: the advice for it, at Team Preview one for each Pokémon to name, with the
            information state of each.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    request: object = None
    seen: int = 0
    records: list[tuple[InfoState, AdviceRecord]] = field(default_factory=list)


class AdvisingPlayer(PlywisePlayer):
    """Follows the battles of its account and lets the agent decide at every request of theirs.

    Nothing waits for a decision: the battle's messages are handled meanwhile, and a decision for a
    request that has been answered is dropped.

    Args:
        agent: makes the decisions.
        on_answer: called on the event loop with advice and what the person then played, at the
            battle's next request or its end.
        player_options: options of ``PlywisePlayer``; its ``on_decision`` is called with advice
            (an ``AdviceRecord``) as soon as it is known.

    Attributes:
        dropped: decisions whose request was answered before they came.
    """

    def __init__(
        self,
        agent: Any,
        *,
        on_answer: Callable[[AdviceRecord], None] | None = None,
        **player_options: Any,
    ) -> None:
        super().__init__(agent, **player_options)
        self.dropped = 0
        self._on_answer = on_answer
        self._advised: dict[str, _Advised] = {}  # of running battles, by tag
        self._elsewhere: set[str] = set()  # battles in other formats
        self._send_unchecked = self._send_as_it_is
        self._send_as_it_is = self._send_login_and_join

    def close(self) -> None:
        """Stop the worker threads; hand over advice whose answer is not known."""
        for tag in list(self._advised):
            self._answered(tag)
        super().close()

    # -- silence ------------------------------------------------------------------------------

    async def _send_login_and_join(
        self, message: str, room: str = "", message_2: str | None = None
    ) -> None:
        """Send a login or a ``/join``; rooms of ended battles are not left.

        Raises:
            SilenceError: it is something else.
        """
        if message.startswith(_LEFT_OUT):
            return
        if room or message_2 or "\n" in message or not message.startswith(_SENT):
            raise SilenceError(f"{message.split(' ')[0]} is not sent beside a person")
        await self._send_unchecked(message)

    async def _send_choice(self, choice: str, tag: str) -> None:
        """Send nothing where a request cannot be read: the person reads it."""

    # -- what is the person's own affair ------------------------------------------------------

    async def _about_account(self, line: str) -> bool:
        if line.startswith("|nametaken|") and self.ps_client.logged_in.is_set():
            self.logger.info("the server refuses another name to the person")
            return True
        return await super()._about_account(line)

    def _popup(self, words: str) -> None:
        """Keep the server's words; what it refuses, it refuses to the person."""
        self.said = shortened(words)

    def _follows(self, room: str) -> bool:
        other = battle_format_of(room)
        if other in ("", self.format):
            return True
        if room not in self._elsewhere:
            self._elsewhere.add(room)
            self.notices.append(f"{room} is not followed: advice is given in {self.format}")
        return False

    # -- advice -------------------------------------------------------------------------------

    async def _handle_battle_request(
        self, battle: AbstractBattle, maybe_default_order: bool = False
    ) -> None:
        """Begin to advise."""
        if maybe_default_order:  # a choice of the person was refused: the request stays
            return
        tag = battle.battle_tag
        self._answered(tag, battle)
        if not self._to_be_answered(battle) or battle._wait:
            return
        assert isinstance(battle, Battle)
        advised = self._advised.setdefault(tag, _Advised())
        info = self.channel(tag).information_state(battle.last_request)
        advised.seen = len(battle._replay_data)
        advised.request = object()
        self._soon(self._advise_all(battle, info, advised, advised.request))

    async def _advise_all(
        self, battle: Battle, info: InfoState, advised: _Advised, request: object
    ) -> None:
        """Advise about a request: at Team Preview about one Pokémon after another."""
        after: InfoState | None = info
        while after is not None:
            action = await self._advise(battle, after, advised, request)
            after = self._next_to_name(battle, after, action)

    async def _advise(
        self, battle: Battle, info: InfoState, advised: _Advised, request: object
    ) -> int:
        """Advise about one decision; return the action, -1: there is no advice."""
        tag = battle.battle_tag
        started = time.perf_counter()
        decision: Any = None
        fallback, action = "", -1

        def wanted() -> bool:
            return advised.request is request and tag not in self._over

        try:
            async with advised.lock:
                if wanted():
                    decision = await self._decided(battle, info, wanted)
            if wanted():
                action = int(decision.action)
                if action not in info.legal:
                    fallback = f"illegal action {action}"
        except Exception as error:  # whatever it is, the battle is followed on
            log.exception("no advice in %s turn %s", tag, info.turn)
            fallback = type(error).__name__
        if not wanted():
            self.dropped += 1
            return -1
        now = time.perf_counter()
        self._ongoing(tag).timer.answered(started, now)
        if fallback:
            self.fallbacks[fallback] += 1
            decision, action = None, -1
        record = decision_record(tag, info, action, decision, now - started, fallback)
        advice = AdviceRecord(**vars(replace(record, action="" if fallback else record.action)))
        advised.records.append((info, advice))
        if self._on_decision is not None:
            with self.losses.guard():
                self._on_decision(advice)
        return action

    def _answered(self, tag: str, battle: AbstractBattle | None = None) -> None:
        """Close the battle's request; tell what the lines since then show of the answer."""
        advised = self._advised.get(tag)
        if advised is None:
            return
        advised.request = None
        records, advised.records = advised.records, []
        if self._on_answer is None:
            return
        for info, record in records:
            with self.losses.guard():
                played = None if battle is None else self._played(battle, info, advised.seen)
                if played is not None:
                    record = replace(record, played=action_name(info, played))
                self._on_answer(record)

    def _played(self, battle: AbstractBattle, info: InfoState, seen: int) -> int | None:
        """Return the person's action at ``info``, by what the battle has shown since."""
        if not info.previewing or battle.last_request.get("teamPreview"):
            return action_of_lines(info, battle._replay_data[seen:])
        after = self.channel(battle.battle_tag).information_state(battle.last_request)
        return named_by_request(info, after)

    # -- the end of a battle --------------------------------------------------------------------

    def _begin_anew(self, tag: str) -> None:
        self._answered(tag)
        super()._begin_anew(tag)

    def _lose(self, tag: str) -> None:
        self._answered(tag)
        super()._lose(tag)

    def _forget(self, tag: str) -> None:
        super()._forget(tag)
        self._advised.pop(tag, None)

    def _battle_finished_callback(self, battle: AbstractBattle) -> None:
        self._answered(battle.battle_tag, battle)
        super()._battle_finished_callback(battle)
        self._advised.pop(battle.battle_tag, None)
