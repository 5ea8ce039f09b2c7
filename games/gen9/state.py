"""A generation 9 battle as a ``State``: the whole state, or one player's information state.

:class:`Gen9State` is a battle in this process.  :class:`InfoStateView` holds one player's
information state alone, of a battle here or on a server: it can be displayed, searched through
sampled worlds and serialized, but not played on.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec
from numpy.typing import NDArray

from plywise.datasets.battle_formats import BattleFormat
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import codec, plain
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.log.preview_lines import preview_lines
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL
from plywise.games.base import (
    ActionTable,
    Briefing,
    IllegalActionError,
    ParseResult,
    State,
    TimeLeft,
)
from plywise.games.gen9.action_tables import action_tables, preview_table
from plywise.games.gen9.belief import SetBelief, configured_belief
from plywise.games.gen9.briefing import briefing as make_briefing
from plywise.games.gen9.briefing import observation, situation
from plywise.games.gen9.infostate import InfoState, action_name
from plywise.games.gen9.replies import foe_action_name, named_replies
from plywise.games.gen9.requests import request_of
from plywise.games.gen9.tracking.knowers import known_by_opponent, known_by_player
from plywise.games.gen9.tracking.known import KnownBattle
from plywise.games.gen9.tracking.tracker import Tracker
from plywise.games.gen9.worlds import sample_worlds
from plywise.games.worlds_config import WorldsConfig

_TABLE_WORLDS = 16


class _Gen9Base(State):
    """Methods that need one player's information state alone."""

    def belief(self, player: int, config: WorldsConfig | None = None) -> SetBelief:
        """Return the belief about the opponent's sets."""
        return configured_belief(self.information_state(player).format, config)

    @abstractmethod
    def information_state(self, player: int) -> InfoState:
        """Return the information state of ``player``."""

    def action_to_string(self, player: int, action: int) -> str:
        """Return the action's name, e.g. ``earthquake tera``, ``lead garchomp`` at preview."""
        return action_name(self.information_state(player), action)

    def reply_name(self, player: int, action: int) -> str:
        """Return an opponent's action by its name, as far as it has been revealed."""
        return foe_action_name(self.information_state(player), action)

    def named_replies(
        self, player: int, worlds: NDArray[Any], strategies: Sequence[Mapping[int, float]]
    ) -> dict[str, float]:
        """Return the opponent's strategy by names, moves that it has in these worlds among them."""
        return named_replies(self.information_state(player), worlds, strategies)

    def action_tables(self, player: int) -> tuple[ActionTable, ...]:
        """Return tables of the legal moves and switches with computed facts."""
        info = self.information_state(player)
        if info.previewing:
            return (preview_table(info, self.belief(player)),)
        return action_tables(info, self.worlds(player, _TABLE_WORLDS, seed=info.turn))

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Return the legal action named last in a reply.

        Only whole names count: ``switch pyroar`` does not name ``roar``.
        """
        info = self.information_state(self.current_player() if player is None else player)
        best: tuple[int, int, int] | None = None
        for action in info.legal:
            name = action_name(info, action)
            pattern = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])"
            for found in re.finditer(pattern, text.lower()):
                best = max(best or (-1, 0, 0), (found.start(), len(name), action))
        if best is None:
            return ParseResult(None, reason="no legal move is named in the reply")
        return ParseResult(best[2], extracted=action_name(info, best[2]))

    def observation_string(self, player: int) -> str:
        """Return the information state in a few lines of text."""
        return observation(self.information_state(player))

    def situation_string(self, player: int) -> str:
        """Return the information state without the player's team."""
        return situation(self.information_state(player))

    def worlds(
        self,
        player: int,
        count: int,
        seed: int,
        deadline: float | None = None,
        config: WorldsConfig | None = None,
    ) -> NDArray[Any]:
        """Return ``count`` flat states drawn from the belief (engine/battle's state dtype).

        Only the first is drawn after ``deadline`` (``time.perf_counter``).
        """
        info = self.information_state(player)
        if config is not None and not config.evidence:
            info = info.without_evidence()
        return sample_worlds(info, count, seed, self.belief(player, config), deadline)

    def team_order_action(self, player: int) -> int | None:
        """Return the action that names the first of the team that is free, at Team Preview."""
        info = self.information_state(player)
        return min(info.legal) if info.previewing else None

    def briefing(self, player: int) -> Briefing:
        """Return what a guide may know, with computed facts."""
        info = self.information_state(player)
        return make_briefing(info, self.worlds(player, 8, seed=info.turn), self.belief(player))


class Gen9State(_Gen9Base):
    """A battle and what both players have been told of it.

    Args:
        battle: the engine's state, hidden information included.
        known: what each player knows.

    Attributes:
        kept_lines: lines of the battle from now on, where a list is put here; a copy keeps none.
    """

    kept_lines: list[str] | None = None

    def __init__(self, battle: BattleState, known: tuple[KnownBattle, KnownBattle]) -> None:
        if battle.labels is None:
            battle.labels = Labels.of_state(battle.pool, 0)
        self.battle = battle
        self.labels = battle.labels
        self._trackers = tuple(Tracker(player, exact=True) for player in range(2))
        for tracker, told in zip(self._trackers, known, strict=True):
            tracker.battle = told
        self._known: dict[int, InfoState] = {}

    def current_player(self) -> int:
        """Return SIMULTANEOUS, the only side that decides, or TERMINAL."""
        return self.battle.current_player()

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the actions of a player (see :mod:`~plywise.games.gen9.infostate`), ascending.

        Raises:
            ValueError: ``player`` is left out where both decide.
        """
        who = self.current_player() if player is None else player
        if who == TERMINAL:
            return []
        if who == SIMULTANEOUS:
            raise ValueError("both players decide here: name the player")
        return self.battle.legal_actions(who)

    def apply_actions(self, actions: Sequence[int]) -> None:
        """Apply one action per player (NO_ACTION where none is due), up to the next decision."""
        if self.current_player() == TERMINAL:
            raise IllegalActionError("the battle has ended: no action is possible")
        if len(actions) != 2:
            raise IllegalActionError(f"{len(actions)} actions, not one per player")
        for player, action in enumerate(actions):
            legal = self.battle.legal_actions(player) or [NO_ACTION]
            if action not in legal:
                raise IllegalActionError(
                    f"player {player} may not choose action {action}; legal are {legal}"
                )
        self._read_requests()
        previewing = self.battle.previewing
        lines = self.battle.apply_actions(int(actions[0]), int(actions[1]), log=True)
        assert self.battle.labels is not None
        self.labels = self.battle.labels
        self.read(lines)
        if previewing:
            for player in range(2):
                self.information_state(player)  # the request tells who was brought

    def _read_requests(self) -> None:
        """Tell both players their requests: which of their own is out, and that a decision is due.

        Evidence is settled then; what was noted for it is no part of a copy.
        """
        for player in range(2):
            self.information_state(player)

    def read(self, lines: Iterable[str]) -> None:
        """Tell both players lines of the battle (``BattleState.apply_actions``)."""
        for line in lines:
            if self.kept_lines is not None:
                self.kept_lines.append(line)
            for tracker in self._trackers:
                tracker.read(line)
        self._known.clear()

    def apply_action(self, action: int) -> None:
        """Apply the action of the only side that decides."""
        player = self.current_player()
        if player not in (0, 1):
            raise IllegalActionError("both sides decide here, or none: use apply_actions")
        pair = [NO_ACTION, NO_ACTION]
        pair[player] = action
        self.apply_actions(pair)

    def returns(self) -> list[float]:
        """Return 1 for the winner and -1 for the loser; zeros for a tie or before the end."""
        return list(self.battle.returns())

    def clone(self) -> Gen9State:
        """Return an independent copy, random source included."""
        self._read_requests()
        one, other = (tracker.battle.snapshot() for tracker in self._trackers)
        return Gen9State(self.battle.clone(), (one, other))

    def information_state(self, player: int) -> InfoState:
        """Return the information state of ``player``."""
        if player not in self._known:
            b = plain.thaw(self.battle.pool, 0)
            request = request_of(b, player, self.battle.legal_actions(player), self.labels)
            self._known[player] = self._trackers[player].information_state(request)
        return self._known[player]

    def view(self, player: int) -> InfoStateView:
        """Return the information state of ``player`` as a ``State``, for agents."""
        return InfoStateView(self.information_state(player))

    def information_state_string(self, player: int) -> str:
        """Return the information state as JSON."""
        return self.information_state(player).to_json()

    def flat(self) -> NDArray[Any]:
        """Return a copy of the battle as a pool of one state."""
        return self.battle.pool.copy()

    def serialize(self) -> str:
        """Return the whole state as JSON."""
        self._read_requests()
        known = [msgspec.to_builtins(tracker.battle) for tracker in self._trackers]
        labels = msgspec.to_builtins(self.labels)
        return json.dumps({"battle": self.battle.serialize(), "labels": labels, "known": known})

    def resample_from_infostate(self, player: int, rng: Random) -> Gen9State:
        """Return a battle of equal information state for ``player``, drawn from its belief."""
        world = self.worlds(player, 1, rng.getrandbits(31))
        _copy_request(world, self.battle.pool, player, rng)
        return hypothetical(self.information_state(player), world)


def _copy_request(world: NDArray[Any], truth: NDArray[Any], player: int, rng: Random) -> None:
    """Copy into a sampled world the request and the rest of this turn, which both players know.

    The opponent's queued move alone is sampled.
    """
    b, real = world[0], truth[0]
    for name in ("request", "winner", "mid_turn", "residual_pending", "queue_length"):
        b[name] = real[name]
    b.queue[:] = real.queue
    for k in range(int(b.queue_length)):
        entry = b.queue[k]
        if (
            codec.QUEUED_SIDE.get(entry) == 1 - player
            and codec.QUEUED_KIND.get(entry) == c.QUEUE_MOVE
        ):
            foe = b.sides[1 - player]
            mon = foe.mons[int(foe.active)]
            codec.QUEUED_MON.put(entry, int(foe.active))
            entry.move = rng.choice([int(m) for m in mon.moves if m])
            entry.priority = entry.fractional = 0
    for side, original in zip(b.sides, real.sides, strict=True):
        side.switch_flag = original.switch_flag
        reviving = int(original.flag_bits) & c.SIDE_REVIVAL_BLESSING
        side.flag_bits = int(side.flag_bits) & ~c.SIDE_REVIVAL_BLESSING | reviving
    b.sides[player].illusion = real.sides[player].illusion


class InfoStateView(_Gen9Base):
    """An information state as a ``State``."""

    def __init__(self, info: InfoState, time_left: TimeLeft | None = None) -> None:
        self.info = info
        self.time_left = time_left

    def information_state(self, player: int) -> InfoState:
        """Return the information state, whoever ``player`` is."""
        return self.info

    def current_player(self) -> int:
        """Return the player of the information state; the opponent's decision is hidden."""
        return self.info.player

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the player's legal actions; [] for the opponent, whose are unknown."""
        return list(self.info.legal) if player in (None, self.info.player) else []

    def returns(self) -> list[float]:
        """Return zeros: the battle has not ended."""
        return [0.0, 0.0]

    def clone(self) -> State:
        """Return the view itself, which is immutable."""
        return self

    def serialize(self) -> str:
        """Return the information state as JSON."""
        return self.info.to_json()

    def resample_from_infostate(self, player: int, rng: Random) -> Gen9State:
        """Return a playable battle in one world of the belief: see :func:`hypothetical`."""
        return hypothetical(self.info, self.worlds(player, 1, rng.getrandbits(31)))


def begun(battle: BattleState, format: BattleFormat, preview: Iterable[str] = ()) -> Gen9State:
    """Return the first decision of a battle that was made here, both players told of it.

    It is at Team Preview, or its leads have come in; ``preview``: lines of a Team Preview before.
    """
    state = Gen9State(battle, (KnownBattle(), KnownBattle()))
    for player in range(2):
        state.information_state(player)  # the first request, which names the team in order
    if battle.previewing:
        state.read(preview_lines(battle.pool[0], state.labels, format))
        return state
    state.read([f"|tier|{format.name}", *preview])
    state.read(
        f"|teamsize|p{s + 1}|{side.team_size}" for s, side in enumerate(battle.pool[0].sides)
    )
    state.read(battle.start_log)
    return state


def hypothetical(info: InfoState, world: NDArray[Any]) -> Gen9State:
    """Return a playable battle made from an information state and a pool of one sampled world.

    The opponent's team is in order of appearance.  The opponent in it knows the player's Pokémon
    that came in, with their items, abilities and used moves.
    """
    battle = BattleState(world)
    labels = battle.labels = Labels.of_state(world, 0)
    mine = known_by_player(info, labels)
    theirs = known_by_opponent(info, labels)
    return Gen9State(battle, (mine, theirs) if info.player == 0 else (theirs, mine))
