"""Records battles of mixed players in the real simulator, for trials of what replays tell.

``python -m tests.arena.replays.mixed_battles OUT.jsonl.gz FORMAT battles=500 seed=1 search=0``:
one battle in four is of random play alone; in the others one side or both are ``max_damage`` (the
attack of the highest base power times effectiveness), ``heuristics`` (hazards, recovery, set-up,
switches out of bad matches, else that attack) or, one player in ``search``, our own search of 8
iterations.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from plywise.arena.verify.chooser import SearchChooser
from plywise.arena.verify.record import record_corpus
from plywise.conf.schemas.verify import RecordConfig
from plywise.datasets.showdown_data import load

_HAZARDS = ("stealthrock", "spikes", "toxicspikes", "stickyweb")
_ITERATIONS = 8
_FACTORS = (1.0, 2.0, 0.5, 0.0)  # of ``damageTaken``


class MixedChooser:
    """Answers for whom its seed draws at the beginning of each battle.

    Args:
        seed: of the players and of their choices.
        search: one player in so many is our own search; 0: none is.

    Attributes:
        players: how many sides each kind has played.
    """

    def __init__(self, seed: int, search: int = 0) -> None:
        self.players: Counter[str] = Counter()
        self._rng = random.Random(seed)
        self._search = SearchChooser(_ITERATIONS) if search else None
        self._every = search
        self._kinds = ("", "")
        self._asked = 0

    def answer(self, text: str) -> str | None:
        """Return the answer to a line of the recorder."""
        line = json.loads(text)
        if "state" not in line:
            self._kinds = (self._kind(), self._kind())
            if self._search is not None:
                self._search.answer(text)
            return None
        kind = self._kinds[line["side"]]
        self.players[kind] += line["state"]["turn"] <= 1
        if kind == "search" and self._search is not None:
            return self._search.answer(text)
        return self._choice(kind, line["state"], line["side"], line["legal"])

    def _kind(self) -> str:
        if self._every and self._rng.randrange(self._every) == 0:
            return "search"
        return self._rng.choice(("max_damage", "heuristics"))

    def _choice(self, kind: str, state: Mapping[str, Any], s: int, legal: Sequence[str]) -> str:
        mine, foe = (state["S"][k]["P"][0] for k in (s, 1 - s))
        hits: list[tuple[float, str, str]] = []
        status: list[tuple[float, str, str]] = []
        for choice in legal:
            words = choice.split()
            if words[0] != "move" or (len(words) > 2 and self._rng.random() > 0.1):
                continue
            slot = int(words[1]) - 1
            name = mine["mv"][slot][0] if slot < len(mine["mv"]) else ""
            power = _power(name, mine, foe)
            (hits if power else status).append((power, choice, name))
        best = max(hits, default=(0.0, "", ""))
        if kind == "heuristics":
            there, hurt = state["S"][1 - s]["sc"], mine["hp"] / mine["mhp"]
            for _, choice, name in status:
                entry = load().moves.get(name, {})
                hazard = name in _HAZARDS and name not in there
                heals = "heal" in entry.get("flags", {}) and hurt < 0.5
                boosts = "boosts" in entry and hurt > 0.8 and entry.get("target") == "self"
                if (hazard or heals or boosts) and self._rng.random() < 0.6:
                    return choice
            switches = [choice for choice in legal if choice.startswith("switch")]
            if switches and best[0] < 60 and self._rng.random() < 0.5:
                return self._rng.choice(switches)
            if status and self._rng.random() < 0.15:
                return self._rng.choice(status)[1]
        return best[1]


def _power(name: str, mine: Mapping[str, Any], foe: Mapping[str, Any]) -> float:
    """Return base power times accuracy, STAB and effectiveness."""
    data = load()
    entry = data.moves.get(name, {})
    if not entry or entry.get("category") == "Status":
        return 0.0
    power = float(entry.get("basePower") or 60)
    accuracy = entry.get("accuracy")
    power *= accuracy / 100 if isinstance(accuracy, int) and accuracy > 1 else 1.0
    kind = entry["type"]
    power *= 1.5 if kind in mine["ty"] else 1.0
    for foe_type in foe["ty"]:
        chart = data.typechart.get(foe_type.lower(), {})  # "???": it has lost its types
        power *= _FACTORS[chart.get("damageTaken", {}).get(kind, 0)]
    return power


def main(words: Sequence[str]) -> None:
    """Record a corpus."""
    options = dict(word.split("=") for word in words if "=" in word)
    out, format = (word for word in words if "=" not in word)
    chooser = MixedChooser(int(options.get("seed", 1)), int(options.get("search", 0)))
    record_corpus(
        RecordConfig(
            out=out,
            format=format,
            battles=int(options.get("battles", 20)),
            seed=int(options.get("seed", 1)),
            streams=True,
            keepties=False,
        ),
        chooser,
    )
    print(out, dict(chooser.players))


if __name__ == "__main__":
    main(sys.argv[1:])
