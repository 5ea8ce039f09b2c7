"""Log loss of the belief on what is hidden of the opponent's: prior alone, and with evidence.

python tests/system/evidence_loss.py CORPUS… [draws=60]

The corpora are recorded with streams.  At every second decision of both players, for each Pokémon
seen: the share of drawn sets with the true item (where it is not told), ability, Speed and spread
(within 3 points), whose negative logarithm is averaged (a share of 0 counts as 0.001).
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from plywise.arena.verify.tracking import _Illusions, _numbers
from plywise.datasets.battle_corpus import RecordedBattle, read_corpus
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.showdown_data import to_id
from plywise.datasets.spreads import stats_of_set
from plywise.games.gen9.belief import belief_for
from plywise.games.gen9.infostate import ANY_SPEED, MonView
from plywise.games.gen9.tracking.wire import channel
from plywise.games.showdown.channel import BattleChannel

_TURNS = (2, 5, 10, 20, 10_000)
_FLOOR = 1e-3


def without_evidence(mon: MonView) -> MonView:
    """Return what lines have told of a Pokémon alone."""
    return replace(
        mon,
        excluded_items=(),
        excluded_abilities=(),
        deduced_item="",
        speed=ANY_SPEED,
        orders=(),
        hits=(),
        odds=(),
    )


def questions(mon: MonView, true: PokemonSet) -> Iterator[tuple[str, Callable[[PokemonSet], bool]]]:
    """Yield what is asked of drawn sets, by name."""
    stats = stats_of_set(replace(true, level=mon.level))
    if mon.first_item is None:
        yield "item", lambda s: s.item == to_id(true.item)
    if mon.base_ability is None:
        yield "ability", lambda s: s.ability == to_id(true.ability)
    yield "speed", lambda s: abs(stats_of_set(s)[5] - stats[5]) <= 3
    yield (
        "spread",
        lambda s: all(abs(a - b) <= 3 for a, b in zip(stats_of_set(s), stats, strict=True)),
    )


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


def main(corpora: list[str], draws: int) -> None:
    """Print a table for each corpus."""
    for path in corpora:
        losses: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for battle in read_corpus(Path(path)):
            belief = belief_for(battle.rules)
            for turn, mon, true in (one for player in range(2) for one in seen(battle, player)):
                until = next(t for t in _TURNS if turn <= t)
                for k, view in enumerate((without_evidence(mon), mon)):
                    drawn = [belief.draw(view, Random(n)) for n in range(draws)]
                    for name, holds in questions(mon, true):
                        share = sum(map(holds, drawn)) / draws
                        losses[name, until][k] -= math.log(max(_FLOOR, share))
                        losses[name, until][2] += k
        print(path)
        for (name, until), (prior, evidence, count) in sorted(losses.items()):
            print(
                f"{name:8} to turn {until:6}: {count:6.0f}, prior {prior / count:.3f}, "
                f"with evidence {evidence / count:.3f}"
            )


if __name__ == "__main__":
    options = dict(word.split("=") for word in sys.argv[1:] if "=" in word)
    main([word for word in sys.argv[1:] if "=" not in word], int(options.get("draws", 60)))
