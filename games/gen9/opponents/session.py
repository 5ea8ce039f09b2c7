"""An opponent followed through one battle, by the information states of the player who predicts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.datasets.set_priors import base_species
from plywise.engine.battle import constants as c
from plywise.engine.battle.names import MOVE_ID
from plywise.engine.battle.tables import MOVES
from plywise.games.gen9.infostate import SWITCH, TERA, InfoState
from plywise.games.gen9.opponents.choices import (
    UNSEEN,
    WorldChoices,
    canonical_name,
    choices_in_worlds,
)
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES, described
from plywise.games.gen9.opponents.following import FollowedOpponent
from plywise.games.gen9.opponents.model import FittedOpponent, world_shares
from plywise.games.gen9.opponents.past import PastChoices

MEMORY, LEAST = 1.0, 0.01
"""As the grid of ``arena/prediction/predictors.py`` found them for the committed styles."""

_EVENT = re.compile(r"foe, turn (\d+): (\S+) (used|came in|fainted|was dragged in) ?(\S*)")
_BEST = OPPONENT_FEATURES.index("best")


@dataclass(frozen=True)
class _Awaited:
    """A prediction whose outcome is not known yet."""

    turn: int
    active: str
    choices: WorldChoices
    policies: NDArray[np.float64]
    best: NDArray[np.float64]


class OpponentSession:
    """Predicts an opponent's actions in one battle, and learns from those that are seen.

    Args:
        model: its styles are the pool.
    """

    def __init__(self, model: FittedOpponent) -> None:
        self._model = model
        self._opponent = FollowedOpponent(model.commonness, MEMORY, LEAST)
        self._past = PastChoices()
        self._awaited: _Awaited | None = None

    @property
    def style_weights(self) -> NDArray[np.float64]:
        """Posterior weights of the styles."""
        return self._opponent.weights

    def predict(self, info: InfoState, worlds: NDArray[Any]) -> dict[int, float]:
        """Return the probabilities of the opponent's actions that are known to be possible.

        These are revealed moves and Pokémon, which have the same number in all worlds; the rest up
        to 1 is for all others.

        Args:
            info: what the player knows.
            worlds: sampled from it.
        """
        self._learn(info)
        side = 1 - info.player
        known = None
        if not info.foe.previewed:
            known = frozenset(base_species(mon.base_species) for mon in info.foe.mons)
        choices = choices_in_worlds(worlds, side, known)
        if not len(choices.starts):
            return {}
        mon = info.foe.active_mon
        moves = frozenset(move.id for move in mon.usable) if mon is not None else frozenset()
        seen = frozenset(base_species(m.base_species) for m in info.foe.mons if m.revealed)
        features = described(worlds, choices, self._past, moves, seen)
        entries = np.stack([world_shares(choices, features, w) for w in self._model.styles])
        shares = self._opponent.weights @ entries
        if info.request == "move" and mon is not None:
            self._awaited = _Awaited(
                info.turn,
                base_species(mon.base_species),
                choices,
                np.stack([choices.by_name(row) for row in entries]),
                choices.by_name(features[:, _BEST].astype(float) + 1e-9),
            )
        found: dict[int, float] = {}
        for action, share in zip(choices.action.tolist(), shares.tolist(), strict=True):
            if _known(info, action):
                found[action] = found.get(action, 0.0) + share / choices.worlds
        return found

    def _learn(self, info: InfoState) -> None:
        """Learn from what the opponent has done since the last prediction."""
        awaited = self._awaited
        if awaited is None or (info.turn == awaited.turn and info.request == "move"):
            return
        names = chosen_in_turn(info, awaited.turn)
        if names is None:
            return
        self._awaited = None
        known = awaited.choices.names
        places = [known.index(name) for name in names if name in known]
        if not places and names and names[0].startswith("switch ") and UNSEEN in known:
            places = [known.index(UNSEEN)]
        if not places:
            return
        self._opponent.learn(awaited.policies[:, places].sum(axis=1))
        name = known[places[0]]
        move = MOVE_ID.get(name, 0)
        self._past.note(
            name,
            awaited.active,
            replacing=False,
            status=bool(move) and int(MOVES[move]["category"]) == c.CATEGORY_STATUS,
            best=float(awaited.best[places[0]] >= awaited.best.max()),
        )


def _known(info: InfoState, action: int) -> bool:
    if action >= SWITCH:
        return action - SWITCH < len(info.foe.mons)
    mon = info.foe.active_mon
    return mon is not None and action % TERA < len(mon.usable)


def chosen_in_turn(info: InfoState, turn: int) -> tuple[str, ...] | None:
    """Return the names of actions that an opponent's first event of a turn may have been.

    A move comes with and without Terastallization, which the history does not tell.  (): it is not
    known what was chosen; None: nothing has happened yet.
    """
    for event in info.history:
        found = _EVENT.match(event)
        if found is None or int(found[1]) != turn:
            continue
        if found[3] == "used":
            return found[4], f"{found[4]} tera"
        return (canonical_name(f"switch {found[2]}"),) if found[3] == "came in" else ()
    return () if info.turn > turn else None
