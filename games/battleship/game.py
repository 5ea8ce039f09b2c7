"""Battleship: hidden fleets, shots in turn, the last fleet afloat wins.

Both players first place their ships in the order of the fleet, hidden from the opponent; then they
shoot at one square each in turn.  Both see the result of every shot: miss, hit, and the ship sunk.
Squares are named by a letter for the column, from ``a`` at the left, and a number for the row, from
``1`` at the top; a placement is the ship's left or upper end and ``across`` or ``down``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

import numpy as np

from plywise.engine.boards import battleship as kernels
from plywise.engine.boards.battleship_hunt import Hunter
from plywise.engine.boards.status import WON_BY_FIRST
from plywise.engine.kernels import RulesKernels
from plywise.games.base import TERMINAL, Briefing, Game, GameInfo, IllegalActionError, Option, State
from plywise.games.battleship import notation
from plywise.games.battleship.hidden_fleet import HiddenFleet, ShotResult
from plywise.games.battleship.sea import COLUMN_LETTERS, Sea, Ship, open_placements

CLASSIC_FLEET = (5, 4, 3, 3, 2)
_SAME = 1e-9  # tolerance of equal probabilities
_FACTS = """\
Beside each square stands how likely a shot there hits, all fleets that explain what was seen \
being equally likely. The likeliest square is mostly best."""

_of_thread = threading.local()


class BattleshipState(State):
    """A position: the ships placed so far, and all shots in order."""

    def __init__(self, game: Battleship) -> None:
        self.game = game
        self.fleets: tuple[list[Ship], list[Ship]] = ([], [])
        self.shots: list[int] = []  # the first player's, the second's, the first's …

    # --- rules ------------------------------------------------------------------------------------

    def current_player(self) -> int:
        """Return the player to move or TERMINAL."""
        for player in (0, 1):
            if self.placing(player):
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
            return list(open_placements(self.game.sea, taken, lengths))
        shot = set(self.shots_of(mover))
        return [s for s in range(self.game.squares) if s not in shot]

    def apply_action(self, action: int) -> None:
        """Place a ship or shoot."""
        player = self.current_player()
        if player == TERMINAL:
            raise IllegalActionError("the game has ended: no move is possible")
        if action not in self.legal_actions():
            raise IllegalActionError(f"action {action} is not legal here")
        fleet = self.fleets[player]
        if self.placing(player):
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

    def results(self, player: int) -> list[ShotResult]:
        """Return a player's shots in order: square, whether it hit, and the ship that sank."""
        fleet = self.fleets[1 - player]
        owner = {square: number for number, ship in enumerate(fleet) for square in ship}
        left = [len(ship) for ship in fleet]
        found: list[ShotResult] = []
        for square in self.shots_of(player):
            number = owner.get(square)
            if number is None:
                found.append((square, False, None))
            else:
                left[number] -= 1
                found.append((square, True, None if left[number] else number))
        return found

    def observation_string(self, player: int) -> str:
        """Return the player's sea, and what is known of the opponent's.

        ``S`` ship, ``X`` hit, ``o`` miss, ``.`` unknown or empty.
        """
        own = {square: "S" for ship in self.fleets[player] for square in ship}
        mine, theirs = self.results(player), self.results(1 - player)
        seas = notation.seas_text(
            self.game.sea, own | notation.marks_of(theirs), notation.marks_of(mine)
        )
        lines = [seas]
        for title, owner, shots in (
            ("your fleet", player, theirs),
            ("other fleet", 1 - player, mine),
        ):
            placed = len(self.fleets[owner])
            lines.append(notation.fleet_line(title, self.game.fleet, placed, shots))
        return "\n".join(lines)

    def information_state_string(self, player: int) -> str:
        """Return the observation, the player's placements in order, and all shots with results."""
        sea = self.game.sea
        own = " ".join(sea.placement_name(sea.placement(ship)) for ship in self.fleets[player])
        return "\n".join(
            (
                self.observation_string(player),
                f"own ships: {own}",
                notation.shots_line("own shots", sea, self.results(player)),
                notation.shots_line("other shots", sea, self.results(1 - player)),
            )
        )

    def resample_from_infostate(self, player: int, rng: Random) -> BattleshipState:
        """Return a state with another fleet of the opponent that agrees with all results."""
        world = self.clone()
        fleet = world.fleets[1 - player]
        fleet[:] = self.hidden_fleet(player).draw(len(fleet), rng)
        return world

    def hidden_fleet(self, player: int) -> HiddenFleet:
        """Return what a player knows of the opponent's fleet."""
        return HiddenFleet.of(self.game.sea, self.game.fleet, self.results(player))

    # --- names, texts, flat states ----------------------------------------------------------------

    def placing(self, player: int) -> bool:
        """Return whether a player still has ships to place."""
        return len(self.fleets[player]) < len(self.game.fleet)

    def action_to_string(self, player: int, action: int) -> str:
        """Return a target like ``c4``, or a placement like ``c4 down``."""
        if self.placing(player):
            return self.game.sea.placement_name(action)
        return self.game.sea.names[action]

    def action_seen_by(self, viewer: int, player: int, action: int) -> str:
        """Return the action's name; the opponent's placements are hidden."""
        if viewer != player and self.placing(player):
            return "a ship somewhere"
        return self.action_to_string(player, action)

    def serialize(self) -> str:
        """Return both fleets and all shots as JSON."""
        return json.dumps({"game": self.game.info.name, "fleets": self.fleets, "shots": self.shots})

    def briefing(self, player: int) -> Briefing:
        """Return both seas as the player sees them, and the hit probability of each shot."""
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
        """Return the shots with their hit probabilities, given the results so far."""
        _, chances = self.game.hunter().choose(self.results(player))
        likeliest = max(chances[a] for a in legal) - _SAME
        unexplained_hits = self.hidden_fleet(player).unexplained_hits()
        columns = self.game.columns
        options = []
        for action in legal:
            chance = float(chances[action])
            facts = [f"hits {min(chance, 1.0):.0%}"] if chance > 0 else ["no ship can be there"]
            if chance >= likeliest:
                facts.append("the likeliest")
            row, column = divmod(action, columns)
            beside = (divmod(hit, columns) for hit in unexplained_hits)
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
        if self.columns > len(COLUMN_LETTERS):
            raise ValueError(f"columns={self.columns}: {len(COLUMN_LETTERS)} at most have a letter")
        self.empty_pool()

    @cached_property
    def sea(self) -> Sea:
        """The board of each player."""
        return Sea(self.rows, self.columns, self.touching)

    @property
    def squares(self) -> int:
        """How many squares a sea has."""
        return self.rows * self.columns

    def empty_pool(self) -> np.ndarray[Any, Any]:
        """Return a one-element pool with two empty seas."""
        return kernels.new_pool(self.rows, self.columns, self.fleet, self.touching)

    def new_initial_state(self, seed: int = 0) -> BattleshipState:
        """Return two empty seas; there is no chance in this game."""
        return BattleshipState(self)

    def deserialize_state(self, text: str) -> BattleshipState:
        """Return the state that ``serialize`` wrote, by playing it again."""
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
                    state.apply_action(self.sea.placement(ship))
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
        """Compile the hunter as well, which computes the briefings' probabilities."""
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
