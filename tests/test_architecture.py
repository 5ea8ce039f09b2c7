"""The floors of the house: imports point downwards only, and never in a circle."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("datasets", "engine", "games", "search", "llm_modules", "arena")
MAX_LINES = 750  # about 600 is the aim


def modules() -> dict[str, Path]:
    found = {}
    for floor in (*FLOORS, "conf"):
        for path in sorted((ROOT / floor).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(p for p in parts if p != "__init__")] = path
    return found


def imports(path: Path, known: dict[str, Path], *, at_start: bool) -> set[str]:
    """Modules of ours that ``path`` imports; ``at_start``: only while it is itself imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            ours = name.removeprefix("plywise.")
            if ours != name and ours in known:
                found.add(ours)
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_point_downwards(floor: str) -> None:
    known = modules()
    above = FLOORS[FLOORS.index(floor) + 1 :]
    # Settings are read where agents are made; the floors below take plain values.
    banned = (*above, "conf") if floor != "arena" else above
    wrong = [
        f"{name} imports {target}"
        for name, path in known.items()
        if name.split(".")[0] == floor
        for target in imports(path, known, at_start=False)
        if target.split(".")[0] in banned
    ]
    assert wrong == []


def test_search_knows_no_game_and_llm_modules_no_kernels() -> None:
    known = modules()
    for name, path in known.items():
        targets = imports(path, known, at_start=False)
        if name.startswith("search"):
            assert not {t for t in targets if t.startswith("games") and t != "games.base"}, name
            assert not {t for t in targets if t.startswith(("engine.battle", "engine.boards"))}, (
                name
            )
        if name.startswith("llm_modules"):
            assert not {t for t in targets if t.startswith("engine")}, name


def test_no_circle() -> None:
    known = modules()
    graph = {name: imports(path, known, at_start=True) - {name} for name, path in known.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_modules_stay_readable() -> None:
    long = {
        name: count
        for name, path in modules().items()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}
