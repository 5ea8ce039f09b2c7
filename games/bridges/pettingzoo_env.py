"""Our board games as PettingZoo environments (AEC, with action masks), for training agents.

``env("connect_four")`` is wrapped like PettingZoo's classic games: an illegal action loses.  At
simultaneous nodes the players act one after the other, and neither observes the other's action
before both are made.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import AECEnv
from pettingzoo.utils import wrappers

from plywise.datasets.errors import ConfigError
from plywise.games.base import CHANCE, NO_ACTION, SIMULTANEOUS, Game, IllegalActionError, State
from plywise.games.battleship.game import Battleship, BattleshipState
from plywise.games.goofspiel import Goofspiel, GoofspielState
from plywise.games.grid.othello import Othello, OthelloState
from plywise.games.grid.placing import PlacingGame, PlacingState
from plywise.games.registry import make_game

AGENTS = ["player_0", "player_1"]

Encoder = tuple[tuple[int, ...], Callable[[Any, int], NDArray[np.float32]]]
"""The shape of a player's observation, and the function that makes it."""


def env(name: str, **parameters: Any) -> Any:
    """Return the game ``name`` as an AEC environment in PettingZoo's usual wrappers.

    Raises:
        ConfigError: there is no such game, or its observations have no array form here.
    """
    wrapped = wrappers.TerminateIllegalWrapper(GameEnv(make_game(name, **parameters)), -1)
    return wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(wrapped))


class GameEnv(AECEnv):  # type: ignore[misc]
    """One game, unwrapped; ``state_of_play`` is the :class:`State`.

    An observation is ``{"observation": float32 array in [0, 1], "action_mask": int8 array}``, the
    agent's side first (:func:`encoder_of`).  Rewards are given at the end: 1, 0 or -1.
    """

    def __init__(self, game: Game) -> None:
        super().__init__()
        self.game = game
        self._shape, self._encode = encoder_of(game)
        self.metadata = {
            "name": f"plywise_{game.info.name}_v0",
            "is_parallelizable": False,
            "render_modes": ["ansi"],
        }
        self.render_mode = "ansi"
        self.possible_agents = list(AGENTS)
        count = game.num_distinct_actions()
        self.action_spaces: dict[str, spaces.Space[Any]] = {
            agent: spaces.Discrete(count) for agent in AGENTS
        }
        self.observation_spaces: dict[str, spaces.Space[Any]] = {
            agent: spaces.Dict(
                {
                    "observation": spaces.Box(0, 1, self._shape, np.float32),
                    "action_mask": spaces.Box(0, 1, (count,), np.int8),
                }
            )
            for agent in AGENTS
        }
        self._seeds = Random()

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's observations."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's actions."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start a game; ``seed`` determines all chance in it and in the games after it."""
        if seed is not None:
            self._seeds = Random(seed)
        game_seed = self._seeds.getrandbits(31)
        self._chance = Random(f"{game_seed}/chance")
        self.state_of_play: State = self.game.new_initial_state(game_seed)
        self._waiting = [NO_ACTION, NO_ACTION]
        self.agents = list(AGENTS)
        self.rewards = dict.fromkeys(AGENTS, 0.0)
        self._cumulative_rewards = dict.fromkeys(AGENTS, 0.0)
        self.terminations = dict.fromkeys(AGENTS, False)
        self.truncations = dict.fromkeys(AGENTS, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in AGENTS}
        self._go_on()

    def _due(self) -> list[int]:
        """Return the players who have not acted at this node."""
        state = self.state_of_play
        mover = state.current_player()
        if mover != SIMULTANEOUS:
            return [mover]
        return [p for p in (0, 1) if self._waiting[p] == NO_ACTION and state.legal_actions(p)]

    def _go_on(self) -> None:
        """Apply chance outcomes, then select the next agent, or end the game."""
        state = self.state_of_play
        while state.current_player() == CHANCE:
            state.apply_action(state.draw_chance(self._chance))
        if state.is_terminal():
            self.rewards = dict(zip(AGENTS, map(float, state.returns()), strict=True))
            self.terminations = dict.fromkeys(AGENTS, True)
        else:
            self.agent_selection = AGENTS[self._due()[0]]

    def observe(self, agent: str) -> dict[str, NDArray[Any]]:
        """Return an agent's observation; its mask is empty if it has no decision now."""
        player = AGENTS.index(agent)
        mask = np.zeros(self.game.num_distinct_actions(), np.int8)
        if agent == self.agent_selection and not self.state_of_play.is_terminal():
            mask[self.state_of_play.legal_actions(player)] = 1
        return {"observation": self._encode(self.state_of_play, player), "action_mask": mask}

    def step(self, action: int | None) -> None:
        """Play the action of the selected agent.

        Raises:
            IllegalActionError: it is not legal (the wrapped environment ends the game instead).
        """
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        player, state = AGENTS.index(agent), self.state_of_play
        if action is None or int(action) not in state.legal_actions(player):
            raise IllegalActionError(f"{agent} cannot play {action} here")
        self._cumulative_rewards[agent] = 0.0
        self.agent_selection = AGENTS[1 - player]
        if state.current_player() == SIMULTANEOUS:
            self._waiting[player] = int(action)
            if not self._due():
                state.apply_actions(self._waiting)
                self._waiting = [NO_ACTION, NO_ACTION]
        else:
            state.apply_action(int(action))
        self._go_on()
        self._accumulate_rewards()

    def render(self) -> str:
        """Return the position as the selected agent sees it."""
        return self.state_of_play.observation_string(AGENTS.index(self.agent_selection))

    def close(self) -> None:
        """Nothing to free."""


def encoder_of(game: Game) -> Encoder:
    """Return the encoder of a game's positions.

    Placing games and Othello: (rows, columns, 2), the player's stones and the opponent's, row 0 at
    the top.  Battleship: (rows, columns, 5): the player's ships, shots at them, the player's misses
    and hits, and whether ships are being placed.  Goofspiel: (cards + 1, 3): by card, whether it is
    in the player's hand and in the opponent's, and how soon it is the prize (1: now, 0: past); the
    last row has both players' points as fractions of all points.

    Raises:
        ConfigError: the game is none of these.
    """
    if isinstance(game, PlacingGame):
        return (game.rows, game.columns, 2), _placing
    if isinstance(game, Othello):
        return (8, 8, 2), _othello
    if isinstance(game, Battleship):
        return (game.rows, game.columns, 5), _battleship
    if isinstance(game, Goofspiel):
        return (game.cards + 1, 3), _goofspiel
    raise ConfigError(f"{game.info.name} has no array form for PettingZoo")


def _placing(state: PlacingState, player: int) -> NDArray[np.float32]:
    game = state.game
    planes = np.zeros((game.rows, game.columns, 2), np.float32)
    for (column, row), owner in state.owner.items():
        planes[game.rows - 1 - row, column, int(owner != player)] = 1
    return planes


def _othello(state: OthelloState, player: int) -> NDArray[np.float32]:
    planes = np.zeros((8, 8, 2), np.float32)
    for (row, column), owner in state.owner.items():
        planes[row, column, int(owner != player)] = 1
    return planes


def _battleship(state: BattleshipState, player: int) -> NDArray[np.float32]:
    game = state.game
    planes = np.zeros((game.squares, 5), np.float32)
    for ship in state.fleets[player]:
        planes[list(ship), 0] = 1
    planes[state.shots_of(1 - player), 1] = 1
    for square, hit, _ in state.results(player):
        planes[square, 3 if hit else 2] = 1
    planes[:, 4] = state.placing(player)
    return planes.reshape(game.rows, game.columns, 5)


def _goofspiel(state: GoofspielState, player: int) -> NDArray[np.float32]:
    cards, at = len(state.prizes), len(state.bids)
    table = np.zeros((cards + 1, 3), np.float32)
    for column, who in enumerate((player, 1 - player)):
        used = {pair[who] for pair in state.bids}
        table[[c for c in range(cards) if c not in used], column] = 1
        table[cards, column] = state.points(who) / sum(state.prizes)
    for k, prize in enumerate(state.prizes[at:]):
        table[prize - 1, 2] = 1 - k / cards
    return table
