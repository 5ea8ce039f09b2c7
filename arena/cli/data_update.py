"""``plywise data update``: tables of another Showdown release, checked and compared with ours.

All is made in a temporary folder and moved to its place at the end; until then, and where anything
fails, what was there stays.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from plywise.conf.schemas.commands import DataConfig
from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.children import python_command, running
from plywise.datasets.processes.temporary import TemporaryFolder
from plywise.datasets.showdown_data import read_json_gz
from plywise.datasets.tables_in_use import (
    PINNED_FOLDER,
    VARIABLE,
    UpdatedTables,
    install_tables,
    updates_folder,
    write_about,
)
from plywise.engine.battle.border.foreign_tables import UnknownPart, fitted, unknown_parts
from plywise.games.showdown.install import (
    ensure_pinned,
    install_release,
    list_files,
    node_executable,
)
from plywise.games.showdown.updates.changes import TableChanges, compared
from plywise.games.showdown.updates.export import export_tables
from plywise.games.showdown.updates.package_folder import checked_version, copy_package

_CHECK = """import os, sys
from pathlib import Path
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from plywise.arena.cli.data_check import check_updated_tables
check_updated_tables(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
"""
_REPORT = "changes.txt"
_DATA_FILE = "data.json.gz"


class DataUpdateError(PlywiseError):
    """Tables of another release cannot be made or used; nothing has changed."""


@dataclass
class DataUpdate:
    """What an update has made and found.

    Attributes:
        version: of the package.
        changes: differences from the pinned tables.
        unknown: what the engine has no code for.
        without_prior: a line for each format whose prior could not be made.
        checks: a line for each comparison of the engine with fresh recordings.
        folder: where the tables are.
    """

    version: str
    changes: list[TableChanges]
    unknown: list[UnknownPart]
    without_prior: list[str]
    checks: list[str] = field(default_factory=list)
    folder: Path = Path()

    def lines(self, shown: int | None = None) -> Iterator[str]:
        """Yield the report, at most ``shown`` entries of a kind; None: all."""
        yield f"Showdown {self.version} against the tables of this package:"
        if not self.changes:
            yield "no table has changed"
        for changes in self.changes:
            yield from changes.lines(shown)
        yield f"what the battle engine has no code for: {len(self.unknown) or 'nothing'}"
        for part in self.unknown[:shown]:
            yield f"  ! {part.name}: {part.reason}"
        if shown is not None and len(self.unknown) > shown:
            yield f"  ! … {len(self.unknown) - shown} more"
        for line in self.without_prior:
            yield f"no sets of {line}"
        yield from self.checks


def update_tables(config: DataConfig, on_progress: Callable[[str], None]) -> DataUpdate:
    """Make tables of the release that the settings name.

    Raises:
        DataUpdateError: the engine cannot load them, or another update is running.
        ExportError, PackageFolderError, ShowdownInstallError: there is no such package, it is not
            whole, or tables cannot be exported from it.
    """
    given = None if config.package is None else Path(config.package).expanduser().absolute()
    version = None if given is None else checked_version(given)
    try:
        updates_folder().mkdir(parents=True, exist_ok=True)
        with (
            FileLock(updates_folder() / "update.lock", timeout=0),
            TemporaryFolder(in_cache=True) as scratch,
        ):
            return _made(config, given, version, scratch.path, on_progress)
    except Timeout:
        raise DataUpdateError("another plywise data update is running") from None
    except OSError as error:
        raise DataUpdateError(
            f"cannot write {error.filename or updates_folder()}: {error.strerror or error}; "
            "nothing has changed"
        ) from error


def _made(
    config: DataConfig,
    given: Path | None,
    version: str | None,
    scratch: Path,
    on_progress: Callable[[str], None],
) -> DataUpdate:
    made = scratch / "tables"
    made.mkdir()
    node = node_executable(on_progress)
    if given is None:
        package = install_release(config.version or "latest", made, on_progress)
        version = checked_version(package)
    else:
        package = copy_package(given, ensure_pinned(on_progress), made)
    assert version is not None
    localsets = None if config.localsets is None else Path(config.localsets).expanduser().absolute()
    without_prior = export_tables(
        node, package, made, teams=config.teams, localsets=localsets, on_progress=on_progress
    )
    changes = compared(PINNED_FOLDER, made)
    unknown = _fit(made)
    names = [part.name for part in unknown]
    about = UpdatedTables(version, date.today().isoformat(), list_files(made), names)
    write_about(made, about)
    update = DataUpdate(version, changes, unknown, without_prior)
    on_progress("Loading the tables; kernels are compiled for them (a minute or two)")
    for part in _checked(made, scratch, config):
        if part["part"] == "load":
            known = {path.name.partition(".")[0] for path in PINNED_FOLDER.glob("priors/*")}
            known -= {line.partition(":")[0] for line in without_prior}
            update.without_prior += [name for name in part["without_prior"] if name in known]
        else:
            update.checks.append(_words(part))
            on_progress(update.checks[-1])
    (made / _REPORT).write_text("\n".join(update.lines()) + "\n", encoding="utf-8")
    update.folder = install_tables(made, version)
    return update


def _fit(made: Path) -> list[UnknownPart]:
    """Write the tables as the engine can load them; return what it has no code for."""
    pinned, new = (read_json_gz(folder / _DATA_FILE) for folder in (PINNED_FOLDER, made))
    code = [read_json_gz(f / "fingerprints.json.gz") for f in (PINNED_FOLDER, made)]
    text = json.dumps(fitted(pinned, new), separators=(",", ":"), ensure_ascii=False)
    (made / _DATA_FILE).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return unknown_parts(pinned, new, *code)


def _checked(made: Path, scratch: Path, config: DataConfig) -> Iterator[dict[str, Any]]:
    """Yield what the check of new tables says, from a process that uses them.

    Raises:
        DataUpdateError: they cannot be loaded, or a battle cannot be recorded.
    """
    arguments = (str(scratch), str(config.battles), str(config.seed))
    errors = scratch / "errors.txt"
    with errors.open("w", encoding="utf-8") as said:
        with running(
            python_command(_CHECK, *arguments),
            {**os.environ, VARIABLE: str(made)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                yield json.loads(line)
    if process.returncode:
        text = errors.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit status {process.returncode}"
        raise DataUpdateError(
            f"the battle engine cannot play with these tables: {reason[:300]}; nothing has changed"
        )


def _words(part: dict[str, Any]) -> str:
    what = {
        "engine": "verify engine, {of}: {exact} of {all} steps exact",
        "log": "verify log, {of}: {exact} of {all} steps with the recorded lines",
        "seed": "verify seed, {of}: {exact} of {all} battles exact",
    }[part["part"]]
    causes = part.get("causes") or []
    because = f"; causes: {', '.join(causes)}" if causes else ""
    return what.format(**part) + because
