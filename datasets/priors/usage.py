"""Smogon's monthly usage statistics (chaos files), and a prior that they are mixed into.

A chaos file tells how often each species is used and, one by one, its moves, items, abilities,
spreads and Tera types.  They are read by ``poke_env.data.smogon.SmogonStats``.  Whole sets are
drawn from these marginals with a fixed seed, and mixed with the curated sets of a prior.
"""

from __future__ import annotations

import json
import logging
import math
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from plywise.datasets.battle_formats import BattleFormat
from plywise.datasets.errors import ConfigError
from plywise.datasets.files import MOST_BYTES, read_bytes, reading
from plywise.datasets.pokemon_sets import PokemonSet
from plywise.datasets.priors.templates import Weighted, normalised
from plywise.datasets.showdown_data import load, to_id
from plywise.datasets.spreads import stats_of

if TYPE_CHECKING:
    from poke_env.data.smogon import PokemonUsageStats, SmogonStats

log = logging.getLogger(__name__)

_Spread = tuple[str, tuple[int, ...]]
_MONTH = re.compile(r"(?<!\d)(\d{4}-(?:0[1-9]|1[0-2]))(?!\d)")
_GZIP = b"\x1f\x8b"
_ANY_MONTH = "2000-01"  # the reader wants one; nothing here depends on it
_SETS = 800  # drawn of each species
_REDRAWS = 5  # of one that does not make sense
_SLOTS = 4
_FLOOR = 0.01  # share of what a file does not name, where curated sets are weighted by it
_NO_ITEM = "nothing"
_LOCKING = frozenset(("choiceband", "choicescarf", "choicespecs"))
# Status moves that people use with a choice item.
_WITH_A_LOCK = frozenset(
    """trick switcheroo healingwish memento partingshot lunardance transform copycat
    sleeptalk""".split()
)
_MOST_UNKNOWN = 0.5  # share of a file's usage that may be of unknown species


class UsageError(ConfigError):
    """A file of usage statistics that cannot be used."""


def read_usage(path: Path | str, format: BattleFormat | None) -> SmogonStats:
    """Return the statistics in a chaos file (``.json`` or ``.json.gz``) of a format.

    What the pinned package does not have is left out later, species with one warning here.

    Args:
        format: None: whichever the file is about.

    Raises:
        UsageError: it is no such file, is cut off, or is of another format.
    """
    # It brings all of poke-env, which only this needs.
    from poke_env.data.smogon import SmogonStats, SmogonStatsError

    path = Path(path)
    damage = (KeyError, TypeError, AttributeError, SmogonStatsError)
    with reading(path, UsageError, "file of Smogon's usage statistics (chaos)", damage):
        content = read_bytes(path)
        payload = without_counters(_unpacked(content) if content[:2] == _GZIP else content)
        stats = SmogonStats.from_json(payload, month=month_in(str(path)) or _ANY_MONTH)
    if format is not None and stats.battle_format != format.id:
        raise UsageError(f"{path} is about {stats.battle_format}, not about {format.id}")
    unknown = [mon for name, mon in stats.pokemon.items() if not _is_species(name)]
    total = sum(mon.usage for mon in stats.pokemon.values())
    if not total or sum(mon.usage for mon in unknown) > _MOST_UNKNOWN * total:
        names = ", ".join(mon.name for mon in unknown[:3]) or "none"
        raise UsageError(f"{path}: species that are not in Showdown {load().version}: {names} …")
    if unknown:
        names = ", ".join(mon.name for mon in unknown)
        log.warning("%s: unknown species left out: %s", path, names)
    return stats


def without_counters(payload: bytes) -> bytes:
    """Return the JSON of a chaos file without its checks and counters.

    They are not needed, and lists in old files, which the reader refuses.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is no such JSON.
    """
    document = json.loads(payload)
    for entry in document["data"].values():
        entry["Checks and Counters"] = {}
    return json.dumps(document).encode()


def month_in(name: str) -> str:
    """Return the last month ``YYYY-MM`` that a file's path names; "" if it names none."""
    found = _MONTH.findall(name)
    return found[-1] if found else ""


def _unpacked(content: bytes) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    found = reader.decompress(content, MOST_BYTES)
    if not reader.eof:
        raise ValueError("its compressed data are cut off, or too large")
    return found


def usage_shares(stats: SmogonStats) -> dict[str, float]:
    """Return species id -> share of teams that it is on, of known species."""
    return {
        name: min(1.0, mon.usage)
        for name, mon in stats.pokemon.items()
        if mon.usage > 0 and _is_species(name)
    }


def conditional_shares(stats: SmogonStats) -> dict[str, dict[str, float]]:
    """Return species id -> teammate's id -> share of its teams that the teammate is on.

    Files of the old counting script hold the excess over the teammate's usage, which may be
    negative: what is listed for a species sums to about -1 there, and to 5 in new ones.
    """
    usage = usage_shares(stats)
    sums = sorted(sum(mon.teammate_scores.values()) for mon in stats.pokemon.values())
    excess = bool(sums) and sums[len(sums) // 2] < 0.5
    found = {}
    for name in usage:
        scores = stats.pokemon[name].teammate_scores
        if excess:  # what is not listed is 0: as often as on all teams
            mates = {k: w + scores.get(k, 0.0) for k, w in usage.items() if k != name}
        else:
            mates = {k: share for k, share in scores.items() if k in usage}
        mates = {mate: min(1.0, max(0.0, share)) for mate, share in mates.items()}
        if mates:
            found[name] = mates
    return found


def _is_species(name: str) -> bool:
    data = load()
    return data.cosmetic.get(name, name) in data.species


class UsageSets:
    """Whole sets of a format, drawn from marginals."""

    def __init__(self, stats: SmogonStats, format: BattleFormat) -> None:
        """Take the marginals of a file."""
        self._stats, self._format = stats, format

    def has(self, species: str) -> bool:
        """Return whether the file tells a whole set of a species id."""
        mon, data = self._stats.get(species), load()
        return mon is not None and bool(
            _known(mon.abilities, data.abilities) and _known(mon.moves, data.moves)
        )

    def sets_of(self, species: str, spreads: Mapping[_Spread, float] | None = None) -> Weighted:
        """Return different sets of a species id and their weights; () and (): not in the file.

        Args:
            species: id.
            spreads: nature and EVs -> weight, where the file tells none (counts of replays).

        The level is the format's.  A file tells no IVs: Attack is 0 where no move uses it, Speed
        where Trick Room or Gyro Ball wants it low.
        """
        mon, data = self._stats.get(species), load()
        if mon is None or not self.has(species):
            return (), ()
        types = {to_id(name): name.capitalize() for name in data.typechart}
        abilities = _known(mon.abilities, data.abilities)
        moves = _known(mon.moves, data.moves)
        items = {"" if k == _NO_ITEM else k: v for k, v in mon.items.items()}
        items = {k: v for k, v in items.items() if not k or k in data.items} or {"": 1.0}
        tera = {types[k]: v for k, v in mon.tera_types.items() if k in types}
        tera = tera or {data.species[data.species_id(species)]["types"][0]: 1.0}
        told: dict[_Spread, float] = {
            (to_id(s.nature), s.evs): v
            for s, v in mon.spreads.items()
            if to_id(s.nature) in data.natures and max(s.evs) <= 252
        }
        if not told:
            told = dict(spreads) if spreads else {("serious", (85,) * 6): 1.0}
        rng = Random(f"usage {self._format.id} {species}")
        merged: dict[tuple[Any, ...], list[Any]] = {}
        for _ in range(_SETS):
            for _ in range(_REDRAWS):
                item = _one(items, rng)
                chosen = _distinct(moves, rng)
                if makes_sense(item, chosen):
                    break
            nature, evs = _one(told, rng)
            s = PokemonSet(
                species=species,
                level=self._format.level(self._format.default_level),
                ability=_one(abilities, rng),
                item=item,
                tera_type=_one(tera, rng),
                moves=chosen,
                evs=evs,
                ivs=_ivs(chosen, nature, evs),
                nature=nature,
            )
            stats = stats_of(species, s.level, nature, evs, s.ivs)
            key = (s.ability, s.item, s.tera_type, s.moves, stats)
            merged.setdefault(key, [s, 0.0])[1] += 1.0
        return tuple(e[0] for e in merged.values()), tuple(e[1] for e in merged.values())

    def weigh(self, species: str, curated: Weighted) -> Weighted:
        """Return curated sets weighted by how often their item, ability and moves are used."""
        mon = self._stats.get(species)
        if mon is None:
            return curated
        sets, weights = curated
        return sets, tuple(w * _used(s, mon) for s, w in zip(sets, weights, strict=True))

    def mixed(self, curated: Callable[[str, str], Weighted], mix: float) -> Callable[..., Weighted]:
        """Return a source of sets like ``curated``, of which a share ``mix`` is of these."""

        def sets_of(species: str, group: str) -> Weighted:
            own = self.weigh(species, curated(species, group))
            spreads: dict[_Spread, float] = defaultdict(float)
            for s, weight in zip(*own, strict=True):
                spreads[s.nature, s.evs] += weight
            drawn = self.sets_of(species, spreads)
            parts = [
                (share, normalised(part))
                for share, part in ((1 - mix, own), (mix, drawn))
                if share and part[0]
            ]
            total: dict[PokemonSet, float] = {}
            for share, (sets, weights) in parts:
                for s, weight in zip(sets, weights, strict=True):
                    total[s] = total.get(s, 0.0) + share * weight
            return tuple(total), tuple(total.values())

        return sets_of


def _used(s: PokemonSet, mon: PokemonUsageStats) -> float:
    moves = math.fsum(mon.moves.get(move, 0.0) for move in s.moves) / max(1, len(s.moves))
    return (
        max(_FLOOR, mon.items.get(s.item or _NO_ITEM, 0.0))
        * max(_FLOOR, mon.abilities.get(s.ability, 0.0))
        * max(_FLOOR, moves)
    )


def _known(shares: Mapping[str, float], table: Mapping[str, Any]) -> dict[str, float]:
    return {name: share for name, share in shares.items() if name in table and share > 0}


def _one(shares: Mapping[Any, float], rng: Random) -> Any:
    return rng.choices(list(shares), [max(0.0, share) for share in shares.values()])[0]


def _distinct(moves: Mapping[str, float], rng: Random) -> tuple[str, ...]:
    """Return up to four different moves, sorted."""
    left = dict(moves)
    chosen: list[str] = []
    while left and len(chosen) < _SLOTS:
        chosen.append(_one(left, rng))
        del left[chosen[-1]]
    return tuple(sorted(chosen))


def makes_sense(item: str, moves: Iterable[str]) -> bool:
    """Return whether an item goes with moves: no choice item with moves that set up."""
    table = load().moves
    status = [move for move in moves if table[move]["category"] == "Status"]
    if item == "assaultvest":
        return not status
    return item not in _LOCKING or all(move in _WITH_A_LOCK for move in status)


def _ivs(moves: tuple[str, ...], nature: str, evs: tuple[int, ...]) -> tuple[int, ...]:
    data = load()
    record = data.natures[nature]
    physical = any(data.moves[m]["category"] == "Physical" for m in moves)
    weak = not physical and not evs[1] and record.get("plus") != "atk"
    slow = not evs[5] and record.get("minus") == "spe" and {"trickroom", "gyroball"} & set(moves)
    return (31, 0 if weak else 31, 31, 31, 31, 0 if slow else 31)
