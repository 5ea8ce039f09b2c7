"""How well the odds of an Illusion fit the truth, at every decision of recorded battles.

python tests/system/illusion_loss.py CORPUS… [share=0.01]

The corpora are recorded with streams.  A case is an opponent's active Pokémon at a decision.
``share`` is how often a team of the format has a Pokémon with Illusion: cases against such teams
and against others are weighed so.  Printed are the log loss (that of always 0.001 and of the base
rate beside it) and, by how likely an Illusion was held, how often it was one; both again among the
cases against teams with one alone.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plywise.datasets.battle_corpus import RecordedBattle, read_corpus
from plywise.datasets.showdown_data import load
from plywise.games.gen9.belief import belief_for
from plywise.games.gen9.illusions import LEAST, illusion_shares, with_illusion
from plywise.games.gen9.tracking.wire import channel
from plywise.games.showdown.channel import BattleChannel

_BINS = (0.001, LEAST, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
_FLOOR = 1e-4


@dataclass
class Case:
    """A decision: whether the team has a Zoroark, whether it was there disguised, and the odds.

    ``named``: the one that is there is among those held likely enough to be imagined.
    """

    able: bool
    true: bool
    held: float
    named: bool


def cases(battle: RecordedBattle, player: int) -> list[Case]:
    """Return the decisions of a player at which the opponent has a Pokémon out."""
    told, belief, found = BattleChannel(), belief_for(battle.rules), []
    for line in channel(battle.start_raw, player):
        told.read(line.split("|"))
    request, team = battle.start_requests[player], battle.teams()[1 - player]
    able = any(load().species_id(s.species) in with_illusion() for s in team)
    for step in battle.steps:
        out = step.before["S"][1 - player]["P"][0]
        info = None if request is None else told.information_state(request)
        if info is not None and step.choices[player] is not None and out.get("act") and out["hp"]:
            odds = illusion_shares(info.foe, belief)
            named = any(one.share >= LEAST and one.real.species == out["sp"] for one in odds)
            held = min(1 - _FLOOR, max(_FLOOR, sum(one.share for one in odds)))
            found.append(Case(able, "ill" in out, held, named))
        for line in channel(step.raw, player):
            told.read(line.split("|"))
        request = step.requests[player]
    return found


def report(name: str, found: Sequence[Case], weights: Sequence[float]) -> None:
    """Print losses and the table."""
    whole = sum(weights)
    rate = sum(w for case, w in zip(found, weights, strict=True) if case.true) / whole

    def loss(odds: Sequence[float]) -> float:
        each = zip(found, odds, weights, strict=True)
        return -sum(w * math.log(p if case.true else 1 - p) for case, p, w in each) / whole

    constant, base = [0.001] * len(found), [max(_FLOOR, rate)] * len(found)
    print(
        f"{name}: {len(found)} cases, {sum(case.true for case in found)} Illusions; loss "
        f"{loss([case.held for case in found]):.5f}, always 0.001 {loss(constant):.5f}, "
        f"always {rate:.5f} {loss(base):.5f}"
    )
    low = 0.0
    for high in _BINS:
        rows = [(c, w) for c, w in zip(found, weights, strict=True) if low <= c.held < high]
        low = high
        if rows:
            part = sum(w for _, w in rows)
            held = sum(c.held * w for c, w in rows) / part
            true = sum(w for c, w in rows if c.true) / part
            print(f"  to {high:5.3f}: {len(rows):6} cases, held {held:.4f}, true {true:.4f}")


def main(corpora: Sequence[str], share: float) -> None:
    """Print the tables of some corpora together."""
    found = [
        case
        for path in corpora
        for battle in read_corpus(Path(path))
        for player in range(2)
        for case in cases(battle, player)
    ]
    able = [case for case in found if case.able]
    parts = {True: share / max(1, len(able)), False: (1 - share) / max(1, len(found) - len(able))}
    report("all teams", found, [parts[case.able] for case in found])
    report("teams with one", able, [1.0] * len(able))
    likely = [case for case in able if case.true and case.held >= LEAST]
    print(f"named rightly: {sum(case.named for case in likely)} of {len(likely)}")


if __name__ == "__main__":
    options = dict(word.split("=") for word in sys.argv[1:] if "=" in word)
    main([word for word in sys.argv[1:] if "=" not in word], float(options.get("share", 0.01)))
