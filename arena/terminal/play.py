"""A person at the keyboard: playing a game against agents in a terminal.

Where both players decide at the same time, each decides on the position before; two people at one
keyboard then type unseen.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from plywise.arena.agents.spec import Agent
from plywise.arena.output.screen import text_line
from plywise.arena.play.explain import explanation, show_explanation
from plywise.arena.play.guide_words import asked, llm_long
from plywise.arena.play.stepper import GameInProgress, decision_seed
from plywise.arena.terminal.action_tables import show_actions
from plywise.arena.terminal.game_file import GameFile, Move, save_game
from plywise.arena.terminal.hints import show_hint
from plywise.datasets.errors import ConfigError
from plywise.datasets.processes.signals import exit_code, interruptible, uninterrupted
from plywise.datasets.sums import add_fields
from plywise.games.base import (
    CHANCE,
    NO_ACTION,
    Game,
    IllegalActionError,
    State,
)
from plywise.games.from_file import game_file_digest
from plywise.games.grid.placing import MARKS, PlacingGame
from plywise.search.alphabeta.search import describe_value
from plywise.search.guide.protocol import GuideReport

INTERRUPTED = exit_code(KeyboardInterrupt())
"""Exit code after Ctrl-C or the end of input, as shells have it."""

_SAVED = {
    "finished": "Saved:",
    "quit": "Stopped:",
    "interrupted": "Stopped; the game so far is in",
}
_COMMANDS = {
    "hint": "what each move is worth (also: ?)",
    "undo": "take back your last move (and the answer to it)",
    "moves": "list the legal moves",
    "help": "this list",
    "quit": "stop the game",
}


@dataclass(frozen=True)
class Human:
    """Stands for a person at the keyboard."""

    name: str = "you"


class _Stopped(Exception):  # no error: the person wants to stop
    """The person asked to stop."""


@dataclass
class _Table:
    """One game at the terminal.

    Attributes:
        log: all actions in order, as they go into the record.
        guides: cost of each player's guidance.
        past: positions to return to: the state, its ply and the length of ``log`` at each decision
            of a person.
        explain: whether agents' moves are explained.
    """

    progress: GameInProgress
    players: Sequence[Agent | Human]
    console: Console
    log: list[Move] = field(default_factory=list)
    guides: tuple[GuideReport, GuideReport] = field(
        default_factory=lambda: (GuideReport(), GuideReport())
    )
    past: list[tuple[State, int, int]] = field(default_factory=list)
    undone: int = 0
    hints: int = 0
    explain: bool = False

    @property
    def game(self) -> Game:
        """The rules."""
        return self.progress.game

    @property
    def state(self) -> State:
        """The position."""
        return self.progress.state

    @property
    def people(self) -> list[int]:
        """The players who are people."""
        return [p for p in (0, 1) if isinstance(self.players[p], Human)]

    def who(self, player: int) -> str:
        """Return a player's name and side."""
        return f"{self.players[player].name} ({side(self.game, player)})"

    def viewer(self, mover: int) -> int:
        """Return the player whose view is shown: the person's, if there is one to move or play."""
        return mover if mover in self.people else self.people[0] if self.people else max(mover, 0)

    def say(self, *parts: str | tuple[str, str]) -> None:
        """Print one line; parts are text or (text, style), never markup."""
        self.console.print(text_line(*parts), soft_wrap=True)

    def draw(self, mover: int) -> None:
        """Show the board as the viewer may see it."""
        show_board(self.console, self.game, self.state, self.viewer(mover))


def side(game: Game, player: int) -> str:
    """Return the name of a player on the board."""
    return MARKS[player] if isinstance(game, PlacingGame) else f"player {player + 1}"


def show_board(console: Console, game: Game, state: State, player: int) -> None:
    """Print what a player sees of a position."""
    board = Text(state.observation_string(player))
    if isinstance(game, PlacingGame):
        board.highlight_regex(rf"\b{MARKS[0]}\b", "bold red")
        board.highlight_regex(rf"\b{MARKS[1]}\b", "bold yellow")
    console.print(Padding(board, (1, 0, 1, 2), expand=False))


def play_in_terminal(
    game: Game,
    players: Sequence[Agent | Human],
    seed: int,
    console: Console,
    folder: Path,
    origin: tuple[str, Mapping[str, Any]] | None = None,
    explain: bool = False,
) -> int:
    """Play one game; return the exit code: 0 when it ended or the person quit.

    It is 130 after Ctrl-C or the end of input, 129 where the terminal was closed, 143 by SIGTERM.

    Args:
        game: any game of two players.
        players: who plays first and second; :class:`Human` for a person at this keyboard.
        seed: of the game and of the agents' decisions.
        console: where it is shown.
        folder: where the record of the game is saved as JSON, also of one that was stopped.
        origin: what ``make_game`` made the game of; None: its name and its fields.
        explain: keep why agents moved as they did, and print it: where people play with hidden
            information only afterwards (``plywise replay FILE explain=true``).

    Raises:
        ConfigError: the game takes another number of players.
        RecordFileError: the record cannot be saved.
        IllegalDecisionError: an agent chose an illegal action, which is a bug in that agent.
    """
    if len(players) != game.num_players:
        raise ConfigError(f"{game.info.name} takes {game.num_players} players, not {len(players)}")
    seats = [p if isinstance(p, Human) else p.for_one_game() for p in players]
    table = _Table(GameInProgress(game, seed), seats, console, explain=explain)
    started = datetime.now().astimezone()
    file_digest = "" if origin is None else game_file_digest(origin[0])  # of what runs now
    table.say((game.info.name, "bold"), f": {table.who(0)} against {table.who(1)}")
    if table.people:
        table.say("Type a move, or help for what else there is.")
    ending, code = "finished", 0
    with uninterrupted():  # a closed terminal is an end of input and a signal, one after the other
        try:
            with interruptible():
                _note_chance(table)
                while not table.state.is_terminal():
                    _decision(table)
        except _Stopped:
            ending = "quit"
        except EOFError:
            ending, code = "interrupted", INTERRUPTED
        except KeyboardInterrupt as interrupt:
            ending, code = "interrupted", exit_code(interrupt)
        path = save_game(_record(table, started, ending, origin, file_digest), folder, started)
        if ending == "finished":
            table.draw(0)
            table.say((_result(table), "bold green"))
        elif ending == "interrupted":
            console.print()  # the terminal shows ^C on the prompt's line
        for player, report in enumerate(table.guides):
            if asked(report):
                table.say(f"{table.who(player)}, language model: {llm_long(report)}")
        table.say(f"{_SAVED[ending]} {path}")
    return code


def result_in_words(
    game: Game, names: Sequence[str], returns: Sequence[float], decisions: int
) -> str:
    """Return how a game ended, in words."""
    unit = "turns" if game.info.simultaneous else "moves"
    if returns[0] == returns[1]:
        return f"A draw after {decisions} {unit}."
    winner = 0 if returns[0] > returns[1] else 1
    verb = "win" if names[winner] == "you" else "wins"
    return f"{names[winner]} ({side(game, winner)}) {verb} after {decisions} {unit}."


def _result(table: _Table) -> str:
    names = [p.name for p in table.players]
    return result_in_words(table.game, names, table.state.returns(), table.progress.ply)


def _decision(table: _Table) -> None:
    """Let the players who are due decide, people first, and play it; or undo, if a person asks."""
    progress, state = table.progress, table.state
    due = progress.due()
    people = [p for p in due if p in table.people]
    made: dict[int, Move] = {}
    for player in people:
        move = _person_moves(table, player, unseen=len(people) > 1)
        if move is None:  # taken back
            if made:
                table.say("Taken back.")
            else:
                _undo(table)
            return
        made[player] = move
    agents = [p for p in due if p not in table.people]
    if agents and not table.people:
        table.draw(state.current_player())
    for player in agents:
        made[player] = _agent_moves(table, player, announce=len(due) == 1)
    if people:
        table.past.append((state.clone(), progress.ply, len(table.log)))
    if len(due) > 1 and not table.game.info.hidden_information:
        for player in due:
            table.say(f"{table.who(player)} plays ", (made[player].move, "bold"))
    progress.apply([made[p].action if p in made else NO_ACTION for p in (0, 1)])
    table.log.extend(made[p] for p in due)
    _note_chance(table)


def _note_chance(table: _Table) -> None:
    """Write into the log the outcomes of chance since the last decision."""
    ply = table.progress.ply
    table.log.extend(Move(ply, CHANCE, drawn, str(drawn)) for drawn in table.progress.drawn)


def _agent_moves(table: _Table, player: int, announce: bool) -> Move:
    """Return an agent's move; ``announce`` shows what the person may see of it."""
    agent, state = table.players[player], table.state
    assert not isinstance(agent, Human)
    start = time.perf_counter()
    with table.console.status(f"{agent.name} is thinking"):
        decision = table.progress.decide(player, agent, copied=True)
    seconds = time.perf_counter() - start
    report = decision.notes.get("guide")
    if isinstance(report, GuideReport):
        add_fields(table.guides[player], report)
    if announce:
        viewer = 1 - player if 1 - player in table.people else player
        name = state.action_seen_by(viewer, player, decision.action)
        details = f"{seconds:.1f} s"
        if decision.values and decision.depth:
            solved = bool(decision.notes.get("solved"))
            details = f"{describe_value(decision.value, solved)}, depth {decision.depth}, {details}"
        table.say(f"{table.who(player)} plays ", (name, "bold"), f"  [{details}]")
    why = None
    if table.explain:
        why = explanation(state, player, decision)
        if not (table.people and table.game.info.hidden_information):
            show_explanation(table.console, why)
    return Move(
        ply=table.progress.ply,
        player=player,
        action=decision.action,
        move=state.action_to_string(player, decision.action),
        seconds=round(seconds, 3),
        value=float(decision.value),
        depth=int(decision.depth),
        iterations=int(decision.iterations),
        why=why,
    )


def _person_moves(table: _Table, player: int, unseen: bool) -> Move | None:
    """Ask until the person makes a move or stops; None: the last one is to be taken back."""
    table.draw(player)
    start = time.perf_counter()
    state = table.state
    names = [state.action_to_string(player, a) for a in state.legal_actions(player)]
    numbers = show_actions(table.console, state, player)
    shown = "a number or a name" if numbers else _shortened(names)
    while True:
        prompt = text_line(
            f"{table.who(player)} to move{', unseen' if unseen else ''}, ",
            (shown, "bold"),
            " (or hint, undo, quit): ",
        )
        try:
            answer = table.console.input(prompt, password=unseen).strip()
        except OSError as error:  # a terminal that is gone
            raise EOFError from error
        command = answer.lower()
        if command in ("quit", "q", "exit"):
            raise _Stopped
        if command == "undo":
            if table.past or (unseen and player):
                return None
            table.say("There is no move of yours to take back.")
        elif command in ("hint", "?"):
            seed = decision_seed(table.progress.seed, table.progress.ply, player)
            show_hint(table.console, table.game, state, player, seed)
            table.hints += 1
        elif command == "help":
            for name, meaning in _COMMANDS.items():
                table.say((f"  {name:<6}", "bold"), meaning)
            table.say(f"  or a move: {', '.join(names)}")
        elif command == "moves":
            if not show_actions(table.console, state, player):
                table.say(", ".join(names))
        else:
            try:
                action = numbers.get(command)
                if action is None:
                    action = state.string_to_action(answer, player)
            except IllegalActionError:
                _explain(table, player, answer, names)
                continue
            return Move(
                ply=table.progress.ply,
                player=player,
                action=action,
                move=state.action_to_string(player, action),
                seconds=round(time.perf_counter() - start, 3),
            )


def _shortened(names: Sequence[str]) -> str:
    """Return the moves in one line, not all of them if they are many."""
    shown = " ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} … (moves lists all {len(names)})"


def _explain(table: _Table, player: int, answer: str, names: Sequence[str]) -> None:
    """Print why an answer is no move."""
    typed = "".join(c if c.isprintable() else "?" for c in answer)[:40]
    if not typed:
        table.say("Nothing was typed; type one of: ", (", ".join(names), "bold"))
        return
    first = table.game.new_initial_state(table.progress.seed)
    known = {
        first.action_to_string(p, a).lower() for p in (player, 0) for a in first.legal_actions(p)
    }
    why = "is not possible now" if typed.lower() in known else "is neither a move nor a command"
    table.say(f"'{typed}' {why}; the moves are: ", (", ".join(names), "bold"))


def _undo(table: _Table) -> None:
    """Go back to the last decision of a person."""
    state, ply, length = table.past.pop()
    table.progress.go_back(state, ply)
    table.undone += sum(m.player != CHANCE for m in table.log[length:])
    del table.log[length:]
    table.say("Taken back.")


def _record(
    table: _Table,
    started: datetime,
    ending: str,
    origin: tuple[str, Mapping[str, Any]] | None,
    file_digest: str,
) -> GameFile:
    state, game = table.state, table.game
    if origin is None:
        parameters = {f.name: getattr(game, f.name) for f in dataclasses.fields(game) if f.init}
        origin = game.info.name, parameters
    returns = state.returns() if state.is_terminal() else None
    return GameFile(
        game=origin[0],
        parameters=origin[1],
        players=(table.players[0].name, table.players[1].name),
        seed=table.progress.seed,
        started=started.isoformat(timespec="seconds"),
        ending=ending,
        returns=None if returns is None else (returns[0], returns[1]),
        moves=tuple(table.log),
        final_state=state.serialize(),
        taken_back=table.undone,
        hints=table.hints,
        file_digest=file_digest,
    )
