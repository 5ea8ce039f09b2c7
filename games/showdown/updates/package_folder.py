"""A Showdown package that a person has as a folder: what it must hold, and a copy of it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import read_bytes, reading
from plywise.games.showdown.install import package_in

_NAME = "pokemon-showdown"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,60}")
_BATTLES = "dist/data/random-battles/gen9"
_NEEDED = (
    "dist/sim/index.js",
    "dist/server/index.js",
    *(
        f"dist/data/{name}.js"
        for name in """abilities aliases conditions formats-data items learnsets moves natures
        pokedex rulesets scripts typechart""".split()
    ),
    f"{_BATTLES}/sets.json",
    f"{_BATTLES}/teams.js",
)
_LEFT_OUT = (".git", "node_modules", "logs", "*.map", "*.d.ts")


class PackageFolderError(PlywiseError):
    """A folder that is no whole Showdown package; the text names what is missing."""


def checked_version(package: Path) -> str:
    """Return the version of a package folder, if it holds what tables are exported from.

    Raises:
        PackageFolderError: it is none, of another package, not built, or half of one.
    """
    if not package.is_dir():
        what = "is a file" if package.exists() else "is not there"
        raise PackageFolderError(
            f"package={package} {what}: the folder of a pokemon-showdown package is wanted"
        )
    what = "description of the package pokemon-showdown"
    with reading(package / "package.json", PackageFolderError, what, (TypeError, KeyError)):
        manifest = json.loads(read_bytes(package / "package.json"))
        name, version = manifest["name"], manifest["version"]
    if name != _NAME:
        raise PackageFolderError(f"package={package} is the package '{name}', not {_NAME}")
    if not isinstance(version, str) or not _VERSION.fullmatch(version) or ".." in version:
        raise PackageFolderError(f"package={package} has no version: {version!r}")
    if not (package / "dist").is_dir():
        raise PackageFolderError(
            f"package={package} has no dist folder: it is not built (node build does it there)"
        )
    missing = [name for name in _NEEDED if not (package / name).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise PackageFolderError(f"package={package} is not whole: {missing[0]}{more} is missing")
    return version


def copy_package(package: Path, pinned: Path, folder: Path) -> Path:
    """Copy a package into ``folder`` as npm would install it; return the copy.

    What it needs beside itself is taken from the pinned installation, else from where it lies.

    Raises:
        PackageFolderError: something cannot be read or written, or a dependency is nowhere.
    """
    copy = package_in(folder)
    ignored = shutil.ignore_patterns(*_LEFT_OUT)
    try:
        shutil.copytree(package, copy, ignore=ignored)
        for beside in pinned.parent.iterdir():
            if beside.is_dir() and beside.name not in (pinned.name, ".bin"):
                shutil.copytree(beside, copy.parent / beside.name)
        manifest = json.loads(read_bytes(package / "package.json"))
        for name in manifest.get("dependencies", {}):
            if (copy.parent / name).is_dir():
                continue
            places = [package / "node_modules" / name, package.parent / name]
            found = next((place for place in places if place.is_dir()), None)
            if found is None:
                raise PackageFolderError(
                    f"package={package} needs the package '{name}', which is not beside it: "
                    "install it with npm"
                )
            shutil.copytree(found, copy.parent / name)
    except (OSError, shutil.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PackageFolderError(f"package={package} cannot be copied: {reason[:200]}") from error
    return copy
