"""What a player's shots reveal of the opponent's fleet, and fleets drawn that agree with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from plywise.games.battleship.sea import Sea, Ship, placements, ships_fit

ShotResult = tuple[int, bool, int | None]
"""The square of a shot, whether it hit, and the number of the ship that it sank."""


@dataclass(frozen=True)
class HiddenFleet:
    """What one player knows of the opponent's fleet.

    Attributes:
        sea: the opponent's sea.
        lengths: of the ships by number.
        shot, hits: squares.
        sinkings: by ship that sank, the square of its last hit and all hits until then.
    """

    sea: Sea
    lengths: tuple[int, ...]
    shot: frozenset[int]
    hits: frozenset[int]
    sinkings: Mapping[int, tuple[int, frozenset[int]]]

    @classmethod
    def of(cls, sea: Sea, lengths: tuple[int, ...], results: Iterable[ShotResult]) -> HiddenFleet:
        """Return what the results of shots, in their order, reveal."""
        shot: set[int] = set()
        hits: set[int] = set()
        sinkings: dict[int, tuple[int, frozenset[int]]] = {}
        for square, hit, sunk in results:
            shot.add(square)
            if hit:
                hits.add(square)
            if sunk is not None:
                sinkings[sunk] = (square, frozenset(hits))
        return cls(sea, lengths, frozenset(shot), frozenset(hits), sinkings)

    def placements_of(self, number: int) -> list[tuple[Ship, frozenset[int]]]:
        """Return where ship ``number`` may lie, by what is known of it alone, with its margin."""
        missed = self.shot.difference(self.hits)
        found = []
        for _, ship, around in placements(self.sea, self.lengths[number]):
            if number in self.sinkings:
                last, before = self.sinkings[number]
                allowed = last in ship and before.issuperset(ship)
            else:
                allowed = missed.isdisjoint(ship) and not self.hits.issuperset(ship)
            if allowed:
                found.append((ship, around))
        return found

    def unexplained_hits(self) -> frozenset[int]:
        """Return the hits that no sunk ship can explain."""
        sunk = (ship for number in self.sinkings for ship, _ in self.placements_of(number))
        return self.hits.difference(*sunk)

    def draw(self, count: int, rng: Random) -> list[Ship]:
        """Return ``count`` ships that agree with all that is known.

        Every such fleet can be drawn; they are not all equally likely.
        """
        options = []
        for number in range(count):
            fitting = self.placements_of(number)
            rng.shuffle(fitting)
            options.append(fitting)
        drawn: dict[int, Ship] = {}
        if not self._extend(drawn, options, self.hits, frozenset(), rng):
            raise AssertionError("no fleet explains the shots' results")  # the real one does
        return [drawn[number] for number in range(count)]

    def _extend(
        self,
        drawn: dict[int, Ship],
        options: list[list[tuple[Ship, frozenset[int]]]],
        unexplained: frozenset[int],
        taken: frozenset[int],
        rng: Random,
    ) -> bool:
        """Add ships until all are there and no hit is left unexplained; False where none fit."""
        waiting = [n for n in range(len(options)) if n not in drawn]
        if not waiting:
            return not unexplained and ships_fit(self.sea, taken, self.lengths[len(options) :])
        # The hit or the ship with the fewest placements left comes first: other orders run into
        # dead ends by the million.
        fitting = {n: [o for o in options[n] if taken.isdisjoint(o[0])] for n in waiting}
        if not all(fitting.values()):
            return False
        if unexplained:
            covers = [
                [
                    (n, ship, around)
                    for n in waiting
                    for ship, around in fitting[n]
                    if square in ship
                ]
                for square in sorted(unexplained)
            ]
            choices = min(covers, key=len)
            rng.shuffle(choices)
        else:
            scarcest = min(waiting, key=lambda n: len(fitting[n]))
            choices = [(scarcest, ship, around) for ship, around in fitting[scarcest]]
        for number, ship, around in choices:
            drawn[number] = ship
            rest_unexplained = unexplained.difference(ship)
            if self._extend(drawn, options, rest_unexplained, taken | around, rng):
                return True
            del drawn[number]
        return False
