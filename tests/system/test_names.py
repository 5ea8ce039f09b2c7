"""One public name means one thing in the whole package."""

import ast
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("datasets", "engine", "games", "search", "llm_modules", "arena", "conf")
SHARED = ("log", "main")  # every module's logger; entry points
KERNELS = ("engine/boards/", "engine/battle/rules.py", "engine/battle/evaluate.py")
"""Modules that implement the contract of ``engine/kernels.py``; their names are the contract's."""


class Definition(NamedTuple):
    """A public name of one module.

    Attributes:
        module: path of its file below the root.
        fixed: whether it is a constant (``UPPER_CASE``); else a class, a type or a function.
    """

    module: str
    fixed: bool


def names_of(path: Path) -> set[str]:
    """Public names that a module defines at its top level."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return {name for name in found if not name.startswith("_")}


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def imported() -> set[tuple[str, str]]:
    """(module, name) of all names that other modules import from a module of ours."""
    found = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = node.module.removeprefix("plywise.").replace(".", "/") + ".py"
                found |= {(module, alias.name) for alias in node.names}
    return found


def duplicates() -> dict[str, list[str]]:
    """Names that two modules define.

    A constant counts where other modules import it; a class, type or function always.
    """
    defined: dict[str, list[Definition]] = defaultdict(list)
    taken = imported()
    for path in modules():
        module = path.relative_to(ROOT).as_posix()
        for name in names_of(path):
            defined[name].append(Definition(module, fixed=name.isupper()))
    found = {}
    for name, places in sorted(defined.items()):
        places = [p for p in places if not p.fixed or (p.module, name) in taken]
        contract = all(p.module.startswith(KERNELS) for p in places)
        if len(places) > 1 and name not in SHARED and not contract:
            found[name] = [p.module for p in places]
    return found


@pytest.mark.slow
def test_no_public_name_means_two_things() -> None:
    assert duplicates() == {}
