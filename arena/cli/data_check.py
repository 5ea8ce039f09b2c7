"""The check of updated tables in a process of its own: the engine loads them, and battles agree.

Tables are read once a process, so ``plywise data update`` starts this one under ``PLYWISE_DATA``.
A line of standard output is a JSON object: ``part`` (load, engine, log or seed) and its figures.
"""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

from plywise.arena.verify.engine import verify_corpus
from plywise.arena.verify.log import verify_log
from plywise.arena.verify.record import record_corpus
from plywise.arena.verify.seed import verify_seeds
from plywise.conf.schemas.verify import RecordConfig, VerifyConfig
from plywise.datasets.battle_formats import battle_formats
from plywise.datasets.set_priors import UnknownPriorError, load_prior
from plywise.engine.battle.border.formats import why_not

_PACKAGES = ("plywise.engine.battle", "plywise.games.gen9")
_CAUSES = 5
# Battles of generated teams, of teams that mix what a tier allows, and ties drawn as in real ones.
_RECORDINGS: dict[str, dict[str, Any]] = {
    "random battles": {"format": "gen9randombattle"},
    "mixed teams": {"format": "gen9ou", "fuzz": True},
    "random battles from their seeds": {"format": "gen9randombattle", "keepties": False},
}


def check_updated_tables(scratch: Path, battles: int, seed: int) -> None:
    """Load the tables in use, record battles with their package and compare the engine with them.

    Args:
        scratch: folder for the recordings.
        battles: battles of each kind; 0: the tables are only loaded.
        seed: of the first recording; the others count up.
    """
    for package in _PACKAGES:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)
    playable = [name for name, format in battle_formats()[0].items() if not why_not(format)]
    without = []
    for name in playable:
        try:
            load_prior(name)
        except UnknownPriorError:
            without.append(name)
    _say("load", playable=playable, without_prior=without)
    for number, (part, settings) in enumerate(_RECORDINGS.items() if battles else ()):
        out = str(scratch / f"{number}.jsonl.gz")
        record_corpus(RecordConfig(out=out, battles=battles, seed=seed + number, **settings))
        if settings.get("keepties", True):
            engine = verify_corpus(VerifyConfig("engine", out))
            causes = [f"{c.subject} ({c.symptom})" for c in engine.finder.causes()[:_CAUSES]]
            _say("engine", of=part, exact=engine.exact, all=engine.transitions, causes=causes)
            log = verify_log(VerifyConfig("log", out))
            _say("log", of=part, exact=log.exact, all=log.steps)
        else:
            seeds = verify_seeds(VerifyConfig("seed", out))
            _say("seed", of=part, exact=seeds.battles_exact, all=seeds.battles)


def _say(part: str, **figures: Any) -> None:
    print(json.dumps({"part": part, **figures}), flush=True)
