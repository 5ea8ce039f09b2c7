"""What the wheel holds and what the checkout needs."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("arena", "conf", "datasets", "engine", "games", "llm_modules", "search")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def package_folders() -> set[Path]:
    """Every folder below the parts that holds a Python file."""
    return {p.parent for part in PARTS for p in (ROOT / part).rglob("*.py")}


def test_every_package_is_listed() -> None:
    # A forgotten package works in an editable install and is absent from the wheel.
    found = {"plywise." + ".".join(p.relative_to(ROOT).parts) for p in package_folders()}
    assert found == set(PYPROJECT["tool"]["setuptools"]["packages"])


def test_no_init_in_datasets_and_tests() -> None:
    # `datasets/__init__.py` would hide the well-known distribution of that name from everything
    # that runs in the checkout; a namespace portion does not.
    assert not (ROOT / "datasets" / "__init__.py").exists()
    assert not (ROOT / "tests" / "__init__.py").exists()
    assert (ROOT / "conf" / "__init__.py").exists()  # Hydra finds pkg://plywise.conf only with it


def test_typing_link_points_to_the_root() -> None:
    assert (ROOT / ".typing" / "plywise").resolve() == ROOT


def test_mypy_checks_every_part() -> None:
    checked = set(PYPROJECT["tool"]["mypy"]["packages"])
    assert {f"plywise.{part}" for part in (*PARTS, "tests")} == checked


@pytest.mark.slow
def test_wheel_holds_code_and_data(tmp_path: Path) -> None:
    source = tmp_path / "source"  # a build leaves files behind, and must not find old ones
    source.mkdir()
    for name in (*PARTS, "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("*.pyc"))
        else:
            shutil.copy(ROOT / name, source / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, source],
        check=True,
        capture_output=True,
        text=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in package_folders():
        for file in folder.iterdir():
            if file.is_file() and file.suffix not in {".pyc", ".md"}:
                assert f"plywise/{file.relative_to(ROOT).as_posix()}" in names
    for file in (ROOT / "datasets").rglob("*.npz"):
        assert f"plywise/{file.relative_to(ROOT).as_posix()}" in names
    for kind in ("*.yaml", "*.txt"):
        for file in (ROOT / "conf").rglob(kind):
            assert f"plywise/{file.relative_to(ROOT).as_posix()}" in names
    assert {n.split("/")[0].split("-")[0] for n in names} == {"plywise"}
