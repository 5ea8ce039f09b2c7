"""Makes the two poke-env players of a match: our agents, or poke-env's own baselines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

from poke_env import AccountConfiguration

from plywise.arena.agents.spec import Agent
from plywise.arena.showdown.connections import player_options, silence
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.datasets.errors import ConfigError
from plywise.datasets.recording import Losses
from plywise.games.showdown.baselines import baseline
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.player import DecisionRecord, PlywisePlayer


def account(server: ServerConfig, *, ours: bool) -> AccountConfiguration:
    """Return an account: the named one for our side, else a fresh name without password.

    Raises:
        ConfigError: the variable that should hold the password is empty.
    """
    if ours and server.username is not None:
        password = None
        if server.password_env is not None:
            password = os.environ.get(server.password_env)
            if not password:
                raise ConfigError(
                    f"server.password_env={server.password_env}: that variable is not set"
                )
        return AccountConfiguration(server.username, password)
    # A name may be taken on a shared server, so it ends in something random.
    return AccountConfiguration(f"{'plywise' if ours else 'rival'} {secrets.token_hex(3)}", None)


def make_player(
    config: ShowdownConfig,
    who: AgentConfig,
    *,
    ours: bool,
    url: str,
    agent: Agent | None,
    on_decision: Callable[[DecisionRecord], None] | None,
    losses: Losses | None,
) -> CheckedPlayer:
    """Return a player that is not connected yet.

    ``agent`` decides for it; None for poke-env's own players, chosen by ``who.name``.
    """
    options = player_options(url, account(config.server, ours=ours), config.game.name) | {
        "max_concurrent_battles": 0,  # whoever seeks battles counts them
        "start_timer_on_battle_start": config.server.timer,
    }
    player: CheckedPlayer
    if agent is None:
        player = baseline(who.name, **options)
    else:
        player = PlywisePlayer(
            agent=agent,
            seed=config.seed + (0 if ours else 1),
            on_decision=on_decision,
            losses=losses,
            workers=config.workers,
            **options,
        )
    if ours and config.greeting is not None:
        player.greeting = config.greeting
    silence(player)
    return player
