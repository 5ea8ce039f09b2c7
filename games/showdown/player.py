"""A poke-env player that plays with one of our agents and never blocks the event loop."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from poke_env.battle import AbstractBattle, Battle
from poke_env.player import BattleOrder
from poke_env.player.battle_order import SingleBattleOrder

from plywise.datasets.processes.signals import interrupted
from plywise.datasets.recording import Losses
from plywise.games.base import State
from plywise.games.gen9.infostate import SWITCH, InfoState, action_name
from plywise.games.gen9.state import InfoStateView
from plywise.games.gen9.tracking.request import nameable
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.refusals import shortened
from plywise.games.showdown.server_timer import ServerTimer

log = logging.getLogger(__name__)

REFUSED = "refused by the server"
"""The one key of ``PlywisePlayer.fallbacks`` after which the agent decides again."""

_INVALID = "|error|[Invalid choice] "
_REPORT_SECONDS = 0.5  # longest wait for the timer's report after a request
_POLL_SECONDS = 0.01


class BattleDecider(Protocol):
    """The part of an agent that this player uses (``arena.agents.spec.Agent`` has it)."""

    name: str

    def for_one_game(self) -> BattleDecider:
        """Return the agent for one battle, with a clock or a memory for it where it needs one."""
        return self

    def decide(self, state: State, player: int, seed: int) -> Any:
        """Return a decision with an ``action`` that is legal in ``state``."""


@dataclass(frozen=True)
class DecisionRecord:
    """One decision of ours on a Showdown server, for the live view and the decision log.

    Attributes:
        battle: the battle's tag; ``turn``: its turn.
        own_hp, foe_hp: sum of the HP fractions of each side, 0 … ``size`` (unseen Pokémon count
            as 1).
        own_left, foe_left: number of Pokémon that have not fainted.
        last_own, last_foe: last moves of the active Pokémon; "" none.
        action: our action's name; ``decision``: the agent's decision (None: it failed).
        seconds: from the request to the answer.
        fallback: reason for a random legal choice; "" none was needed.
        infostate: the information state as JSON.
        size: Pokémon of a side in the battle.
    """

    battle: str
    turn: int
    own_hp: float
    foe_hp: float
    own_left: int
    foe_left: int
    own_species: str
    foe_species: str
    last_own: str
    last_foe: str
    action: str
    decision: Any
    seconds: float
    fallback: str
    infostate: str
    size: int = 6


@dataclass
class _OngoingBattle:
    """The player's data of one battle.

    Attributes:
        timer: the server's timer.
        agent: the agent for this battle; None before its first decision.
        request_id: id of the latest request.
        sent: choices sent for that request, each as its actions (several at Team Preview).
        error: the server's words about the last choice that it refused as invalid; "" none.
        unrecorded: makes the record of each decision that is being sent; () there is none.
    """

    timer: ServerTimer
    agent: BattleDecider | None = None
    request_id: int = -2
    sent: set[tuple[int, ...]] = field(default_factory=set)
    error: str = ""
    unrecorded: tuple[Callable[[], DecisionRecord], ...] = ()


class PlywisePlayer(CheckedPlayer):
    """Plays with one of our agents; every battle's decisions run in a worker thread.

    After any failure of a decision a legal choice is sent: the failure is logged, counted in
    ``fallbacks`` by reason and written into the decision record.  A choice that the server refuses
    is not sent again for the same request: the agent decides among the others.  A choice is sent
    first and recorded afterwards: what a record meets is counted in ``losses`` and costs no battle.

    Args:
        agent: makes the decisions.
        seed: seeds each decision, together with the battle's number and turn.
        on_decision: called on the event loop after each decision was sent.
        losses: counts decisions whose record met an error; None: counted here, and logged.
        workers: most decisions at the same time.
        start_timer_on_battle_start: request the server's timer.
        player_options: options of ``poke_env.player.Player``.
    """

    # Chat is not stored: it would become part of the replay.
    MESSAGES_TO_IGNORE = CheckedPlayer.MESSAGES_TO_IGNORE | {
        "c", "c:", "chat", "html", "raw", "uhtml",
    }  # fmt: skip

    def __init__(
        self,
        agent: BattleDecider,
        *,
        seed: int = 0,
        on_decision: Callable[[DecisionRecord], None] | None = None,
        losses: Losses | None = None,
        workers: int = 1,
        start_timer_on_battle_start: bool = False,
        **player_options: Any,
    ) -> None:
        super().__init__(start_timer_on_battle_start=start_timer_on_battle_start, **player_options)
        self.agent = agent
        self.fallbacks: Counter[str] = Counter()
        self.losses = losses or Losses("decisions", log.warning)
        self._seed = seed
        self._on_decision = on_decision
        self._numbers: dict[str, int] = {}  # of all battles, by tag
        self._ongoing_battles: dict[str, _OngoingBattle] = {}
        self._with_timer = start_timer_on_battle_start
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="plywise-decide")

    def choose_move(self, battle: AbstractBattle) -> Awaitable[BattleOrder]:
        """Return the order for the battle's present request (called by poke-env)."""
        return self._choose(battle)

    def teampreview(self, battle: AbstractBattle) -> Awaitable[str]:
        """Return the choice at Team Preview (called by poke-env)."""
        return self._choose_team(battle)

    async def _choose_team(self, battle: AbstractBattle) -> str:
        return (await self._choose(battle)).message

    def close(self) -> None:
        """Stop the worker threads; running decisions are waited for, unless a signal ends all."""
        self._workers.shutdown(wait=interrupted() is None, cancel_futures=True)

    async def _choose(self, battle: AbstractBattle) -> BattleOrder:
        assert isinstance(battle, Battle)
        started = began = time.perf_counter()
        tag = battle.battle_tag
        ongoing = self._ongoing(tag)
        decision, fallback, action = None, "", -1
        earlier: list[Callable[[], DecisionRecord]] = []  # records of decisions before the last one
        chosen: tuple[int, ...] = ()
        order: BattleOrder = self.choose_default_move()
        info: InfoState | None = None
        try:
            known = self.channel(tag).information_state(battle.last_request)
            info = self._without_refused(battle, ongoing, known)
            decision = await self._decided(battle, info)
            action = int(decision.action)
            while (after := self._next_to_name(battle, info, action)) is not None:
                now = time.perf_counter()
                record = partial(decision_record, tag, info, action, decision, now - began, "")
                earlier.append(record)
                chosen, info, began = (*chosen, action), after, now
                decision = await self._decided(battle, info)
                action = int(decision.action)
            if action in info.legal:
                order = SingleBattleOrder(self.channel(tag).choice(action))
            else:
                fallback = f"illegal action {action}"
        except Exception as error:  # a battle must continue after any failure (see the class)
            log.exception("decision failed in %s turn %s", tag, battle.turn)
            fallback = type(error).__name__
        if fallback:
            self.fallbacks[fallback] += 1
            log.warning("%s turn %s: random legal choice (%s)", tag, battle.turn, fallback)
            try:
                chosen, earlier = (), []  # the server adds who is missing
                action, order = self._random_legal(battle, info)
            except Exception:  # the request itself cannot be read
                log.exception("no legal choice is known in %s turn %s", tag, battle.turn)
        ongoing.timer.answered(started, time.perf_counter())
        ongoing.sent.add((*chosen, action))
        if info is not None:
            seconds = time.perf_counter() - began
            last = partial(decision_record, tag, info, action, decision, seconds, fallback)
            ongoing.unrecorded = (*earlier, last)
        return order

    def _next_to_name(self, battle: Battle, info: InfoState, action: int) -> InfoState | None:
        """Return the next decision of Team Preview after an action; None: there is none."""
        if action not in info.legal or len(info.named) + 1 >= info.to_name:
            return None
        tag = battle.battle_tag
        named = (*info.named, action - SWITCH)
        after = self.channel(tag).information_state(battle.last_request, named)
        return replace(after, legal=not_refused(after, self._ongoing(tag).sent))

    async def _decided(
        self, battle: AbstractBattle, info: InfoState, wanted: Callable[[], bool] = lambda: True
    ) -> Any:
        """Return the agent's decision, made in a worker thread.

        Args:
            battle: the battle, at a request.
            info: the player's information state there.
            wanted: asked in that thread before the agent decides; the decision is None if not.
        """
        tag = battle.battle_tag
        number = self._numbers.setdefault(tag, len(self._numbers))
        ongoing = self._ongoing(tag)
        seed = hash((self._seed, number, battle.turn, len(battle._replay_data))) & 0x7FFFFFFF
        await _wait_for_report(ongoing.timer)
        view = InfoStateView(info, time_left=ongoing.timer.left(time.perf_counter()))
        if ongoing.agent is None:
            ongoing.agent = self.agent.for_one_game()
        agent = ongoing.agent

        def decide() -> Any:
            return agent.decide(view, info.player, seed) if wanted() else None

        return await asyncio.get_running_loop().run_in_executor(self._workers, decide)

    async def _handle_battle_request(
        self, battle: AbstractBattle, maybe_default_order: bool = False
    ) -> None:
        """Send the choice, then record it."""
        await super()._handle_battle_request(battle, maybe_default_order)
        ongoing = self._ongoing(battle.battle_tag)
        records, ongoing.unrecorded = ongoing.unrecorded, ()
        if self._on_decision is not None:
            for record in records:
                with self.losses.guard():
                    self._on_decision(record())

    def _arrived(self, tag: str, lines: list[str]) -> None:
        """Read the timer's report at once: in sequence it would come after the answer."""
        for line in lines:
            if line.startswith("|inactive"):
                self._ongoing(tag).timer.read(line.split("|"), time.perf_counter())
            elif line.startswith(_INVALID):
                self._ongoing(tag).error = shortened(line.removeprefix(_INVALID))

    def _ongoing(self, tag: str) -> _OngoingBattle:
        if tag not in self._ongoing_battles:
            self._ongoing_battles[tag] = _OngoingBattle(ServerTimer(running=self._with_timer))
        return self._ongoing_battles[tag]

    def _without_refused(
        self, battle: Battle, ongoing: _OngoingBattle, info: InfoState
    ) -> InfoState:
        """Remove what was already sent for this request, which the server refused.

        What it calls invalid, which a choice of ours never should be, is a notice as well.
        """
        request_id = int(battle.last_request.get("rqid", -1))
        if ongoing.request_id != request_id:
            ongoing.request_id, ongoing.sent = request_id, set()
            return info
        self.fallbacks[REFUSED] += 1
        if ongoing.error:
            place = "Team Preview" if info.previewing else f"turn {info.turn}"
            line = f"{battle.battle_tag}, {place}: the server refused a choice ({ongoing.error})"
            log.warning("%s", line)
            self.notices.append(f"{line}: another one is made")
            ongoing.error = ""
        return replace(info, legal=not_refused(info, ongoing.sent))

    def _random_legal(self, battle: Battle, info: InfoState | None) -> tuple[int, BattleOrder]:
        if info is None or not info.legal:
            return -1, self.choose_default_move()
        # The request may have changed since: only what it still offers.
        channel = self.channel(battle.battle_tag)
        channel.information_state(battle.last_request)
        offered = channel.legal()
        legal = [a for a in offered if a in info.legal] or offered
        action = random.Random(f"{self._seed} {battle.battle_tag} {battle.turn}").choice(legal)
        return action, SingleBattleOrder(channel.choice(action))

    def _begin_anew(self, tag: str) -> None:
        """Keep the battle's agent, whose clock goes on; the rest is read again."""
        super()._begin_anew(tag)
        before = self._ongoing_battles.pop(tag, None)
        if before is not None:
            self._ongoing(tag).agent = before.agent

    def _forget(self, tag: str) -> None:
        super()._forget(tag)
        self._ongoing_battles.pop(tag, None)

    def _battle_finished_callback(self, battle: AbstractBattle) -> None:
        super()._battle_finished_callback(battle)
        self._ongoing_battles.pop(battle.battle_tag, None)


def not_refused(info: InfoState, sent: Collection[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the legal actions from which a choice follows that was not sent; all if none does.

    Args:
        info: the player's information state.
        sent: choices, each as its actions: one, or all that name Pokémon at Team Preview.
    """
    named = tuple(SWITCH + i for i in info.named)
    left = (a for a in info.legal if not all(c in sent for c in _choices(info, (*named, a))))
    return tuple(left) or info.legal


def _choices(info: InfoState, begun: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the choices that begin with these actions."""
    if len(begun) >= info.to_name:
        yield begun
        return
    for i in nameable(len(info.own.mons), [a - SWITCH for a in begun], info.to_name):
        yield from _choices(info, (*begun, SWITCH + i))


async def _wait_for_report(timer: ServerTimer) -> None:
    """Wait for the report that a running timer sends right after each request."""
    until = time.perf_counter() + _REPORT_SECONDS
    while timer.running and not timer.fresh and time.perf_counter() < until:
        await asyncio.sleep(_POLL_SECONDS)
    if timer.running and not timer.fresh:
        timer.missed()


def decision_record(
    tag: str, info: InfoState, action: int, decision: Any, seconds: float, fallback: str
) -> DecisionRecord:
    """Return the record of a decision; ``action`` -1: the server's default."""
    own, foe = info.own, info.foe
    unseen = foe.size - len(foe.mons) - foe.fainted_unseen
    return DecisionRecord(
        battle=tag,
        turn=info.turn,
        own_hp=sum(m.hp_fraction for m in own.mons),
        foe_hp=sum(m.hp_fraction for m in foe.mons) + unseen,
        own_left=own.left,
        foe_left=foe.left,
        own_species=own.active_mon.species if own.active_mon else "",
        foe_species=foe.active_mon.species if foe.active_mon else "",
        last_own=own.last_move,
        last_foe=foe.last_move,
        action=action_name(info, action) if action >= 0 else "default",
        decision=decision,
        seconds=seconds,
        fallback=fallback,
        infostate=info.to_json(),
        size=max(own.size, foe.size),
    )
