"""Which Showdown's tables are played with: the pinned ones of this package, or updated ones.

``plywise data update`` writes a folder for each release into the user's data; the environment
variable ``PLYWISE_DATA`` or ``plywise data use`` chooses one of them.  The pinned tables are the
default, and what the battle engine is checked against.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from plywise.datasets.cache_folder import data_root
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import read_bytes, read_text, reading
from plywise.datasets.processes.signals import uninterrupted

PINNED = "pinned"
PINNED_FOLDER = Path(__file__).parent / "showdown"
VARIABLE = "PLYWISE_DATA"
"""Environment variable: ``pinned``, the version of updated data, or the path of their folder."""
_ABOUT = "about.json"
_CHOICE = "used.txt"  # what `plywise data use` chose


class DataChoiceError(PlywiseError):
    """The chosen tables are not there, or damaged; the text names the remedy."""


class UpdatedTables(msgspec.Struct):
    """What is known of a folder of updated tables.

    Attributes:
        version: the Showdown package's.
        made: day on which they were made, ``YYYY-MM-DD``.
        files_sha256: digest of the package's files, as in ``games/showdown/install.py``.
        unknown: what the battle engine has no code for, such as ``move sketch``.
    """

    version: str
    made: str
    files_sha256: str
    unknown: list[str]


def updates_folder() -> Path:
    """Return the folder of all updated tables, one folder a version."""
    return data_root() / "showdown"


def updated_versions() -> list[str]:
    """Return the versions of the updated tables that are there, sorted."""
    return sorted(path.parent.name for path in updates_folder().glob(f"[!.]*/{_ABOUT}"))


def chosen_tables() -> str:
    """Return the choice: ``$PLYWISE_DATA``, else that of ``plywise data use``, else ``pinned``."""
    chosen = os.environ.get(VARIABLE, "").strip()
    if not chosen:
        try:
            chosen = read_text(updates_folder() / _CHOICE).strip()
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            raise DataChoiceError(
                f"{updates_folder() / _CHOICE} cannot be read ({error}): plywise data use {PINNED}"
            ) from error
    return chosen or PINNED


def choose_tables(choice: str) -> None:
    """Keep a choice for all later commands.

    Raises:
        DataChoiceError: there are no such tables, or they are damaged.
        OSError: the choice cannot be written.
    """
    file = updates_folder() / _CHOICE
    if choice == PINNED:
        file.unlink(missing_ok=True)
        return
    read_about(_folder_of(choice))
    part = file.with_name(f"{file.name}.part")
    part.write_text(f"{choice}\n", encoding="utf-8")
    part.replace(file)


def tables_folder() -> Path:
    """Return the folder of the tables in use.

    Processes that are started later use the same ones, whatever is chosen meanwhile.

    Raises:
        DataChoiceError: the chosen ones are not there, or damaged.
    """
    choice = chosen_tables()
    folder = _folder_of(choice)
    os.environ[VARIABLE] = str(folder) if os.sep in choice else choice
    return folder


def updated_folder() -> Path | None:
    """Return the folder of the updated tables in use; None where the pinned ones are.

    Raises:
        DataChoiceError: the chosen ones are not there, or damaged.
    """
    folder = tables_folder()
    return None if folder == PINNED_FOLDER else folder


def updated_files() -> list[Path]:
    """Return the files of the updated tables in use, sorted; [] with the pinned ones.

    Those that are not there are somebody else's to complain about.
    """
    try:
        folder = updated_folder()
    except DataChoiceError:
        return []
    return sorted([*folder.glob("*.json.gz"), *folder.glob("priors/*.json.gz")]) if folder else []


def install_tables(made: Path, version: str) -> Path:
    """Move a folder of updated tables to its place, where older ones of the version may be.

    Raises:
        OSError: it cannot be moved; what was there stays.
    """
    folder = updates_folder() / version
    old, part = (folder.with_name(f".{version}.{end}") for end in ("old", "part"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(part, ignore_errors=True)
    try:
        shutil.move(made, part)  # by a copy where the data lie on another disk than the cache
        with uninterrupted():
            if folder.exists():
                shutil.rmtree(old, ignore_errors=True)
                folder.rename(old)
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def read_about(folder: Path) -> UpdatedTables:
    """Return what is known of a folder of updated tables.

    Raises:
        DataChoiceError: it is no such folder.
    """
    with reading(folder / _ABOUT, DataChoiceError, "description of updated tables"):
        return msgspec.json.decode(read_bytes(folder / _ABOUT), type=UpdatedTables)


def write_about(folder: Path, about: UpdatedTables) -> None:
    """Write what is known of a folder of updated tables, last of all its files."""
    (folder / _ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(about)))


def _folder_of(choice: str) -> Path:
    if choice == PINNED:
        return PINNED_FOLDER
    folder = Path(choice) if os.sep in choice else updates_folder() / choice
    # The second is what an update that was killed in its last moment leaves.
    for found in (folder, folder.with_name(f".{folder.name}.old")):
        if (found / _ABOUT).is_file():
            return found.absolute()
    there = ", ".join([PINNED, *updated_versions()])
    raise DataChoiceError(
        f"there are no tables of Showdown '{choice}' ({VARIABLE}, or plywise data use): there are "
        f"{there}; plywise data update makes others, plywise data use {PINNED} chooses those of "
        "this package"
    )
