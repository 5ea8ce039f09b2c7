"""Log loss of the belief on what is hidden of the opponent's: prior alone, and with evidence.

python tests/system/evidence_loss.py CORPUS… [draws=60]

The corpora are recorded with streams.  At every second decision of both players sets are drawn for
each Pokémon seen.  Asked is the share of them with the true item, ability and Tera type (where it
is not told), each true move that has not been seen, the true Speed and the true stats (within 3
points; ``useful``: but for an Attack that no move of the true set goes by); its negative logarithm
is averaged (a share of 0 counts as 0.001).  ``drawn`` is the part
of the questions that some set answers rightly.  A second table tells how often what is drawn with a
share (items, abilities, Tera types, unseen moves) is true; a third in how many cases the belief
gives the true set a positive weight.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from plywise.arena.verify.tracking import _Illusions, _numbers
from plywise.datasets.battle_corpus import RecordedBattle, read_corpus
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import load, to_id
from plywise.datasets.spreads import stats_of_set
from plywise.games.gen9.belief import SetBelief, belief_for
from plywise.games.gen9.infostate import MonView
from plywise.games.gen9.tracking.wire import channel
from plywise.games.showdown.channel import BattleChannel

_TURNS = (2, 5, 10, 20, 10_000)
_FLOOR = 1e-3
_BINS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
_NEAR = 3  # points of a stat
_ATTACK, _SPEED = 1, 5  # positions in the stats
_STATS = ("speed", "spread", "useful")

_Values = Callable[[PokemonSet], Collection[object]]


def questions(mon: MonView, true: PokemonSet) -> Iterator[tuple[str, set[object], _Values]]:
    """Yield a name, the true values, and which of the possible values a drawn set has."""
    if mon.first_item is None:
        yield "item", {to_id(true.item)}, lambda s: (s.item,)
    if mon.base_ability is None:
        yield "ability", {to_id(true.ability)}, lambda s: (s.ability,)
    if mon.tera_type is None and true.tera_type:
        yield "tera", {true.tera_type}, lambda s: (s.tera_type,)
    seen = {move.id for move in mon.moves}
    hidden = set(map(to_id, true.moves)) - seen
    if hidden:
        yield "move", set(hidden), lambda s: [move for move in s.moves if move not in seen]
    stats = stats_of_set(replace(true, level=mon.level))

    physical = any(load().moves[to_id(move)]["category"] == "Physical" for move in true.moves)

    def near(s: PokemonSet) -> tuple[object, ...]:
        fits = [abs(a - b) <= _NEAR for a, b in zip(stats_of_set(s), stats, strict=True)]
        useful = [fit for k, fit in enumerate(fits) if physical or k != _ATTACK]
        found = (fits[_SPEED], all(fits), all(useful))
        return tuple(name for name, is_so in zip(_STATS, found, strict=True) if is_so)

    for name in _STATS:
        yield name, {name}, near


def seen(battle: RecordedBattle, player: int) -> Iterator[tuple[int, MonView, PokemonSet]]:
    """Yield turn, view and true set of the opponent's Pokémon at every second decision."""
    told, illusions = BattleChannel(), _Illusions(player)
    for line in channel(battle.start_raw, player):
        told.read(line.split("|"))
    request, team = battle.start_requests[player], battle.teams()[1 - player]
    for step in battle.steps:
        illusions.look(step.before)
        info = None if request is None else told.information_state(request)
        if info is not None and info.request == "move" and step.number % 2 == 0:
            numbers = _numbers(told.known.sides[1 - player], battle, 1 - player)
            for n, mon in enumerate(info.foe.mons):
                if n in numbers and not illusions.concern(1 - player, numbers[n]):
                    yield info.turn, mon, team[numbers[n]]
        for line in channel(step.raw, player):
            illusions.read(line)
            told.read(line.split("|"))
        illusions.look_back(step)
        request = step.requests[player]


class _Tables:
    """What is counted: for the prior alone (0) and with evidence (1)."""

    def __init__(self) -> None:
        self.loss: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.asked: Counter[tuple[str, int]] = Counter()
        self.drawn: Counter[tuple[str, int]] = Counter()
        self.shares: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self.cases = self.held = 0

    def add(self, belief: SetBelief, turn: int, mon: MonView, true: PokemonSet, draws: int) -> None:
        """Draw sets of a Pokémon, whose true set is ``true``, and count."""
        until = next(t for t in _TURNS if turn <= t)
        self.cases += 1
        self.held += belief.holds(mon, true)
        for k, view in enumerate((mon.without_evidence(), mon)):
            sets = [belief.draw(view, Random(n)) for n in range(draws)]
            for name, right, values in questions(mon, true):
                found = Counter(value for s in sets for value in values(s))
                for value in right:
                    share = found[value] / draws
                    self.loss[name, until][k] -= math.log(max(_FLOOR, share))
                    if k:
                        self.asked[name, until] += 1
                        self.drawn[name, until] += share > 0
                if k and name not in _STATS:
                    for value, count in found.items():
                        bin = next(n for n, most in enumerate(_BINS) if count / draws <= most)
                        counted = self.shares[name, bin]
                        counted[0] += 1
                        counted[1] += count / draws
                        counted[2] += value in right

    def print(self) -> None:
        """Print the three tables."""
        for (name, until), (prior, evidence) in sorted(self.loss.items()):
            count = self.asked[name, until]
            print(
                f"{name:8} to turn {until:6}: {count:6}, prior {prior / count:.3f}, with evidence "
                f"{evidence / count:.3f}, drawn {self.drawn[name, until] / count:.4f}"
            )
        for (name, n), (values, total, right) in sorted(self.shares.items()):
            print(
                f"{name:8} share to {_BINS[n]:.2f}: {values:6.0f} values, mean share "
                f"{total / values:.3f}, true {right / values:.3f}"
            )
        print(f"true set held: {self.held} of {self.cases}")


def main(corpora: list[str], draws: int) -> None:
    """Print the tables of each corpus."""
    for path in corpora:
        tables = _Tables()
        for battle in read_corpus(Path(path)):
            belief = belief_for(battle.rules)
            for turn, mon, true in (one for player in range(2) for one in seen(battle, player)):
                tables.add(belief, turn, mon, true, draws)
        print(path)
        tables.print()


if __name__ == "__main__":
    options = dict(word.split("=") for word in sys.argv[1:] if "=" in word)
    main([word for word in sys.argv[1:] if "=" not in word], int(options.get("draws", 60)))
