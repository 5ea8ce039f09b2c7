"""Goofspiel: both bid a card at the same time for each prize; equal bids discard it.

Both players hold the cards 1 … n and see all bids afterwards; the order of the prizes 1 … n is
known from the start.  Cards are named by their number; action ids count from 0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

import numpy as np

from plywise.engine.boards import goofspiel as kernels
from plywise.engine.kernels import RulesKernels
from plywise.games.base import (
    NO_ACTION,
    SIMULTANEOUS,
    TERMINAL,
    Briefing,
    Game,
    GameInfo,
    IllegalActionError,
    Option,
    ParseResult,
    State,
    parse_number,
)

ORDERS = ("descending", "ascending", "random")

_PLAYED_OUT = 5
"""Most cards left for which facts include a bid's guarantee: at most 252 pairs of hands follow."""

_FACTS = """\
Beside each card stands against how many of the opponent's cards it takes the prize that is bid \
for, and near the end which result it guarantees even if the opponent knew every bid. Do not pay \
more than a prize is worth: the lowest card that surely takes a prize is enough, and a prize that \
is given away should cost the lowest card."""


class GoofspielState(State):
    """A position: the prizes in their order and the bids so far."""

    def __init__(self, game: Goofspiel, prizes: tuple[int, ...]) -> None:
        self.game = game
        self.prizes = prizes
        self.bids: list[tuple[int, int]] = []

    def _hand(self, player: int) -> list[int]:
        used = {pair[player] for pair in self.bids}
        return [c for c in range(len(self.prizes)) if c not in used]

    def points(self, player: int) -> int:
        """Return the sum of the prizes that a player has won."""
        return sum(
            prize
            for prize, pair in zip(self.prizes, self.bids, strict=False)
            if pair[player] > pair[1 - player]
        )

    def current_player(self) -> int:
        """Return SIMULTANEOUS or TERMINAL."""
        return TERMINAL if len(self.bids) == len(self.prizes) else SIMULTANEOUS

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the cards in the hand of ``player`` (default: the first)."""
        return self._hand(player or 0)

    def apply_action(self, action: int) -> None:
        """Refuse the action: both players bid at the same time."""
        raise IllegalActionError("both players bid at the same time: use apply_actions")

    def apply_actions(self, actions: Sequence[int]) -> None:
        """Apply both players' bids."""
        if self.current_player() == TERMINAL:
            raise IllegalActionError("the game has ended: no bid is possible")
        for player, action in enumerate(actions):
            if action == NO_ACTION or action not in self._hand(player):
                raise IllegalActionError(
                    f"player {player} cannot bid {action}; legal are {self._hand(player)}"
                )
        self.bids.append((actions[0], actions[1]))

    def returns(self) -> list[float]:
        """Return +1 for the player with more points, -1 for the other; zeros for a tie."""
        difference = self.points(0) - self.points(1)
        if self.current_player() != TERMINAL or difference == 0:
            return [0.0, 0.0]
        return [1.0, -1.0] if difference > 0 else [-1.0, 1.0]

    def clone(self) -> GoofspielState:
        """Return an independent copy."""
        copy = GoofspielState(self.game, self.prizes)
        copy.bids = self.bids.copy()
        return copy

    def action_to_string(self, player: int, action: int) -> str:
        """Return the card's number."""
        return str(action + 1)

    def parse(self, text: str, player: int | None = None) -> ParseResult:
        """Return the last number in a reply that is a card of the player's hand."""
        return parse_number(
            text,
            self.legal_actions(player),
            refused="is no card of yours",
            missing="no card number in the reply",
        )

    def observation_string(self, player: int) -> str:
        """Return prizes, hands and points; the player's hand and points come first."""
        at = len(self.bids)
        lines = [
            f"prize now: {self.prizes[at]}" if at < len(self.prizes) else "no prize is left",
            f"to come:   {_numbers(self.prizes[at + 1 :])}",
        ]
        for who, name in ((player, "you"), (1 - player, "opponent")):
            cards = _numbers([c + 1 for c in self._hand(who)])
            lines.append(f"{name + ':':<10} {self.points(who)} points, cards {cards}")
        return "\n".join(lines)

    def information_state_string(self, player: int) -> str:
        """Return the observation, the prizes and all bids so far."""
        bids = " ".join(f"{a + 1}:{b + 1}" for a, b in self.bids)
        return f"{self.observation_string(player)}\nprizes: {_numbers(self.prizes)}\nbids: {bids}"

    def serialize(self) -> str:
        """Return prizes and bids as JSON."""
        return json.dumps({"game": self.game.info.name, "prizes": self.prizes, "bids": self.bids})

    def briefing(self, player: int) -> Briefing:
        """Return the observation, the outlook, and facts about each card of both players."""
        return Briefing(
            game=self.game.info.name,
            player=player,
            rules=f"{self.game.rules_text()}\n{_FACTS}",
            situation=f"{self.observation_string(player)}\n{self._outlook(player)}",
            own=self._options(player),
            opponent=self._options(1 - player),
        )

    def _outlook(self, player: int) -> str:
        """Return what the remaining points can decide, in words."""
        if self.current_player() == TERMINAL:
            return "The game has ended."
        own, other = self.points(player), self.points(1 - player)
        at = len(self.bids)
        prize, left = self.prizes[at], sum(self.prizes[at:])
        if abs(own - other) > left:
            return f"The game is decided: {'you have' if own > other else 'the opponent has'} won."
        sentences = [f"{left} points are left."]
        for who, mine, theirs in (("You", own, other), ("The opponent", other, own)):
            enough = (theirs + left - mine) // 2 + 1  # then the rest does not catch up
            can = f"will have won with {enough} of them" if enough <= left else "can only draw"
            sentences.append(f"{who} {can}.")
        if own + prize > other + left - prize:
            sentences.append("Taking this prize wins the game.")
        if other + prize > own + left - prize:
            sentences.append("Losing this prize loses the game.")
        return " ".join(sentences)

    def _options(self, player: int) -> tuple[Option, ...]:
        """Return the cards of a player with facts about each."""
        mine, theirs = self._hand(player), self._hand(1 - player)
        sure = [c for c in mine if theirs and c > theirs[-1]]
        facts = {}
        for card in mine:
            beaten, ties = sum(c < card for c in theirs), theirs.count(card)
            if card in sure:
                words = "surely takes the prize"
                words += ", the lowest that does" if card == sure[0] and len(sure) > 1 else ""
            elif not beaten:
                words = "cannot take the prize" + (", can tie" if ties else "")
            else:
                words = f"takes the prize against {beaten} of {len(theirs)} cards"
                words += ", can tie" if ties else ""
            facts[card] = [words]
        if len(mine) <= _PLAYED_OUT:
            prizes = self.prizes[len(self.bids) :]
            lead = self.points(player) - self.points(1 - player)
            for card in mine:
                worst = _guaranteed(tuple(mine), tuple(theirs), prizes, lead, card)
                facts[card].append(_GUARANTEES[worst])
        return tuple(Option(card, str(card + 1), "; ".join(found)) for card, found in facts.items())

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        pool = kernels.new_pool(self.prizes)
        pool[0].hands = [sum(1 << c for c in self._hand(p)) for p in (0, 1)]
        pool[0].points = [self.points(p) for p in (0, 1)]
        pool[0].played = len(self.bids)
        return pool


_GUARANTEES = {1: "guarantees a win", 0: "guarantees a draw", -1: "may lose"}


@lru_cache(maxsize=1 << 14)
def _guaranteed(
    own: tuple[int, ...],
    other: tuple[int, ...],
    prizes: tuple[int, ...],
    lead: int,
    bid: int | None = None,
) -> int:
    """Return the result (1, 0, -1) that a player can guarantee while revealing its bids first.

    Args:
        lead: the player's points minus the opponent's.
        bid: the first card; None: the best one.
    """
    if not prizes:
        return (lead > 0) - (lead < 0)
    return max(
        min(
            _guaranteed(
                tuple(c for c in own if c != mine),
                tuple(c for c in other if c != theirs),
                prizes[1:],
                lead + prizes[0] * ((mine > theirs) - (mine < theirs)),
            )
            for theirs in other
        )
        for mine in (own if bid is None else (bid,))
    )


def _numbers(values: Sequence[int]) -> str:
    return " ".join(map(str, values)) or "none"


@dataclass(frozen=True)
class Goofspiel(Game):
    """Goofspiel with ``cards`` cards and the prizes in ``order``: descending, ascending or random.

    The game's seed draws a random order, which both players know.

    Raises:
        ValueError: the number of cards is not 2 … 13, or the order is none of these.
    """

    info: GameInfo = field(
        init=False,
        default=GameInfo("goofspiel", "bid cards for prizes at the same time", simultaneous=True),
    )
    cards: int = 13
    order: str = "descending"

    def __post_init__(self) -> None:
        if not 2 <= self.cards <= kernels.MOST_CARDS:
            raise ValueError(f"cards={self.cards}: must be 2 … {kernels.MOST_CARDS}")
        if self.order not in ORDERS:
            raise ValueError(f"order={self.order}: choose one of {', '.join(ORDERS)}")

    def new_initial_state(self, seed: int = 0) -> GoofspielState:
        """Return the start; ``seed`` draws the prizes' order where that is random."""
        prizes = list(range(1, self.cards + 1))
        if self.order == "random":
            Random(f"goofspiel {seed}").shuffle(prizes)
        elif self.order == "descending":
            prizes.reverse()
        return GoofspielState(self, tuple(prizes))

    def deserialize_state(self, text: str) -> GoofspielState:
        """Return the state that ``serialize`` wrote."""
        try:
            saved = json.loads(text)
            state = GoofspielState(self, tuple(saved["prizes"]))
            name, bids = saved["game"], [tuple(pair) for pair in saved["bids"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a saved goofspiel state: {error!r}") from error
        if name != self.info.name or sorted(state.prizes) != list(range(1, self.cards + 1)):
            raise ValueError(f"not a saved state of goofspiel with {self.cards} cards: {text[:80]}")
        for number, pair in enumerate(bids, 1):
            try:
                state.apply_actions(pair)
            except (IllegalActionError, IndexError) as error:
                raise ValueError(f"saved goofspiel state, round {number}: {error}") from error
        return state

    def num_distinct_actions(self) -> int:
        """Return the number of cards."""
        return self.cards

    def max_game_length(self) -> int:
        """Return the number of rounds."""
        return self.cards

    def kernels(self) -> RulesKernels:
        """Return the compiled rules."""
        return kernels.rules(self.cards)

    def rules_text(self) -> str:
        """Return the rules."""
        return (
            f"Goofspiel: both players hold the cards 1 to {self.cards}. For each prize both bid "
            "one card at the same time; the higher card wins the prize's points, equal cards "
            "discard it, and both cards are gone. Who has more points at the end wins."
        )
