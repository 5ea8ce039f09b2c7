"""Smogon's usage statistics as a part of a prior, with small made-up files."""

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.datasets.battle_formats import find_format
from plywise.datasets.priors.usage import UsageError, conditional_shares, read_usage
from plywise.datasets.set_priors import base_species, load_prior
from plywise.datasets.spreads import stats_of_set

OU = find_format("gen9ou")
NAMES = ("Great Tusk", "Kingambit", "Gholdengo", "Dragapult", "Zamazenta", "Iron Moth", "Pikachu")
USAGE = (0.9, 0.8, 0.9, 0.9, 0.9, 0.9, 0.7)


def entry(name: str, usage: float, teammates: dict[str, float], **changes: Any) -> dict[str, Any]:
    weight = 1000 * usage
    return {
        "Raw count": int(weight),
        "usage": usage,
        "Viability Ceiling": [9, 90, 85, 80],
        "Abilities": {"protosynthesis": weight},
        "Items": {"leftovers": 0.6 * weight, "nothing": 0.4 * weight},
        "Moves": {
            "earthquake": weight, "rapidspin": weight, "knockoff": 0.9 * weight,
            "closecombat": 0.8 * weight, "stealthrock": 0.2 * weight, "": 0.1 * weight,
        },
        # The first two give equal stats: 252 and 255 are one quarter of EVs, neutral natures one.
        "Spreads": {
            "Jolly:0/252/4/0/0/252": 0.5 * weight,
            "Jolly:0/252/6/0/0/252": 0.2 * weight,
            "Impish:252/4/252/0/0/0": 0.3 * weight,
        },
        "Tera Types": {"steel": 0.7 * weight, "Ice": 0.3 * weight},
        "Teammates": {mate: share * weight for mate, share in teammates.items()},
        "Checks and Counters": {"Kingambit": [30.0, 0.5, 0.02]},
        **changes,
    }  # fmt: skip


def chaos(*, excess: bool = False, metagame: str = "gen9ou", **changes: Any) -> dict[str, Any]:
    data = {}
    for name, usage in zip(NAMES, USAGE, strict=True):
        mates = dict(zip(NAMES, USAGE, strict=True))
        del mates[name]
        if name == "Great Tusk":
            mates["Kingambit"], mates["Pikachu"] = 1.0, 0.2
        if excess:
            mates = {k: v - USAGE[NAMES.index(k)] for k, v in mates.items()}
        data[name] = entry(name, usage, mates, **changes)
    info = {"metagame": metagame, "cutoff": 1695.0, "number of battles": 1000}
    return {"info": info, "data": data}


def written(folder: Path, document: Any, name: str = "gen9ou-1695.json") -> Path:
    path = folder / name
    text = json.dumps(document).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


@pytest.mark.parametrize("name", ["gen9ou-1695.json", "2026-03-gen9ou-0.json.gz", "any.gz"])
def test_usage_is_half_of_a_prior(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, chaos(), name)
    prior, curated = load_prior("gen9ou", str(path)), load_prior("gen9ou")
    assert "50 % usage statistics of gen9ou (cutoff 1695, 1000 battles)" in prior.source
    assert sum(prior.species.values()) == pytest.approx(1)
    expected = 0.5 * curated.species["kingambit"] + 0.5 * 0.8 / sum(USAGE)
    assert prior.species["kingambit"] == pytest.approx(expected)
    sets, weights = prior.sets_of("greattusk")
    assert sum(weights) == pytest.approx(1)
    assert len(sets) < 3000
    share: dict[str, float] = defaultdict(float)
    for s, weight in zip(sets, weights, strict=True):
        share[f"item {s.item}"] += weight
        assert len(s.moves) == 4
        assert s.tera_type[0].isupper()
    drawn = [(s, w) for s, w in zip(sets, weights, strict=True) if s.evs[5] != 252 or not s.item]
    assert drawn
    assert share["item "] == pytest.approx(0.5 * 0.4, abs=0.03)
    assert len({(s.moves, s.item, s.tera_type, s.ability, stats_of_set(s)) for s in sets}) == len(
        sets
    )


def test_mix_chooses_between_curated_sets_and_statistics(tmp_path: Path) -> None:
    path = str(written(tmp_path, chaos()))
    curated, none = load_prior("gen9ou"), load_prior("gen9ou", path, 0.0)
    assert set(none.species) == set(curated.species)
    alone = load_prior("gen9ou", path, 1.0)
    assert len(alone.species) == len(NAMES)
    assert {s.item for s in alone.sets_of("greattusk")[0]} == {"", "leftovers"}
    with pytest.raises(UsageError, match="a weight from 0 to 1 is wanted"):
        load_prior("gen9ou", path, 1.5)


@pytest.mark.parametrize("excess", [False, True])
def test_teammates_of_old_and_new_files(tmp_path: Path, excess: bool) -> None:
    path = written(tmp_path, chaos(excess=excess))
    mates = conditional_shares(read_usage(path, OU))["greattusk"]
    assert mates["kingambit"] == pytest.approx(1.0)
    assert mates["pikachu"] == pytest.approx(0.2)
    prior, rng = load_prior("gen9ou", str(path), 1.0), Random(1)
    assert prior.teammates["greattusk"]["pikachu"] == pytest.approx(0.2)
    tusk = [prior.sets_of("greattusk")[0][0]]
    teams = [prior.complete(tusk, rng, 6) for _ in range(200)]
    assert all(len({base_species(s.species) for s in team}) == 6 for team in teams)
    counts = Counter(s.species for team in teams for s in team)
    assert counts["kingambit"] > 170 > 100 > counts["pikachu"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no file of Smogon's usage statistics"),
        (b"[1, 2]", "no file of Smogon's usage statistics"),
        (b'{"info": {}}', "no file of Smogon's usage statistics"),
        (json.dumps(chaos()).encode()[:2000], "no file of Smogon's usage statistics"),
        (gzip.compress(json.dumps(chaos()).encode())[:300], "cut off"),
        (json.dumps(chaos(metagame="gen9uu")).encode(), "is about gen9uu, not about gen9ou"),
        (json.dumps(chaos(Moves={"knockoff": "often"})).encode(), "must be a number"),
        (json.dumps(chaos(Spreads={"Jolly": 3.0})).encode(), "Invalid spread"),
        (json.dumps({**chaos(), "data": {}}).encode(), "species"),
        (json.dumps({**chaos(), "data": {"Mew3": entry("", 1.0, {})}}).encode(), "Mew3"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "gen9ou-0.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_usage(path, OU)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="cannot read"):
        read_usage(tmp_path / "none.json", OU)


def test_what_the_package_does_not_have_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    document = chaos(Items={"leftovers": 600.0, "moonorb": 300.0}, Abilities={"protosynthesis": 1})
    document["data"]["Missingno."] = entry("Missingno.", 0.1, {})
    with caplog.at_level("WARNING"):
        prior = load_prior("gen9ou", str(written(tmp_path, document)), 1.0)
    assert "unknown species left out: Missingno." in caplog.text
    assert "missingno" not in prior.species
    assert {s.item for s in prior.sets_of("greattusk")[0]} == {"leftovers"}


def test_formats_whose_sets_are_known_take_no_statistics(tmp_path: Path) -> None:
    path = written(tmp_path, chaos(metagame="gen9battlefactory"))
    for name in ("gen9battlefactory", "gen9randombattle"):
        with pytest.raises(UsageError, match="it takes no statistics"):
            load_prior(name, str(path))
