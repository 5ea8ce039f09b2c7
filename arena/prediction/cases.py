"""Cases to predict: a side's action at a decision, in worlds that the deciding player can imagine.

An *own* case is the player's action, an *opponent's* the other side's, both from one row: what the
player knew then.  Of the opponent's earlier choices a case has those that were seen.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.prediction.table import TableRow, band_of_rating, band_of_turn
from plywise.datasets.errors import PlywiseError
from plywise.datasets.set_priors import base_species
from plywise.engine.battle import constants as c
from plywise.engine.battle.names import MOVE_ID
from plywise.engine.battle.tables import MOVES
from plywise.games.gen9.belief import SetBelief, configured_belief
from plywise.games.gen9.infostate import InfoState, MonView, MoveView, from_json
from plywise.games.gen9.opponents.choices import (
    WorldChoices,
    canonical_name,
    choices_in_worlds,
    name_as_seen,
)
from plywise.games.gen9.opponents.features import OPPONENT_FEATURES, described
from plywise.games.gen9.opponents.past import PastChoices
from plywise.games.gen9.worlds import sample_worlds

log = logging.getLogger(__name__)

OWN, OPPONENT = "own", "opponent"
_BEST = OPPONENT_FEATURES.index("best")


@dataclass
class PredictionCase:
    """An action to predict.

    Attributes:
        what: ``own`` or ``opponent``.
        battle: number of the battle in the table.
        turn, request: of the decision; of an opponent's case the request is the player's.
        actor: key of the player whose action it is; "" not told.
        group: the rating band of that player.
        turns: the band of the turn.
        info: what the player knew.
        worlds: sampled from it.
        choices: what the actor may do in each.
        features: of the entries of ``choices``.
        past: the actor's choices before, by name, that were seen (a copy of none; read it at once).
        known: base species of the actor's Pokémon that are known; None: all are.
        actual: canonical name of the action.
        place: its place in ``choices.names``; -1: no world has it.
    """

    what: str
    battle: int
    turn: int
    request: str
    actor: str
    group: str
    turns: str
    info: InfoState
    worlds: NDArray[Any]
    choices: WorldChoices
    features: NDArray[np.float32]
    past: PastChoices
    known: frozenset[str] | None
    actual: str
    place: int


@dataclass
class CaseReader:
    """Makes the cases of battles.

    Attributes:
        worlds: sampled for each row.
        seed: of the worlds.
        whats: kinds of cases.
        skipped: reason -> rows without a case.
    """

    worlds: int
    seed: int
    whats: Sequence[str] = (OWN, OPPONENT)
    skipped: Counter[str] = field(default_factory=Counter)

    def cases(self, number: int, rows: Sequence[TableRow]) -> Iterator[PredictionCase]:
        """Yield the cases of a battle in order; take what you need of ``past`` at once."""
        keys = {row.player: row.player_key for row in rows}
        bands = {row.player: band_of_rating(row) for row in rows}
        past = {(row.player, what): PastChoices() for row in rows for what in (OWN, OPPONENT)}
        for row in rows:
            info = from_json(row.state)
            known = {OWN: None, OPPONENT: _known_species(info)}
            named = {
                OWN: canonical_name(row.action),
                OPPONENT: name_as_seen(canonical_name(row.foe_action or ""), known[OPPONENT]),
            }
            wanted = [what for what in self.whats if named[what]]
            if OWN in wanted and not row.complete:
                wanted.remove(OWN)
                self.skipped["own action, of a set that is not known whole"] += 1
            worlds = self._worlds(number, row, info) if wanted else None
            for what in wanted if worlds is not None else ():
                assert worlds is not None
                actor = row.player if what == OWN else 1 - row.player
                choices = choices_in_worlds(worlds, actor, known[what])
                if len(choices.names) < 2:
                    self.skipped[f"{what} action, of one or none"] += 1
                    continue
                before = past[row.player, what]
                seen = _seen(info, own=what == OWN)
                features = described(worlds, choices, before, *seen)
                actual = named[what]
                place = choices.names.index(actual) if actual in choices.names else -1
                yield PredictionCase(
                    what, number, row.turn, row.request, keys.get(actor, ""),
                    bands.get(actor, "unrated"), band_of_turn(row.turn), info, worlds, choices,
                    features, before, known[what], actual, place,
                )  # fmt: skip
                _note(before, info, what, actual, place, choices, features)

    def _worlds(self, number: int, row: TableRow, info: InfoState) -> NDArray[Any] | None:
        word = f"{self.seed} {row.battle_id} {row.record} {row.decision} {row.player}"
        seed = int.from_bytes(hashlib.blake2s(word.encode(), digest_size=7).digest(), "big")
        try:
            belief = configured_belief(info.format)
            if not row.complete:
                info = with_drawn_sets(info, belief, Random(seed))
            return sample_worlds(info, self.worlds, seed, belief)
        except (PlywiseError, ValueError, LookupError) as error:
            log.info("battle %d, turn %d: no worlds", number, row.turn, exc_info=error)
            self.skipped[f"no world can be made ({type(error).__name__})"] += 1
            return None


def with_drawn_sets(info: InfoState, belief: SetBelief, rng: Random) -> InfoState:
    """Return an information state whose own sets are filled up from the belief, where unknown.

    The legal actions stay those that are known.
    """
    mons = tuple(_filled(mon, belief, rng) for mon in info.own.mons)
    return replace(info, own=replace(info.own, mons=mons))


def _filled(mon: MonView, belief: SetBelief, rng: Random) -> MonView:
    if len(mon.moves) >= 4 and mon.item is not None and mon.ability is not None:
        return mon
    drawn = belief.draw(replace(mon, moves=tuple(m for m in mon.moves if m.id in MOVE_ID)), rng)
    known = {move.id for move in mon.moves}
    more = [MoveView(move) for move in drawn.moves if move not in known]
    return replace(
        mon,
        moves=(*mon.moves, *more)[: max(4, len(mon.moves))],
        item=drawn.item if mon.item is None else mon.item,
        first_item=drawn.item if mon.first_item is None else mon.first_item,
        ability=mon.ability or drawn.ability,
        base_ability=mon.base_ability or drawn.ability,
        tera_type=mon.tera_type or drawn.tera_type,
    )


def _known_species(info: InfoState) -> frozenset[str] | None:
    """Return which of the opponent's Pokémon are known; None: Team Preview has shown all."""
    if info.foe.previewed:
        return None
    return frozenset(base_species(mon.base_species) for mon in info.foe.mons)


def _seen(info: InfoState, *, own: bool) -> tuple[frozenset[str], frozenset[str]]:
    """Return the moves that the actor's active Pokémon has shown, and its Pokémon seen so far."""
    side = info.own if own else info.foe
    mon = side.active_mon
    moves = () if mon is None else mon.usable
    shown = frozenset(move.id for move in moves if not own or move.used)
    return shown, frozenset(base_species(m.base_species) for m in side.mons if m.revealed)


def _note(
    past: PastChoices,
    info: InfoState,
    what: str,
    actual: str,
    place: int,
    choices: WorldChoices,
    features: NDArray[np.float32],
) -> None:
    """Add a choice to those of the past, after its case."""
    side = info.own if what == OWN else info.foe
    mon = side.active_mon
    replacing = mon is None or mon.fainted or actual.startswith(("lead ", "revive "))
    move = MOVE_ID.get(actual.partition(" ")[0], 0)
    status = bool(move) and int(MOVES[move]["category"]) == c.CATEGORY_STATUS
    same = choices.name == place
    best = float(features[same, _BEST].mean()) if same.any() else 0.0
    active = "" if mon is None else base_species(mon.base_species)
    past.note(actual, active, replacing=replacing, status=status, best=best)
