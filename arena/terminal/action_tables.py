"""Tables of the legal actions: facts beside each, and the number that a person may type.

``play.py`` reads what the person types.
"""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plywise.arena.output.screen import text_line
from plywise.games.base import ActionTable, State


def show_actions(console: Console, state: State, player: int) -> dict[str, int]:
    """Print the facts about the legal actions of ``player``.

    Returns:
        Action by its number as people type it, from "1"; {} where the game states no facts.
    """
    tables = state.action_tables(player)
    if not tables:
        return {}
    numbers = {action: str(n) for n, action in enumerate(state.legal_actions(player), start=1)}
    for table in tables:
        console.print(Padding(_drawn(table, numbers), (0, 0, 0, 1), expand=False))
        console.print(Text(f" {table.note}" if table.note else ""))
    return {number: action for action, number in numbers.items()}


def _drawn(table: ActionTable, numbers: dict[int, str]) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column, title in enumerate(table.titles):
        right = column in table.right
        grid.add_column(Text(title), justify="right" if right else "left", no_wrap=True)
    for row in table.rows:
        grid.add_row(*(text_line((numbers[c], "bold") if isinstance(c, int) else c) for c in row))
    return grid
