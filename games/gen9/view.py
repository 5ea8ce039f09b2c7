"""A decision in a battle that runs elsewhere (on a server), offered as a ``State``.

It holds what one player knows and nothing more: it can be looked at, searched through sampled
worlds and written down, but not played on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from plywise.games.base import Briefing, ParseResult, State
from plywise.games.gen9.belief import RandomBattleBelief
from plywise.games.gen9.briefing import briefing as make_briefing
from plywise.games.gen9.briefing import observation
from plywise.games.gen9.infostate import InfoState, action_name
from plywise.games.gen9.worlds import sample_worlds

if TYPE_CHECKING:
    from plywise.games.gen9.game import Gen9State

_BELIEF = RandomBattleBelief()


@dataclass(frozen=True)
class TimeLeft:
    """When a server's timer runs out, in the seconds of ``time.perf_counter``.

    Attributes:
        turn_ends: for this decision.
        bank_ends: for all decisions to come, if no turn added anything.
    """

    turn_ends: float
    bank_ends: float


class InfoStateView(State):
    """An information state of gen9 singles as a ``State`` for the player who holds it.

    Attributes:
        time_left: what the server's timer leaves; None where none runs.
    """

    def __init__(
        self,
        info: InfoState,
        belief: RandomBattleBelief = _BELIEF,
        time_left: TimeLeft | None = None,
    ) -> None:
        self.info = info
        self.belief = belief
        self.time_left = time_left

    def current_player(self) -> int:
        """Return the player who knows this; the other one's decision is hidden from it."""
        return self.info.player

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the player's legal actions; the opponent's are unknown ([])."""
        return list(self.info.legal) if player in (None, self.info.player) else []

    def returns(self) -> list[float]:
        """Return zeros: the battle goes on."""
        return [0.0, 0.0]

    def clone(self) -> State:
        """Return this view: it never changes."""
        return self

    def action_to_string(self, player: int, action: int) -> str:
        """Return the action's name, e.g. ``earthquake tera`` or ``switch garchomp``."""
        return action_name(self.info, action)

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Find a legal action in a reply; the last one named counts.

        Only whole names count: ``switch pyroar`` does not name ``roar``.
        """
        best: tuple[int, int, int] | None = None
        for action in self.info.legal:
            name = action_name(self.info, action)
            pattern = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])"
            for found in re.finditer(pattern, text.lower()):
                best = max(best or (-1, 0, 0), (found.start(), len(name), action))
        if best is None:
            return ParseResult(None, reason="no legal move is named in the reply")
        return ParseResult(best[2], extracted=action_name(self.info, best[2]))

    def observation_string(self, player: int) -> str:
        """Return what the player sees, as text."""
        return observation(self.info)

    def serialize(self) -> str:
        """Return the information state as JSON."""
        return self.info.to_json()

    def worlds(self, count: int, seed: int, deadline: float | None = None) -> np.ndarray[Any, Any]:
        """Return ``count`` flat states drawn from the belief (engine/battle's state dtype).

        None is begun after ``deadline`` (``time.perf_counter``) but the first.
        """
        return sample_worlds(self.info, count, seed, self.belief, deadline)

    def imagine(self, rng: Random) -> Gen9State:
        """Return a battle to play on in the mind, in a world of the belief."""
        from plywise.games.gen9.imagine import imagine

        return imagine(self.info, self.worlds(1, rng.getrandbits(31)))

    def briefing(self, player: int) -> Briefing:
        """Return what a guide may be told, with computed facts."""
        return make_briefing(self.info, self.worlds(8, seed=self.info.turn), self.belief)
