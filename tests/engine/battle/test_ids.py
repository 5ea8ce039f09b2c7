"""Ids that kernels name exist in the tables, and a flat state keeps its size."""

import re
from pathlib import Path

import pytest

import plywise.engine.battle.names as names
from plywise.engine.battle import state

FOLDER = Path(names.__file__).parent
TABLES = {
    "move_ids": names.MOVE_ID,
    "ability_ids": names.ABILITY_ID,
    "item_ids": names.ITEM_ID,
    "species_ids": names.SPECIES_ID,
}
IMPORT = re.compile(r"import plywise\.engine\.battle\.(\w+_ids) as (\w+)")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_every_named_id_is_in_its_table(path: Path) -> None:
    """A name that the pinned package does not hold would only fail when its kernel compiles."""
    text = path.read_text()
    wrong = [
        f"{alias}.{name}"
        for module, alias in IMPORT.findall(text)
        for name in sorted(set(re.findall(rf"\b{alias}\.([a-z]\w*)", text)))
        if name not in TABLES[module]
    ]
    assert wrong == []


def test_a_state_is_at_most_one_kibibyte() -> None:
    assert state.BATTLE.itemsize <= 1024
