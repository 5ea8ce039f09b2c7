"""The likelihood of the damage of a hit, given the set of the Pokémon that is not known."""

from __future__ import annotations

from functools import lru_cache

from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.spreads import stats_of
from plywise.games.gen9.evidence.hit import Hit
from plywise.games.gen9.evidence.hit_rolls import HitRolls

NEAR = 0.015
"""How far damage is from a set's where its stats are a few points from the set's, relatively."""
_WIDTH = 0.15 / 0.925  # of the 16 rolls, as a share of their middle
_REMEMBERED, _MOST_ANSWERS = 500, 2000  # hits, and answers of each

_Answer = tuple[float, float]


class HitLikelihood:
    """How likely sets make what a hit did.

    Args:
        hit: seen by a player.
    """

    def __init__(self, hit: Hit) -> None:
        self._hit, self._rolls = hit, HitRolls(hit)
        self._held, self._natural = hit.foe.item is None, hit.foe.ability is None
        self._answers: dict[tuple[object, ...], _Answer] = {}

    def of(self, stats: tuple[int, ...], item: str, ability: str) -> tuple[float, float]:
        """Return a likelihood, relative to what a set that explains the hit typically gives.

        Args:
            stats: hp, atk, def, spa, spd, spe of the opponent's Pokémon, without stages.
            item, ability: of its set, told or possible.

        Returns:
            With these stats (0: none of the 16 rolls does that), and with others of which each is
            at most about ``NEAR`` away.
        """
        natural = ability if self._natural else None
        held: str | None = None
        if self._held:
            held = "" if item and self._rolls.is_plain(item, natural) else item
        hp, attack, defence, special, resistance, speed = stats
        a, d, s, r, v = self._rolls.counts
        key = (hp, attack * a, defence * d, special * s, resistance * r, speed * v, held, natural)
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
            found = self._answers[key] = self._ask(stats, held, natural)
        return found

    def _ask(self, stats: tuple[int, ...], item: str | None, ability: str | None) -> _Answer:
        hit, hp = self._hit, stats[0]
        low, high = shown_range(hit.foe.hp, hp)
        parts = [(low, high)]
        if low < high and self._rolls.is_by_hp(item, ability):
            parts = [(k, k) for k in range(low, high + 1)]
        rolls = [self._rolls.of(item, ability, hp, sum(part) + 1 >> 1, stats[1:]) for part in parts]
        least = min(r[0] for r in rolls) * (1 - NEAR) - 1
        most = max(r[-1] for r in rolls) * (1 + NEAR) + 1
        if not any(r[-1] for r in rolls):
            least = most = 0.0
        if not hit.dealt:
            cases = 16 * len(rolls)
            if hit.left:
                seen = hit.own.hp - hit.left
                typical = 1 / min(16, 1 + _WIDTH * seen)
                near = 1 / (most - least) if least <= seen <= most and most else 0.0
                return sum(r.count(seen) for r in rolls) / cases / typical, near / typical
            exact = sum(roll >= hit.own.hp for r in rolls for roll in r) / cases
            return exact, _above(hit.own.hp, least, most)
        left_low, left_high = shown_range(hit.left, hp)
        if not hit.left:
            left_low = -100_000
        agreeing = 0.0
        for (start, end), some in zip(parts, rolls, strict=True):
            for roll in some:
                first, last = max(start, left_low + roll), min(end, left_high + roll)
                agreeing += max(0, last - first + 1) / (high - low + 1)
        if not hit.left:
            return agreeing / 16, _above((low + high) / 2, least, most)
        percent = _WIDTH * (hit.foe.hp - hit.left)
        typical = 1 / min(1.5 + percent, 1 + percent * hp / 100)
        shared = min(most, high - left_low + 0.5) - max(least, low - left_high - 0.5)
        wide = (left_high - left_low + 1) / (left_high - left_low + high - low + 1)
        near = max(0.0, shared) / (most - least) * wide if most else 0.0
        return agreeing / 16 / typical, near / typical


@lru_cache(_REMEMBERED)
def of_hit(hit: Hit) -> HitLikelihood:
    """Return how likely sets make what a hit did."""
    return HitLikelihood(hit)


def hit_likelihood(
    hit: Hit, s: PokemonSet, species: str, item: str, ability: str
) -> tuple[float, float]:
    """Return what :class:`HitLikelihood` gives for a set with the stats of a species."""
    return of_hit(hit).of(stats_of(species, s.level, s.nature, s.evs, s.ivs), item, ability)


def _above(value: float, least: float, most: float) -> float:
    """Return how much of a range is above a value."""
    return min(1.0, max(0.0, (most - value) / (most - least))) if most else 0.0


def shown_range(shown: int, most: int) -> tuple[int, int]:
    """Return the least and the most HP out of ``most`` that are shown as so many percent.

    Showdown's ``getHealth``: rounded up, but 99 where it is not full.
    """
    if shown <= 0:
        return 0, 0
    if shown >= 100:
        return most, most
    high = most - 1 if shown == 99 else most * shown // 100
    low = most * (shown - 1) // 100 + 1
    return min(low, high), high
