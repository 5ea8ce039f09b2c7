"""Export of tables from a Showdown package, by the scripts that made those of this package.

``datasets/showdown/export.js`` writes tables, formats and random-battle sets, ``fingerprints.js``
digests of the code, ``priors.js`` the priors of formats and the learnsets.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.children import NODE_FLAGS, completed
from plywise.datasets.processes.temporary import TemporaryFolder
from plywise.datasets.showdown_data import read_json_gz
from plywise.datasets.tables_in_use import PINNED_FOLDER

_LOCALSETS = PINNED_FOLDER / "localsets.json.gz"
_NOT_MADE = re.compile(r"(gen9\w+): not made: (.*)")


class ExportError(PlywiseError):
    """Tables cannot be exported from a package."""


def export_tables(
    node: Path,
    package: Path,
    into: Path,
    *,
    teams: int,
    localsets: Path | None,
    on_progress: Callable[[str], None],
) -> list[str]:
    """Write all tables of a package into a folder.

    Args:
        node: executable Node.
        package: its folder.
        into: gets ``data.json.gz``, ``formats.json.gz``, ``gen9randombattle.json.gz``,
            ``fingerprints.json.gz``, ``learnsets.json.gz`` and ``priors/FORMAT.json.gz``.
        teams: random-battle teams that are drawn for their sets.
        localsets: folder ``smogon_data`` of the package localsets; None: the sets of its release
            that are kept here.
        on_progress: is called with a line of progress.

    Returns:
        One line for each format whose prior could not be made.

    Raises:
        ExportError: the package cannot be loaded, or has not what is exported.
        OSError: the folder cannot be written to.
    """
    on_progress(f"Exporting tables, and the sets of {teams:,} random-battle teams")
    _run(node, "export.js", package, into, str(teams))
    _run(node, "fingerprints.js", package, into / "fingerprints.json")
    for path in into.glob("*.json"):
        packed = gzip.compress(path.read_bytes(), 9, mtime=0)
        path.with_name(f"{path.name}.gz").write_bytes(packed)
        path.unlink()
    on_progress("Exporting priors of formats and learnsets")
    (into / "priors").mkdir()
    with TemporaryFolder() as kept:
        for tier, sets in read_json_gz(_LOCALSETS)["tiers"].items():
            (kept.path / f"gen9{tier}.json").write_text(json.dumps(sets), encoding="utf-8")
        said = _run(node, "priors.js", package, localsets or kept.path, into / "priors", "--each")
    said = said.replace(f"{package}{os.sep}", "")
    return [f"{name}: {reason}" for name, reason in _NOT_MADE.findall(said)]


def _run(node: Path, script: str, *arguments: Path | str) -> str:
    """Run a script to its end; return what it printed."""
    done = completed([node, *NODE_FLAGS, PINNED_FOLDER / script, *map(str, arguments)])
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if re.match(r"\w*Error\b", line)] or lines[-1:]
        reason = errors[0] if errors else f"exit code {done.returncode}"
        raise ExportError(f"tables cannot be exported from this package: {reason[:300]}")
    return done.stdout + done.stderr
