"""A person at the keyboard: playing a turn-based game against agents in a terminal."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plywise.arena.match import IllegalDecisionError, decision_seed
from plywise.arena.records import RecordFileError, write_summary
from plywise.datasets.errors import ConfigError
from plywise.games.base import CHANCE, SIMULTANEOUS, TERMINAL, Game, IllegalActionError, State
from plywise.games.placing import MARKS, PlacingGame
from plywise.search.alphabeta import AlphaBeta, describe_value
from plywise.search.decision import Decision

INTERRUPTED = 130
"""Exit code after Ctrl-C or the end of input, as shells have it."""

HINT_SECONDS = 1.0

_COMMANDS = {
    "hint": "what each move is worth",
    "undo": "take back your last move (and the answer to it)",
    "moves": "list the legal moves",
    "help": "this list",
    "quit": "stop the game",
}


class Decider(Protocol):
    """Whoever plays against, or instead of, the person; see ``arena/agents.py``."""

    name: str

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the decision of ``player``."""


@dataclass(frozen=True)
class Human:
    """Stands for a person at the keyboard."""

    name: str = "you"


class _Stopped(Exception):  # no error: the person wants to stop
    """The person asked to stop."""


@dataclass
class _Table:
    """One game at the table.

    Attributes:
        log: one entry per move, as it goes into the record.
        past: what to return to: the state and the length of ``log`` at each decision of a person.
    """

    game: Game
    players: Sequence[Decider | Human]
    seed: int
    console: Console
    state: State
    log: list[dict[str, Any]] = field(default_factory=list)
    past: list[tuple[State, int]] = field(default_factory=list)
    undone: int = 0
    hints: int = 0

    def side(self, player: int) -> str:
        """Return how a player is called on the board."""
        return MARKS[player] if isinstance(self.game, PlacingGame) else f"player {player + 1}"

    def who(self, player: int) -> str:
        """Return a player's name and side."""
        return f"{self.players[player].name} ({self.side(player)})"

    def viewer(self) -> int:
        """Return the player whose view is shown: the person's, if there is one to move or play."""
        people = [p for p in (0, 1) if isinstance(self.players[p], Human)]
        mover = self.state.current_player()
        return mover if mover in people else people[0] if people else 0

    def viewer_beside(self, player: int) -> int:
        """Return the person who watches ``player``'s agent move."""
        return 1 - player if isinstance(self.players[1 - player], Human) else player

    def say(self, *parts: str | tuple[str, str]) -> None:
        """Print one line; parts are text or (text, style), never markup."""
        self.console.print(Text.assemble(*parts), soft_wrap=True, highlight=False)

    def draw(self) -> None:
        """Show the board as the viewer may see it."""
        board = Text(self.state.observation_string(self.viewer()))
        if isinstance(self.game, PlacingGame):
            board.highlight_regex(rf"\b{MARKS[0]}\b", "bold red")
            board.highlight_regex(rf"\b{MARKS[1]}\b", "bold yellow")
        self.console.print(Padding(board, (1, 0, 1, 2), expand=False))


def play_in_terminal(
    game: Game,
    players: Sequence[Decider | Human],
    seed: int,
    console: Console,
    folder: Path,
) -> int:
    """Play one game; return the exit code: 0 when it ended or the person quit, else 130.

    Args:
        game: a turn-based game.
        players: who plays first and second; :class:`Human` for a person at this keyboard.
        seed: of the game and of the agents' decisions.
        console: where it is shown.
        folder: where the record of the game is saved as JSON, also of one that was stopped.

    Raises:
        ConfigError: the game is not turn-based, or it takes another number of players.
        RecordFileError: the record cannot be saved.
        IllegalDecisionError: an agent chose an illegal action, which is a bug in that agent.
    """
    if game.info.simultaneous:
        raise ConfigError(
            f"{game.info.name} has simultaneous moves and cannot be played move by move in a "
            "terminal; see plywise games"
        )
    if len(players) != game.num_players:
        raise ConfigError(f"{game.info.name} takes {game.num_players} players, not {len(players)}")
    table = _Table(game, players, seed, console, game.new_initial_state(seed))
    started = datetime.now().astimezone()
    chance = Random(f"{seed}/chance")
    ending, code = "finished", 0
    table.say((game.info.name, "bold"), f": {table.who(0)} against {table.who(1)}")
    if any(isinstance(p, Human) for p in players):
        table.say("Type a move, or help for what else there is.")
    try:
        while not table.state.is_terminal():
            mover = table.state.current_player()
            if mover == CHANCE:
                outcomes, weights = zip(*table.state.chance_outcomes(), strict=True)
                table.state.apply_action(chance.choices(outcomes, weights)[0])
            elif mover == SIMULTANEOUS:
                raise ConfigError(f"{game.info.name} says it is turn-based and is not here")
            elif isinstance(players[mover], Human):
                _person_moves(table, mover)
            else:
                _agent_moves(table, mover)
    except _Stopped:
        ending = "quit"
    except (KeyboardInterrupt, EOFError):
        ending, code = "interrupted", INTERRUPTED
    if ending == "finished":
        table.draw()
        table.say((_result(table), "bold green"))
    path = _save(table, folder, started, ending)
    if ending == "interrupted":
        console.print()  # the terminal shows ^C on the prompt's line
        table.say(f"Stopped; the game so far is in {path}")
    else:
        table.say(f"{'Stopped' if ending == 'quit' else 'Saved'}: {path}")
    return code


def _result(table: _Table) -> str:
    """Return how the game ended, in words."""
    returns = table.state.returns()
    moves = len(table.log)
    if returns[0] == returns[1]:
        return f"A draw after {moves} moves."
    winner = 0 if returns[0] > returns[1] else 1
    verb = "win" if table.players[winner].name == "you" else "wins"
    return f"{table.who(winner)} {verb} after {moves} moves."


def _agent_moves(table: _Table, player: int) -> None:
    agent = table.players[player]
    assert not isinstance(agent, Human)
    if not any(isinstance(p, Human) for p in table.players):
        table.draw()
    seed = decision_seed(table.seed, len(table.log), player)
    start = time.perf_counter()
    with table.console.status(f"{agent.name} is thinking"):
        decision = agent.decide(table.state.clone(), player, seed)
    seconds = time.perf_counter() - start
    if decision.action not in table.state.legal_actions(player):
        raise IllegalDecisionError(f"{agent.name} chose {decision.action}, which is not legal")
    people = any(isinstance(p, Human) for p in table.players)
    viewer = table.viewer_beside(player) if people else player
    name = table.state.action_seen_by(viewer, player, decision.action)
    details = f"{seconds:.1f} s"
    if decision.values:
        solved = bool(decision.notes.get("solved"))
        details = f"{describe_value(decision.value, solved)}, depth {decision.depth}, {details}"
    table.say(f"{table.who(player)} plays ", (name, "bold"), f"  [{details}]")
    _play(table, player, decision.action, seconds, decision)


def _play(
    table: _Table, player: int, action: int, seconds: float, decision: Decision | None = None
) -> None:
    entry: dict[str, Any] = {
        "player": player,
        "action": action,
        "move": table.state.action_to_string(player, action),
        "seconds": round(seconds, 3),
    }
    if decision is not None:
        entry |= {
            "value": decision.value,
            "depth": decision.depth,
            "iterations": decision.iterations,
        }
    table.state.apply_action(action)
    table.log.append(entry)


def _person_moves(table: _Table, player: int) -> None:
    """Ask until the person makes a move, takes one back or stops."""
    table.draw()
    start = time.perf_counter()
    names = [table.state.action_to_string(player, a) for a in table.state.legal_actions(player)]
    while True:
        prompt = Text.assemble(
            f"{table.who(player)} to move, ",
            (_shortened(names), "bold"),
            " (or hint, undo, quit): ",
        )
        answer = table.console.input(prompt).strip()
        command = answer.lower()
        if command in ("quit", "q", "exit"):
            raise _Stopped
        if command == "undo":
            if _undo(table):
                return
        elif command == "hint":
            _hint(table, player)
        elif command in ("help", "?"):
            for name, meaning in _COMMANDS.items():
                table.say((f"  {name:<6}", "bold"), meaning)
            table.say(f"  or a move: {', '.join(names)}")
        elif command == "moves":
            table.say(", ".join(names))
        else:
            try:
                action = table.state.string_to_action(answer, player)
            except IllegalActionError:
                _explain(table, answer, names)
                continue
            table.past.append((table.state.clone(), len(table.log)))
            _play(table, player, action, time.perf_counter() - start)
            return


def _shortened(names: Sequence[str]) -> str:
    """Return the moves in one line, not all of them if they are many."""
    shown = " ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} … (moves lists all {len(names)})"


def _explain(table: _Table, answer: str, names: Sequence[str]) -> None:
    """Say why an answer is no move."""
    typed = "".join(c if c.isprintable() else "?" for c in answer)[:40]
    if not typed:
        table.say("Nothing was typed; type one of: ", (", ".join(names), "bold"))
        return
    known = {
        table.game.new_initial_state(table.seed).action_to_string(0, a).lower()
        for a in table.game.new_initial_state(table.seed).legal_actions()
    }
    why = "is not possible now" if typed.lower() in known else "is neither a move nor a command"
    table.say(f"'{typed}' {why}; the moves are: ", (", ".join(names), "bold"))


def _undo(table: _Table) -> bool:
    """Go back to the last decision of a person; return whether there was one."""
    if not table.past:
        table.say("There is no move of yours to take back.")
        return False
    table.state, length = table.past.pop()
    table.undone += len(table.log) - length
    del table.log[length:]
    table.say("Taken back.")
    return True


def _hint(table: _Table, player: int) -> None:
    """Show what a search thinks of every move."""
    kernels = table.game.kernels()
    if kernels is None or table.game.info.hidden_information:
        table.say("There is no hint for this game: it has no compiled rules, or hides something.")
        return
    table.hints += 1
    with table.console.status("thinking"):
        search = AlphaBeta(kernels, seconds=HINT_SECONDS, all_values=True)
        decision = search.decide(table.state.flat(), player)
    solved = bool(decision.notes["solved"])
    facts = {o.action: o.facts for o in table.state.briefing(player).own}
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("move", "value", ""):
        grid.add_column(title)
    for action, value in sorted(decision.values.items(), key=lambda av: (-av[1], av[0])):
        style = "green" if action == decision.action else ""
        grid.add_row(
            Text(table.state.action_to_string(player, action)),
            Text(describe_value(value, solved)),
            Text(facts.get(action, "")),
            style=style,
        )
    table.console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    depth = "to the end" if solved else f"{decision.depth} plies deep"
    table.say(f"  searched {depth}, {decision.iterations:,} positions; best first")


def _save(table: _Table, folder: Path, started: datetime, ending: str) -> Path:
    """Write the record of the game and return its path."""
    state, game = table.state, table.game
    finished = state.current_player() == TERMINAL
    parameters = {
        f.name: getattr(game, f.name) for f in dataclasses.fields(game) if f.init and f.name
    }
    record = {
        "format": "plywise-terminal-game/1",
        "game": game.info.name,
        "parameters": parameters,
        "players": [p.name for p in table.players],
        "seed": table.seed,
        "started": started.isoformat(timespec="seconds"),
        "ending": ending,
        "returns": state.returns() if finished else None,
        "moves": table.log,
        "taken_back": table.undone,
        "hints": table.hints,
        "final_state": state.serialize(),
    }
    stem = f"{game.info.name}-{started:%Y%m%d-%H%M%S}"
    for number in range(1, 1000):
        path = folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
        if not path.exists():
            write_summary(path, record)
            return path
    raise RecordFileError(f"{folder} holds a thousand games of this second; choose another folder")
