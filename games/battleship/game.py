"""Battleship: hidden fleets, shots in turn, the last fleet afloat wins.

Both players first place their ships in the order of the fleet, unseen by the other; then they shoot
at one square each in turn.  Both see the result of every shot: miss, hit, and which ship sank.
Squares are named by a letter for the column, from ``a`` at the left, and a number for the row, from
``1`` at the top; a placement is the ship's left or upper end and ``across`` or ``down``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from random import Random
from typing import Any

import numpy as np

from plywise.engine.boards import battleship as kernels
from plywise.engine.boards.battleship_hunt import Hunter
from plywise.engine.boards.status import WON_BY_FIRST
from plywise.engine.kernels import RulesKernels
from plywise.games.base import TERMINAL, Briefing, Game, GameInfo, IllegalActionError, Option, State

CLASSIC_FLEET = (5, 4, 3, 3, 2)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

_SAME = 1e-9  # chances that differ by less are the same
_FACTS = """\
Beside each square stands how likely a shot there hits, all fleets that explain what was seen \
being equally likely. The likeliest square is mostly best."""

Ship = tuple[int, ...]
"""The squares of one ship."""

_of_thread = threading.local()


@dataclass(frozen=True)
class Sea:
    """The size of the board, and what is possible on it."""

    rows: int
    columns: int
    touching: bool

    def squares(self, action: int, length: int) -> Ship:
        """Return the squares of a placement, () where it leaves the board.

        A ship of one square lies: standing, it would be the same.
        """
        cells = self.rows * self.columns
        row, column = divmod(action % cells, self.columns)
        if action < cells:
            return (
                tuple(action + k for k in range(length)) if column + length <= self.columns else ()
            )
        if row + length > self.rows or length == 1:
            return ()
        return tuple(action - cells + k * self.columns for k in range(length))

    def around(self, ship: Ship) -> frozenset[int]:
        """Return the squares that a ship takes from the others."""
        if self.touching:
            return frozenset(ship)
        return frozenset(
            r * self.columns + c
            for square in ship
            for r in range(square // self.columns - 1, square // self.columns + 2)
            for c in range(square % self.columns - 1, square % self.columns + 2)
            if 0 <= r < self.rows and 0 <= c < self.columns
        )


@dataclass(frozen=True)
class _Seen:
    """What a player's shots have told it.

    Attributes:
        shot, hits: squares.
        sinkings: by ship that sank, the square of its last hit and all hits until then.
    """

    shot: frozenset[int]
    hits: frozenset[int]
    sinkings: Mapping[int, tuple[int, frozenset[int]]]

    def allows(self, number: int, ship: Ship) -> bool:
        """Return whether ship ``number`` may be there, for all that is known of it alone."""
        if number in self.sinkings:
            last, before = self.sinkings[number]
            return last in ship and before.issuperset(ship)
        missed = self.shot.difference(self.hits)
        return missed.isdisjoint(ship) and not self.hits.issuperset(ship)


@lru_cache(maxsize=1024)
def placements(sea: Sea, length: int) -> tuple[tuple[int, Ship, frozenset[int]], ...]:
    """Return all placements of one ship: action, squares, and what they take from the others."""
    found = []
    for action in range(2 * sea.rows * sea.columns):
        if ship := sea.squares(action, length):
            found.append((action, ship, sea.around(ship)))
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def _room(sea: Sea, taken: frozenset[int], lengths: tuple[int, ...]) -> bool:
    """Return whether ships of ``lengths`` can be placed on squares that are not ``taken``."""
    if not lengths:
        return True
    return any(
        taken.isdisjoint(ship) and _room(sea, taken | around, lengths[1:])
        for _, ship, around in placements(sea, lengths[0])
    )


@lru_cache(maxsize=1 << 12)
def _open_placements(sea: Sea, taken: frozenset[int], lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the placements of the first of ``lengths`` that leave room for the others."""
    return tuple(
        action
        for action, ship, around in placements(sea, lengths[0])
        if taken.isdisjoint(ship) and _room(sea, taken | around, lengths[1:])
    )


class BattleshipState(State):
    """A position: both fleets as far as they are placed, and all shots in order."""

    def __init__(self, game: Battleship) -> None:
        self.game = game
        self.fleets: tuple[list[Ship], list[Ship]] = ([], [])
        self.shots: list[int] = []  # the first player's, the second's, the first's …

    # --- rules ------------------------------------------------------------------------------------

    def current_player(self) -> int:
        """Return the player to move or TERMINAL."""
        for player in (0, 1):
            if len(self.fleets[player]) < len(self.game.fleet):
                return player
        if self.shots and self._sunk_all((len(self.shots) - 1) % 2):
            return TERMINAL
        return len(self.shots) % 2

    def shots_of(self, player: int) -> list[int]:
        """Return a player's shots in order."""
        return self.shots[player::2]

    def _sunk_all(self, player: int) -> bool:
        shot = set(self.shots_of(player))
        return all(shot.issuperset(ship) for ship in self.fleets[1 - player])

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the placements or targets of the player to move, [] for the other."""
        mover = self.current_player()
        if mover == TERMINAL or player not in (None, mover):
            return []
        fleet = self.fleets[mover]
        lengths = self.game.fleet[len(fleet) :]
        if lengths:
            taken = frozenset().union(*(self.game.sea.around(ship) for ship in fleet))
            return list(_open_placements(self.game.sea, taken, lengths))
        shot = set(self.shots_of(mover))
        return [s for s in range(self.game.squares) if s not in shot]

    def apply_action(self, action: int) -> None:
        """Place a ship or shoot.

        Raises:
            IllegalActionError: the game has ended, or the action is not legal.
        """
        player = self.current_player()
        if player == TERMINAL:
            raise IllegalActionError("the game has ended: no move is possible")
        if action not in self.legal_actions():
            raise IllegalActionError(f"action {action} is not legal here")
        fleet = self.fleets[player]
        if len(fleet) < len(self.game.fleet):
            fleet.append(self.game.sea.squares(action, self.game.fleet[len(fleet)]))
        else:
            self.shots.append(action)

    def returns(self) -> list[float]:
        """Return +1 for the player whose fleet is afloat and -1 for the other; zeros before."""
        if self.current_player() != TERMINAL:
            return [0.0, 0.0]
        return [1.0, -1.0] if (len(self.shots) - 1) % 2 == 0 else [-1.0, 1.0]

    def clone(self) -> BattleshipState:
        """Return an independent copy."""
        copy = BattleshipState(self.game)
        copy.fleets = (self.fleets[0].copy(), self.fleets[1].copy())
        copy.shots = self.shots.copy()
        return copy

    # --- what a player knows ----------------------------------------------------------------------

    def results(self, player: int) -> list[tuple[int, bool, int | None]]:
        """Return a player's shots in order: square, whether it hit, and the ship that sank."""
        fleet = self.fleets[1 - player]
        owner = {square: number for number, ship in enumerate(fleet) for square in ship}
        left = [len(ship) for ship in fleet]
        found: list[tuple[int, bool, int | None]] = []
        for square in self.shots_of(player):
            number = owner.get(square)
            if number is None:
                found.append((square, False, None))
            else:
                left[number] -= 1
                found.append((square, True, None if left[number] else number))
        return found

    def observation_string(self, player: int) -> str:
        """Return the own sea, and what was found out about the other's.

        ``S`` ship, ``X`` hit, ``o`` miss, ``.`` unknown or empty.
        """
        game = self.game
        own = {s: "S" for ship in self.fleets[player] for s in ship}
        for square, hit, _ in self.results(1 - player):
            own[square] = "X" if hit else "o"
        other = {square: "X" if hit else "o" for square, hit, _ in self.results(player)}
        letters = " ".join(_LETTERS[: game.columns])
        width = len(str(game.rows))
        lines = [
            f"{'':{width}} {'your sea':<{2 * game.columns - 1}}    {'':{width}} the other sea",
            f"{'':{width}} {letters}    {'':{width}} {letters}",
        ]
        for row in range(game.rows):
            cells = range(row * game.columns, (row + 1) * game.columns)
            left = " ".join(own.get(s, ".") for s in cells)
            right = " ".join(other.get(s, ".") for s in cells)
            lines.append(f"{row + 1:>{width}} {left}    {row + 1:>{width}} {right}")
        lines.append(self._fleet_line("your fleet", player))
        lines.append(self._fleet_line("other fleet", 1 - player))
        return "\n".join(lines)

    def _fleet_line(self, title: str, owner: int) -> str:
        placed = len(self.fleets[owner])
        if placed < len(self.game.fleet):
            return f"{title}: {placed} of {len(self.game.fleet)} ships placed"
        sunk = {number for _, _, number in self.results(1 - owner) if number is not None}
        ships = [f"{n}{' sunk' if k in sunk else ''}" for k, n in enumerate(self.game.fleet)]
        return f"{title}: {', '.join(ships)}"

    def information_state_string(self, player: int) -> str:
        """Return what is seen, the order of the own placements, and all shots with results."""
        own = " ".join(self._ship_name(ship) for ship in self.fleets[player])
        parts = [self.observation_string(player), f"own ships: {own}"]
        names = self.game.square_names
        for who, title in ((player, "own shots"), (1 - player, "other shots")):
            words = []
            for square, hit, sunk in self.results(who):
                result = "miss" if not hit else "hit" if sunk is None else f"sunk {sunk}"
                words.append(f"{names[square]} {result}")
            parts.append(f"{title}: {', '.join(words)}")
        return "\n".join(parts)

    def resample_from_infostate(self, player: int, rng: Random) -> BattleshipState:
        """Return a state with another fleet of the opponent that explains all that was seen.

        Every such fleet can be drawn; they are not all equally likely.
        """
        world = self.clone()
        fleet = self.fleets[1 - player]
        drawn = self._draw_fleet(player, len(fleet), rng)
        fleet_of_world = world.fleets[1 - player]
        fleet_of_world[:] = drawn
        return world

    def _seen(self, player: int) -> _Seen:
        """Return what a player's shots have told it."""
        hits: set[int] = set()
        shot: set[int] = set()
        sinkings: dict[int, tuple[int, frozenset[int]]] = {}
        for square, hit, sunk in self.results(player):
            shot.add(square)
            if hit:
                hits.add(square)
            if sunk is not None:
                sinkings[sunk] = (square, frozenset(hits))
        return _Seen(frozenset(shot), frozenset(hits), sinkings)

    def open_hits(self, player: int) -> frozenset[int]:
        """Return the player's hits that no ship which it has sunk can explain."""
        seen = self._seen(player)
        explained = (
            ship
            for number in seen.sinkings
            for _, ship, _ in placements(self.game.sea, self.game.fleet[number])
            if seen.allows(number, ship)
        )
        return seen.hits.difference(*explained)

    def _draw_fleet(self, player: int, count: int, rng: Random) -> list[Ship]:
        """Return ``count`` ships for the opponent of ``player`` that fit what it knows."""
        seen = self._seen(player)
        options: list[list[tuple[Ship, frozenset[int]]]] = []
        for number in range(count):
            fitting = [
                (ship, around)
                for _, ship, around in placements(self.game.sea, self.game.fleet[number])
                if seen.allows(number, ship)
            ]
            rng.shuffle(fitting)
            options.append(fitting)
        drawn: dict[int, Ship] = {}
        if not self._extend(drawn, options, seen.hits, frozenset(), rng):
            raise AssertionError("no fleet explains what was seen")  # the real one does
        return [drawn[number] for number in range(count)]

    def _extend(
        self,
        drawn: dict[int, Ship],
        options: list[list[tuple[Ship, frozenset[int]]]],
        unexplained: frozenset[int],
        taken: frozenset[int],
        rng: Random,
    ) -> bool:
        """Add ships until all are there and no hit is left unexplained; False where none fit."""
        waiting = [n for n in range(len(options)) if n not in drawn]
        if not waiting:
            rest = self.game.fleet[len(options) :]
            return not unexplained and _room(self.game.sea, taken, rest)
        # The scarcest comes first, the hit or the ship that fewest placements are left for: other
        # orders run into dead ends by the million.
        fitting = {n: [o for o in options[n] if taken.isdisjoint(o[0])] for n in waiting}
        if not all(fitting.values()):
            return False
        choices: list[tuple[int, Ship, frozenset[int]]]
        if unexplained:
            covers = [
                [(n, *o) for n in waiting for o in fitting[n] if square in o[0]]
                for square in sorted(unexplained)
            ]
            choices = min(covers, key=len)
            rng.shuffle(choices)
        else:
            scarcest = min(waiting, key=lambda n: len(fitting[n]))
            choices = [(scarcest, *option) for option in fitting[scarcest]]
        for number, ship, around in choices:
            drawn[number] = ship
            rest_unexplained = unexplained.difference(ship)
            if self._extend(drawn, options, rest_unexplained, taken | around, rng):
                return True
            del drawn[number]
        return False

    # --- names, texts, flat states ----------------------------------------------------------------

    def _ship_name(self, ship: Ship) -> str:
        down = len(ship) > 1 and ship[1] - ship[0] != 1
        return f"{self.game.square_names[ship[0]]} {'down' if down else 'across'}"

    def placing(self, player: int) -> bool:
        """Return whether a player still has ships to place."""
        return len(self.fleets[player]) < len(self.game.fleet)

    def action_to_string(self, player: int, action: int) -> str:
        """Return a target like ``c4``, or a placement like ``c4 down``."""
        if not self.placing(player):
            return self.game.square_names[action]
        down, square = divmod(action, self.game.squares)
        return f"{self.game.square_names[square]} {'down' if down else 'across'}"

    def action_seen_by(self, viewer: int, player: int, action: int) -> str:
        """Return the action's name; of the other's placements only that there was one."""
        if viewer != player and self.placing(player):
            return "a ship somewhere"
        return self.action_to_string(player, action)

    def serialize(self) -> str:
        """Return both fleets and all shots as JSON."""
        return json.dumps({"game": self.game.info.name, "fleets": self.fleets, "shots": self.shots})

    def briefing(self, player: int) -> Briefing:
        """Return both seas as the player sees them, and for each shot how likely it hits."""
        placing = self.placing(player)
        length = self.game.fleet[len(self.fleets[player])] if placing else 0
        task = f"Place your ship of length {length}." if placing else "Choose a square to shoot at."
        legal = self.legal_actions(player)
        own = [Option(a, self.action_to_string(player, a)) for a in legal]
        if legal and not placing:
            own = self._shots(player, legal)
        return Briefing(
            game=self.game.info.name,
            player=player,
            rules=f"{self.game.rules_text()}\n{_FACTS}",
            situation=f"{self.observation_string(player)}\n{task}",
            own=tuple(own),
        )

    def _shots(self, player: int, legal: Sequence[int]) -> list[Option]:
        """Return the shots with their chances, from what the player's own shots have told alone."""
        _, chances = self.game.hunter().choose(self.results(player))
        likeliest = max(chances[a] for a in legal) - _SAME
        open_hits = self.open_hits(player)
        columns = self.game.columns
        options = []
        for action in legal:
            chance = float(chances[action])
            facts = [f"hits {min(chance, 1.0):.0%}"] if chance > 0 else ["no ship can be there"]
            if chance >= likeliest:
                facts.append("the likeliest")
            row, column = divmod(action, columns)
            beside = (divmod(hit, columns) for hit in open_hits)
            if any(abs(r - row) + abs(c - column) == 1 for r, c in beside):
                facts.append("beside a hit on a ship afloat")
            name = self.action_to_string(player, action)
            options.append(Option(action, name, ", ".join(facts), interest=chance))
        return options

    def flat(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with this state."""
        game = self.game
        pool = game.empty_pool()
        state = pool[0]
        for player in (0, 1):
            shot = set(self.shots_of(1 - player))
            for number, ship in enumerate(self.fleets[player]):
                for square in ship:
                    state.ships[player, square] = 1 + number
                state.afloat[player, number] = len(set(ship) - shot)
            state.left[player] = state.afloat[player].sum()
            state.placed[player] = len(self.fleets[player])
            for square in self.shots_of(player):
                state.shots[player, square] = 1
        mover = self.current_player()
        if mover == TERMINAL:
            winner = (len(self.shots) - 1) % 2
            state.status, state.mover = WON_BY_FIRST + winner, 1 - winner
        else:
            state.mover = mover
        return pool


@dataclass(frozen=True)
class Battleship(Game):
    """Battleship on ``rows`` × ``columns`` squares with ships of the lengths ``fleet``.

    Args:
        touching: whether ships may touch each other; else not even at their corners.

    Raises:
        ValueError: the board is too large, or the fleet does not fit (``kernels.new_pool``).
    """

    info: GameInfo = field(
        init=False,
        default=GameInfo("battleship", "find and sink a hidden fleet", hidden_information=True),
    )
    rows: int = 10
    columns: int = 10
    fleet: tuple[int, ...] = CLASSIC_FLEET
    touching: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "fleet", tuple(self.fleet))
        if self.columns > len(_LETTERS):
            raise ValueError(f"columns={self.columns}: {len(_LETTERS)} at most have a letter")
        self.empty_pool()

    @cached_property
    def sea(self) -> Sea:
        """The board as the placements see it."""
        return Sea(self.rows, self.columns, self.touching)

    @property
    def squares(self) -> int:
        """How many squares a sea has."""
        return self.rows * self.columns

    @cached_property
    def square_names(self) -> tuple[str, ...]:
        """The names of all squares, in their order."""
        return tuple(f"{_LETTERS[c]}{r + 1}" for r in range(self.rows) for c in range(self.columns))

    def empty_pool(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with two empty seas."""
        return kernels.new_pool(self.rows, self.columns, self.fleet, self.touching)

    def new_initial_state(self, seed: int = 0) -> BattleshipState:
        """Return two empty seas; there is no chance in this game."""
        return BattleshipState(self)

    def deserialize_state(self, text: str) -> BattleshipState:
        """Return the state that ``serialize`` wrote, by playing it again.

        Raises:
            ValueError: the text is no state of this game on this board.
        """
        try:
            saved = json.loads(text)
            name, shots = saved["game"], list(saved["shots"])
            fleets = [[tuple(ship) for ship in fleet] for fleet in saved["fleets"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a saved battleship state: {error!r}") from error
        if name != self.info.name or len(fleets) != 2:
            raise ValueError(f"not a saved state of battleship: {text[:80]}")
        state = self.new_initial_state()
        try:
            for fleet in fleets:
                for ship in fleet:
                    down = len(ship) > 1 and ship[1] - ship[0] != 1
                    state.apply_action(ship[0] + self.squares * down)
            for shot in shots:
                state.apply_action(shot)
        except (IllegalActionError, IndexError, TypeError) as error:
            raise ValueError(f"saved battleship state: {error}") from error
        if [list(fleet) for fleet in state.fleets] != fleets:
            raise ValueError("saved battleship state: a ship is none of this fleet")
        return state

    def num_distinct_actions(self) -> int:
        """Return twice the number of squares."""
        return 2 * self.squares

    def max_game_length(self) -> int:
        """Return all placements and all shots."""
        return 2 * (len(self.fleet) + self.squares)

    def kernels(self) -> RulesKernels:
        """Return the compiled rules."""
        return kernels.rules(self.squares)

    def hunter(self) -> Hunter:
        """Return this thread's hunter of hidden fleets; the first one compiles it."""
        known: dict[Battleship, Hunter] = _of_thread.__dict__.setdefault("hunters", {})
        if self not in known:
            known[self] = Hunter(self.rows, self.columns, self.fleet, self.touching)
        return known[self]

    def prepare_briefings(self) -> None:
        """Compile the hunter, too, whose chances the briefings tell."""
        super().prepare_briefings()
        self.hunter()

    def rules_text(self) -> str:
        """Return the rules."""
        touch = "may touch" if self.touching else "may not touch, not even at corners"
        return (
            f"Battleship on seas of {self.columns} columns (a from the left) and {self.rows} rows "
            f"(1 from the top). Each player first places ships of length "
            f"{', '.join(map(str, self.fleet))}, across or down; ships {touch}. Then the players "
            "shoot in turn at one square of the other sea and learn whether it is a miss or a "
            "hit, and which ship sank when all its squares are hit. Who sinks the whole other "
            "fleet first wins."
        )
