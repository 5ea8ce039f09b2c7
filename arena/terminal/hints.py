"""Hints for a person at the terminal: the value of each legal move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plywise.arena.output.screen import text_line
from plywise.games.base import Game, State
from plywise.games.battleship.game import Battleship, BattleshipState
from plywise.games.battleship.hiding import shots_until_found
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta, describe_value

HINT_SECONDS = 1.0
_WORLDS = 16
_HUNTS = 32


def show_hint(console: Console, game: Game, state: State, player: int, seed: int) -> None:
    """Print the value of each move of ``player``."""
    if isinstance(game, Battleship):
        battle = cast("BattleshipState", state)
        if battle.placing(player):
            _placements(console, game, battle, player, seed)
        else:
            _shots(console, game, battle, player)
    elif game.kernels() is None:
        _played_out(console, state, player, seed)
    elif game.info.simultaneous or game.info.hidden_information:
        _sampled(console, game, state, player, seed)
    else:
        _exact(console, game, state, player)


def _say(console: Console, line: str) -> None:
    console.print(text_line(line), soft_wrap=True)


def _exact(console: Console, game: Game, state: State, player: int) -> None:
    """Alpha-beta's value of every move."""
    kernels = game.kernels()
    assert kernels is not None
    with console.status("thinking"):
        search = AlphaBeta(
            kernels, AlphaBetaConfig(max_depth=None, seconds=HINT_SECONDS, all_values=True)
        )
        decision = search.decide(state.flat(), player)
    solved = bool(decision.notes["solved"])
    facts = {o.action: o.facts for o in state.briefing(player).own}
    rows = [
        (state.action_to_string(player, a), describe_value(value, solved), facts.get(a, ""))
        for a, value in sorted(decision.values.items(), key=lambda av: (-av[1], av[0]))
    ]
    best = state.action_to_string(player, decision.action)
    _table(console, ("move", "value", ""), rows, best)
    depth = "to the end" if solved else f"{decision.depth} plies deep"
    _say(console, f"  searched {depth}, {decision.iterations:,} positions; best first")


def _sampled(console: Console, game: Game, state: State, player: int, seed: int) -> None:
    """Shares and values of the search over sampled worlds."""
    from plywise.search.simultaneous.config import SimultaneousConfig
    from plywise.search.simultaneous.search import SimultaneousSearch

    kernels = game.kernels()
    assert kernels is not None
    with console.status("thinking"):
        search = SimultaneousSearch(kernels, SimultaneousConfig(seconds=HINT_SECONDS))
        worlds = state.worlds(player, _WORLDS, seed)
        decision = search.decide(worlds, None, player, seed)
    rows = [
        (state.action_to_string(player, a), f"{share:.0%}", f"{decision.values.get(a, 0.0):+.2f}")
        for a, share in sorted(decision.strategy.items(), key=lambda s: (-s[1], s[0]))
    ]
    _table(console, ("move", "play it", "value"), rows, rows[0][0])
    _say(console, f"  {decision.iterations:,} iterations over sampled worlds; most often first")


def _played_out(console: Console, state: State, player: int, seed: int) -> None:
    """Mean results of the games that plain tree search has played out."""
    from plywise.search.config import MCTSConfig
    from plywise.search.mcts import MCTS

    with console.status("thinking"):
        decision = MCTS(MCTSConfig(seconds=HINT_SECONDS)).decide(state, player, seed)
    rows = [
        (state.action_to_string(player, a), f"{visits:,}", f"{decision.values.get(a, 0.0):+.2f}")
        for a, visits in sorted(decision.visits.items(), key=lambda v: (-v[1], v[0]))
    ]
    _table(console, ("move", "games", "mean"), rows, rows[0][0])
    _say(console, f"  {decision.iterations:,} games played out; most often tried first")


def _table(
    console: Console, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]], best: str
) -> None:
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        grid.add_column(title)
    for row in rows:
        grid.add_row(*map(text_line, row), style="green" if row[0] == best else "")
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _shots(console: Console, game: Battleship, state: BattleshipState, player: int) -> None:
    """The chance of a hit on every square of the other sea, by the exact posterior."""
    with console.status("counting fleets"):
        best, chances = game.hunter().choose(state.results(player))
    legal = state.legal_actions(player)
    shown = {s: f"{100 * chances[s]:.0f}" for s in legal}
    _seas(console, game, {"%": [shown.get(s, "·") for s in range(game.squares)]}, best)
    names = {s: state.action_to_string(player, s) for s in legal}
    top = max(legal, key=lambda s: (chances[s], -s))
    _say(
        console,
        f"  chance of a hit if all fleets are equally likely: {names[top]} {chances[top]:.0%} is "
        f"the likeliest; the hunter would shoot at {names[best]}",
    )


def _placements(
    console: Console, game: Battleship, state: BattleshipState, player: int, seed: int
) -> None:
    """Average shot on which the hunter first hits a ship, for every placement of it."""
    with console.status("hunting fleets"):
        shots = shots_until_found(state, player, game.hunter(), seed, _HUNTS)
    shown = [f"{shots[a]:.0f}" if a in shots else "·" for a in range(2 * game.squares)]
    seas = {"across": shown[: game.squares]}
    if any(a >= game.squares for a in shots):
        seas["down"] = shown[game.squares :]
    best = max(shots, key=lambda a: (shots[a], -a))
    _seas(console, game, seas, best)
    length = game.fleet[len(state.fleets[player])]
    _say(
        console,
        f"  Average shot on which our hunter first hits a ship of length {length} placed here (its "
        f"left or top end), over {_HUNTS} fleets: latest at "
        f"{state.action_to_string(player, best)}, shot {shots[best]:.0f}. Higher is better; vary "
        "your choice, a fixed one can be predicted.",
    )


def _seas(console: Console, game: Battleship, seas: dict[str, list[str]], best: int) -> None:
    """Print a text for each square of one or two seas side by side.

    Args:
        seas: the texts by title, squares in order.
        best: the text to stand out, counted over all seas.
    """
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    letters = [name[0] for name in game.sea.names[: game.columns]]
    for number, title in enumerate(seas):
        grid.add_column(f"  {title}" if number else title, justify="right", style="bold")
        for letter in letters:
            grid.add_column(letter, justify="right", min_width=2)
    texts = [
        [
            Text(text, style="bold green" if number * game.squares + s == best else "")
            for s, text in enumerate(sea)
        ]
        for number, sea in enumerate(seas.values())
    ]
    for row in range(game.rows):
        squares = slice(row * game.columns, (row + 1) * game.columns)
        cells: list[str | Text] = []
        for sea in texts:
            cells += [str(row + 1), *sea[squares]]
        grid.add_row(*cells)
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
