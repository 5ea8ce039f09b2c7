"""OpenSpiel's games under our interface: ``openspiel:NAME``, for example ``openspiel:kuhn_poker``.

Parameters are part of the name, as in OpenSpiel: ``openspiel:goofspiel(num_cards=4)``.  The rules
are OpenSpiel's, called from Python: searches that need kernels cannot play them, ``search=mcts``
can.  Needs the package ``open_spiel`` (the extra ``openspiel``).
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from plywise.datasets.errors import ConfigError
from plywise.games.base import (
    CHANCE,
    SIMULTANEOUS,
    TERMINAL,
    Game,
    GameInfo,
    IllegalActionError,
    State,
)


class OpenSpielError(ConfigError):
    """OpenSpiel is missing, or has no such game, or one that Plywise cannot play."""


@cache
def _pyspiel() -> Any:
    try:
        import pyspiel
    except ImportError as error:
        raise OpenSpielError(
            f"openspiel: needs the package open_spiel ({error}): pip install open_spiel"
        ) from error
    return pyspiel


class OpenSpielState(State):
    """A position; ``inner`` is OpenSpiel's."""

    def __init__(self, game: OpenSpielGame, inner: Any) -> None:
        self.game = game
        self.inner = inner

    def current_player(self) -> int:
        """Return the player to move, or CHANCE, SIMULTANEOUS or TERMINAL (OpenSpiel's numbers)."""
        return int(self.inner.current_player())

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return a player's legal actions; by default the first player's if both move."""
        mover = self.current_player()
        if mover in (CHANCE, TERMINAL) or (player is not None and mover not in (player, -2)):
            return []
        return list(self.inner.legal_actions(max(mover, 0) if player is None else player))

    def apply_action(self, action: int) -> None:
        """Apply the action of the player to move, or a chance outcome."""
        mover = self.current_player()
        legal = [o for o, _ in self.chance_outcomes()] if mover == CHANCE else self.legal_actions()
        if mover == SIMULTANEOUS or action not in legal:
            raise IllegalActionError(f"action {action} is not legal here; legal are {legal}")
        self.inner.apply_action(action)

    def apply_actions(self, actions: Sequence[int]) -> None:
        """Apply both players' actions."""
        if self.current_player() != SIMULTANEOUS or len(actions) != 2:
            raise IllegalActionError(f"{list(actions)}: the players do not move at once here")
        for player, action in enumerate(actions):
            legal = self.legal_actions(player)
            if legal and action not in legal:
                raise IllegalActionError(f"player {player} cannot play {action}; legal are {legal}")
        self.inner.apply_actions(list(actions))

    def returns(self) -> list[float]:
        """Return the results, scaled to [-1, 1]; zeros before the end."""
        if not self.inner.is_terminal():
            return [0.0, 0.0]
        return [(r - self.game.shift) / self.game.scale for r in self.inner.returns()]

    def clone(self) -> OpenSpielState:
        """Return an independent copy."""
        return OpenSpielState(self.game, self.inner.clone())

    def chance_outcomes(self) -> list[tuple[int, float]]:
        """Return outcomes and probabilities."""
        return [(int(o), float(p)) for o, p in self.inner.chance_outcomes()]

    def action_to_string(self, player: int, action: int) -> str:
        """Return OpenSpiel's name of an action."""
        return str(self.inner.action_to_string(player, action))

    def observation_string(self, player: int) -> str:
        """Return OpenSpiel's observation, else its information state, else its state as text."""
        kind = self.game.kind
        if kind.provides_observation_string:
            return str(self.inner.observation_string(player))
        if kind.provides_information_state_string:
            return str(self.inner.information_state_string(player))
        return str(self.inner)

    def information_state_string(self, player: int) -> str:
        """Return OpenSpiel's information state, else its observation."""
        if self.game.kind.provides_information_state_string:
            return str(self.inner.information_state_string(player))
        return self.observation_string(player)

    def resample_from_infostate(self, player: int, rng: Random) -> State:
        """Return a state sampled by OpenSpiel from the player's information set.

        Raises:
            OpenSpielError: OpenSpiel cannot do that for this game.
        """
        if not self.game.info.hidden_information or self.current_player() in (CHANCE, TERMINAL):
            return self.clone()
        try:
            return OpenSpielState(self.game, self.inner.resample_from_infostate(player, rng.random))
        except _pyspiel().SpielError as error:
            raise OpenSpielError(
                f"{self.game.info.name} hides something, and OpenSpiel cannot draw what a player "
                f"does not know in it ({error}): only people and agent=random can play it"
            ) from error

    def serialize(self) -> str:
        """Return the game and OpenSpiel's text of the state as JSON."""
        return json.dumps({"game": self.game.info.name, "state": self.inner.serialize()})


@dataclass(frozen=True)
class OpenSpielGame(Game):
    """OpenSpiel's game ``text``: two players, zero-sum or constant-sum.

    Attributes:
        text: name and parameters.
        inner, kind: OpenSpiel's game and its type.
        shift, scale: a result ``r`` of OpenSpiel's is ``(r - shift) / scale`` here.

    Raises:
        OpenSpielError: OpenSpiel is missing or has no such game; or the game has another number of
            players, another utility, or chance that cannot be listed.
    """

    text: str
    inner: Any = field(init=False, repr=False, compare=False)
    kind: Any = field(init=False, repr=False, compare=False)
    shift: float = field(init=False)
    scale: float = field(init=False)

    def __post_init__(self) -> None:
        inner = _load(self.text)
        kind, spiel = inner.get_type(), _pyspiel()
        sums = (spiel.GameType.Utility.ZERO_SUM, spiel.GameType.Utility.CONSTANT_SUM)
        dynamics = spiel.GameType.Dynamics
        wrong = ""
        if inner.num_players() != 2:
            wrong = f"is for {inner.num_players()} players"
        elif kind.utility not in sums:
            wrong = "is not a game where one wins what the other loses"
        elif kind.chance_mode == spiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
            wrong = "does not list the outcomes of chance"
        elif kind.dynamics not in (dynamics.SEQUENTIAL, dynamics.SIMULTANEOUS):
            wrong = "is neither turn-based nor simultaneous"
        if wrong:
            raise OpenSpielError(f"openspiel:{self.text} {wrong}; Plywise does not play it")
        shift = (inner.utility_sum() or 0.0) / 2
        info = GameInfo(
            name=f"openspiel:{self.text}",
            summary=str(kind.long_name),
            simultaneous=kind.dynamics == dynamics.SIMULTANEOUS,
            stochastic=kind.chance_mode != spiel.GameType.ChanceMode.DETERMINISTIC,
            hidden_information=kind.information == spiel.GameType.Information.IMPERFECT_INFORMATION,
        )
        for name, value in (
            ("inner", inner),
            ("kind", kind),
            ("shift", shift),
            ("scale", max(abs(inner.max_utility() - shift), abs(inner.min_utility() - shift))),
            ("info", info),
        ):
            object.__setattr__(self, name, value)

    def new_initial_state(self, seed: int = 0) -> OpenSpielState:
        """Return the first position; chance outcomes are applied by the caller."""
        return OpenSpielState(self, self.inner.new_initial_state())

    def deserialize_state(self, text: str) -> OpenSpielState:
        """Return the state that ``State.serialize`` wrote."""
        try:
            saved = json.loads(text)
            name, state = saved["game"], saved["state"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a saved state: {error!r}") from error
        if name != self.info.name:
            raise ValueError(f"a state of {name}, not of {self.info.name}")
        try:
            return OpenSpielState(self, self.inner.deserialize_state(state))
        except _pyspiel().SpielError as error:
            raise ValueError(f"not a saved state of {name}: {error}") from error

    def num_distinct_actions(self) -> int:
        """Return OpenSpiel's number of action ids."""
        return int(self.inner.num_distinct_actions())

    def max_game_length(self) -> int:
        """Return OpenSpiel's bound, which counts no chance nodes."""
        return int(self.inner.max_game_length())


def _load(text: str) -> Any:
    spiel = _pyspiel()
    name = text.partition("(")[0]
    names = list(spiel.registered_names())
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise OpenSpielError(f"OpenSpiel has no game {name!r} among its {len(names)}{hint}")
    try:
        return spiel.load_game(text)
    except spiel.SpielError as error:
        raise OpenSpielError(f"openspiel:{text}: {error}") from error
