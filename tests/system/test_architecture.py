"""The house: imports point downwards only, lazy ones too, and never in a circle."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("datasets", "engine", "games", "search", "llm_modules", "arena")
ROOMS = (  # of arena/, from the ground up; those of one height never import each other
    ("output", "settings"),
    ("guidance", "ratings", "verify", "replays"),
    ("agents", "childplay", "llm_calibration"),
    ("play",),
    ("prediction",),
    ("terminal", "showdown", "selfplay", "bench", "fit"),
    ("tournament",),
    ("analysis",),
    ("cli",),
)
LLM_ROOMS = (  # of llm_modules/, from the ground up
    ("calls",),
    ("providers", "prompts"),
    ("guides",),
    ("players",),
)
MAX_LINES = 750  # about 600 is the aim
MAX_FILES = 18  # in a folder; engine/battle is one compiled program and may have more


def modules() -> dict[str, Path]:
    found = {}
    for floor in (*FLOORS, "conf"):
        for path in sorted((ROOT / floor).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(p for p in parts if p != "__init__")] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Modules of ours that ``path`` imports anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in names:
            ours = f"{module}.{name}".removeprefix("plywise.")
            if module.startswith("plywise.") and ours not in known:
                ours = module.removeprefix("plywise.")
            if ours in known:
                found.add(ours)
    return found


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    known = modules()
    return {name: imports(path, known) - {name} for name, path in known.items()}


def room(name: str, floor: str = "arena") -> str:
    parts = name.split(".")
    return parts[1] if parts[0] == floor and len(parts) > 1 else ""


def height(name: str, rooms: tuple[tuple[str, ...], ...] = ROOMS) -> int:
    return next(n for n, level in enumerate(rooms) if name in level)


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_point_downwards(floor: str, graph: dict[str, set[str]]) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    # Settings are read where agents are made; the floors below take plain values.
    banned = (*above, "conf") if floor != "arena" else above
    wrong = [
        f"{name} imports {target}"
        for name, targets in graph.items()
        if name.split(".")[0] == floor
        for target in targets
        if target.split(".")[0] in banned
    ]
    assert wrong == []


@pytest.mark.parametrize(("floor", "rooms"), [("arena", ROOMS), ("llm_modules", LLM_ROOMS)])
def test_every_part_of_a_floor_is_a_room(floor: str, rooms: tuple[tuple[str, ...], ...]) -> None:
    found = {room(name, floor) for name in modules()} - {""}
    assert found == {name for level in rooms for name in level}


@pytest.mark.parametrize(("floor", "rooms"), [("arena", ROOMS), ("llm_modules", LLM_ROOMS)])
def test_rooms_import_only_rooms_below_them(
    floor: str, rooms: tuple[tuple[str, ...], ...], graph: dict[str, set[str]]
) -> None:
    wrong = []
    for name, targets in graph.items():
        here = room(name, floor)
        for target in sorted(targets):
            there = room(target, floor)
            if not here or not there or here == there:
                continue
            if height(there, rooms) >= height(here, rooms):
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_ratings_are_mathematics(graph: dict[str, set[str]]) -> None:
    wrong = [
        f"{name} imports {target}"
        for name, targets in graph.items()
        if room(name) == "ratings" and not name.endswith("command")
        for target in targets
        if room(target) != "ratings" and target not in ("datasets.errors", "datasets.files")
    ]
    assert wrong == []


def test_what_decides_prints_nothing() -> None:
    decides = ("search.", "games.", "llm_modules.", "engine.", "arena.agents", "arena.guidance")
    printing = [
        name
        for name, path in modules().items()
        if name.startswith(decides) and "from rich" in path.read_text(encoding="utf-8")
    ]
    assert printing == []


def test_what_is_printed_or_written_as_html_passes_its_border() -> None:
    """Consoles and pages are made in one place each; nothing is read as markup."""
    wrong = [
        f"{name}: {found}"
        for name, path in modules().items()
        if name not in ("arena.output.screen", "arena.output.html")
        for found in re.findall(
            r"(?<!Text)Console\(|from_markup|rich\.markup|<html|</body"
            r"|TextColumn\((?!\"[a-z ]*\"\)|[^)]*markup=False)|save_replays",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert wrong == []


def test_search_knows_no_game_and_llm_modules_no_kernels(graph: dict[str, set[str]]) -> None:
    for name, targets in graph.items():
        if name.startswith("search"):
            assert not {t for t in targets if t.startswith("games") and t != "games.base"}, name
            assert not {t for t in targets if t.startswith(("engine.battle", "engine.boards"))}, (
                name
            )
        if name.startswith("llm_modules"):
            assert not {t for t in targets if t.startswith("engine")}, name


def test_processes_and_temporary_things_are_made_in_one_room() -> None:
    # So that none outlives its owner.  `node --version` ends by itself; what a full disk refused is
    # kept in a folder that stays.
    makers = r"Popen\(|subprocess\.run\(|Process\(|get_context\(.spawn|os\.fork\("
    makers += r"|ProcessPool|mkdtemp|mkstemp|TemporaryDirectory|NamedTemporaryFile"
    found = {
        f"{name}: {maker}"
        for name, path in modules().items()
        if not name.startswith("datasets.processes")
        for maker in re.findall(makers, path.read_text(encoding="utf-8"))
    }
    assert found == {"games.showdown.install: subprocess.run(", "arena.output.files: mkdtemp"}


def test_no_circle(graph: dict[str, set[str]]) -> None:
    done: set[str] = set()
    circles: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            circles.append(" -> ".join((*trail[trail.index(name) :], name)))
        elif name not in done:
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    assert circles == []


def test_modules_stay_readable() -> None:
    long = {
        name: count
        for name, path in modules().items()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_folders_stay_readable() -> None:
    full = {}
    for floor in (*FLOORS, "conf", "tests"):
        for folder in (ROOT / floor, *(p for p in (ROOT / floor).rglob("*") if p.is_dir())):
            inside = folder.relative_to(ROOT).as_posix()
            files = [p for p in folder.iterdir() if p.is_file() and p.suffix != ".pyc"]
            if len(files) > MAX_FILES and inside != "engine/battle":
                full[inside] = len(files)
    assert full == {}


def test_a_room_says_what_belongs_in_it() -> None:
    for name, path in modules().items():
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), name


def test_interface_members_are_not_asked_for() -> None:
    """They stand in ``State``, ``Agent`` and ``Consultation`` with a default."""
    members = set()
    for name, classes in {
        "games/base.py": {"State", "Game"},
        "arena/agents/spec.py": {"Agent"},
        "search/guide/protocol.py": {"Consultation"},
    }.items():
        for node in ast.parse((ROOT / name).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name in classes:
                members |= {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
                members |= {
                    n.target.id
                    for n in node.body
                    if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
                }
    assert {"time_left", "worlds", "for_one_game", "uncounted"} <= members
    asked = [
        f"{name}: {node.args[1].value}"
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("hasattr", "getattr")
        and isinstance(node.args[1], ast.Constant)
        and node.args[1].value in members
        and name != "games.registry"  # looks whether an object of a person's file is a game at all
    ]
    assert asked == []
