"""What a person at the terminal is told on ``hint``: how good each of the legal moves is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plywise.arena.worlds import belief_worlds
from plywise.games.base import Game, State
from plywise.games.battleship import Battleship, BattleshipState
from plywise.search.alphabeta import AlphaBeta, describe_value

HINT_SECONDS = 1.0
_WORLDS = 16


def show_hint(console: Console, game: Game, state: State, player: int, seed: int) -> bool:
    """Show what the moves of ``player`` are worth; return whether there was something to show."""
    if isinstance(game, Battleship):
        return _shots(console, game, cast("BattleshipState", state), player)
    if game.kernels() is None:
        _played_out(console, state, player, seed)
    elif game.info.simultaneous or game.info.hidden_information:
        _sampled(console, game, state, player, seed)
    else:
        _exact(console, game, state, player)
    return True


def _say(console: Console, line: str) -> None:
    console.print(Text(line), soft_wrap=True)


def _exact(console: Console, game: Game, state: State, player: int) -> None:
    """Alpha-beta's value of every move."""
    kernels = game.kernels()
    assert kernels is not None
    with console.status("thinking"):
        search = AlphaBeta(kernels, seconds=HINT_SECONDS, all_values=True)
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
    from plywise.search.simultaneous import SimultaneousConfig, SimultaneousSearch

    kernels = game.kernels()
    assert kernels is not None
    with console.status("thinking"):
        search = SimultaneousSearch(kernels, SimultaneousConfig(seconds=HINT_SECONDS))
        worlds = belief_worlds(state, player, _WORLDS, seed)
        decision = search.decide(worlds, None, player, seed)
    rows = [
        (state.action_to_string(player, a), f"{share:.0%}", f"{decision.values.get(a, 0.0):+.2f}")
        for a, share in sorted(decision.strategy.items(), key=lambda s: (-s[1], s[0]))
    ]
    _table(console, ("move", "play it", "value"), rows, rows[0][0])
    _say(console, f"  {decision.iterations:,} iterations over sampled worlds; most often first")


def _played_out(console: Console, state: State, player: int, seed: int) -> None:
    """Means of the games that plain tree search has played out."""
    from plywise.search.mcts import MCTS, MCTSConfig

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
        grid.add_row(*map(Text, row), style="green" if row[0] == best else "")
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _shots(console: Console, game: Battleship, state: BattleshipState, player: int) -> bool:
    """The chance of a hit on every square of the other sea, by the exact posterior."""
    if state.placing(player):
        _say(console, "There is no hint for placing ships: where nobody expects them is best.")
        return False
    with console.status("counting fleets"):
        best, chances = game.hunter().choose(state.results(player))
    legal = set(state.legal_actions(player))
    names = [state.action_to_string(player, s) for s in range(game.squares)]
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    grid.add_column("%", justify="right", style="bold")
    for column in range(game.columns):
        grid.add_column(names[column][0], justify="right")
    for row in range(game.rows):
        squares = range(row * game.columns, (row + 1) * game.columns)
        cells = [
            Text(
                "·" if s not in legal else f"{100 * chances[s]:.0f}",
                style="bold green" if s == best else "",
            )
            for s in squares
        ]
        grid.add_row(str(row + 1), *cells)
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    top = max(legal, key=lambda s: (chances[s], -s))
    _say(
        console,
        f"  chance of a hit if all fleets are equally likely: {names[top]} {chances[top]:.0%} is "
        f"the likeliest; the hunter would shoot at {names[best]}",
    )
    return True
