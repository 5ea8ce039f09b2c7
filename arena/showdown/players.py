"""Makes the two poke-env players of a match: our agents, or poke-env's own baselines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

from plywise.arena.agents.spec import Agent
from plywise.arena.showdown.connections import player_options, silence
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.showdown import ServerConfig, ShowdownConfig
from plywise.datasets.address_secrets import reveal
from plywise.datasets.errors import ConfigError
from plywise.datasets.recording import Losses
from plywise.games.showdown.adviser import AdviceRecord, AdvisingPlayer
from plywise.games.showdown.baselines import baseline
from plywise.games.showdown.login import Account
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.player import DecisionRecord, PlywisePlayer
from plywise.games.showdown.teams.brought import brought_teams


def account(server: ServerConfig, *, ours: bool) -> Account:
    """Return an account: the named one for our side, else a fresh name without password.

    Raises:
        ConfigError: the variable that should hold the password is empty.
    """
    login_url = reveal(server.signed_by or "", "server.login_url")
    if ours and server.username is not None:
        return Account(server.username, _password(server), login_url)
    # A name may be taken on a shared server, so it ends in something random.
    name = f"{'plywise' if ours else 'rival'} {secrets.token_hex(3)}"
    return Account(name, login_url=login_url)


def _password(server: ServerConfig) -> str:
    if server.password_env is None:
        return ""
    # Its value is not repeated: somebody may have put the password itself there.
    password = os.environ.get(server.password_env)
    if not password:
        raise ConfigError(
            "server.password_env: there is no environment variable of the name that it gives, or "
            "it is empty: it takes the name of the variable that holds the password"
        )
    return password


def make_player(
    config: ShowdownConfig,
    who: AgentConfig,
    *,
    ours: bool,
    url: str,
    agent: Agent | None,
    on_decision: Callable[[DecisionRecord], None] | None,
    losses: Losses | None,
    on_answer: Callable[[AdviceRecord], None] | None = None,
) -> CheckedPlayer:
    """Return a player that is not connected yet.

    ``agent`` decides for it; None for poke-env's own players, chosen by ``who.name``.
    ``on_answer`` is called with advice when the person has played (``mode=advise``).

    Raises:
        ConfigError: the variable that should hold the password is empty, or the engine cannot play
            the format.
        TeamError: a file holds no team, or there are no teams of ours for the format.
    """
    format, seed = config.game.battle_format, config.seed + (0 if ours else 1)
    options = player_options(url, account(config.server, ours=ours), format) | {
        "max_concurrent_battles": 0,  # whoever seeks battles counts them
        "start_timer_on_battle_start": config.server.timer,
        "team": brought_teams(format, config.game.teams, seed),
    }
    player: CheckedPlayer
    if agent is None:
        player = baseline(who.name, **options)
    else:
        options |= {
            "seed": seed,
            "on_decision": on_decision,
            "losses": losses,
            "workers": config.workers,
        }
        if config.mode == "advise":
            player = AdvisingPlayer(agent, on_answer=on_answer, **options)
        else:
            player = PlywisePlayer(agent, **options)
    if ours and config.greeting is not None:
        player.greeting = config.greeting
    silence(player)
    return player
