"""The modes of ``plywise showdown``: against whom our player plays, and how it meets them.

``local`` makes both players; in the other modes the opponents are whoever comes.  In ``advise`` a
person plays, and ours watches.
"""

from __future__ import annotations

import asyncio
import contextlib

from plywise.arena.showdown.challenges import (
    Accepting,
    Challenging,
    Following,
    Laddering,
    Say,
    Way,
    play_battles,
)
from plywise.arena.showdown.external import external_opponent
from plywise.conf.schemas.showdown import ShowdownConfig
from plywise.datasets.errors import ConfigError
from plywise.games.showdown.messages import CheckedPlayer
from plywise.games.showdown.names import user_id


def ids_of(names: list[str], setting: str) -> list[str]:
    """Return the ids of users whom a setting names.

    Raises:
        ConfigError: a name has neither letters nor digits, so that nobody can have it.
    """
    for name in names:
        if not user_id(name):
            raise ConfigError(f"{setting}={name}: a name on Showdown has letters or digits")
    return [user_id(name) for name in names]


def player_title(config: ShowdownConfig) -> str:
    """Return the name of our side in tables: the agent's, or of the person whom it advises."""
    if config.mode == "advise":
        return f"{config.server.username} advised by {config.agent.title}"
    return config.agent.title


def opponent_title(config: ShowdownConfig) -> str:
    """Return the name of the other side in tables."""
    if config.mode == "local":
        return config.opponent.title
    if config.mode == "challenge":
        return ids_of([config.user or ""], "user")[0]
    if config.mode == "advise":
        return "opponents"
    return "ladder" if config.mode == "ladder" else "challengers"


def way_to_battles(config: ShowdownConfig, say: Say) -> Way:
    """Return how our player comes to battles in a mode other than ``local``.

    Raises:
        ConfigError: a name that nobody can have.
    """
    if account := external_opponent(config):
        return Challenging(account.id, say)
    if config.mode == "challenge":
        return Challenging(ids_of([config.user or ""], "user")[0], say)
    if config.mode == "ladder":
        return Laddering(say)
    if config.mode == "advise":
        return Following()
    return Accepting(ids_of(config.challengers, "challengers"), say)


def may_wait(config: ShowdownConfig, own: CheckedPlayer) -> bool:
    """Whether it is no fault if nothing happens: it is for others to act.

    Our player answers at once, and a dead connection is noticed by itself.  Two players of ours
    never wait for each other, and a challenge that nobody can accept must end.
    """
    if external_opponent(config):  # its patience has a measure of its own, and so has the timer
        return not own.running or config.server.timer
    if config.mode == "challenge":
        return bool(own.running)
    return config.mode != "local"


def announcement(config: ShowdownConfig, own: CheckedPlayer, names: tuple[str, str]) -> str:
    """Return the line that says what is about to happen."""
    battles = f"{config.battles} battles" if config.battles else "battles until stopped"
    if config.mode in ("serve", "accept"):
        whose = ", ".join(ids_of(config.challengers, "challengers")) or "anybody"
        return (
            f"{names[0]} waits as '{own.username}' for challenges of {whose} in {own.format}: "
            f"{battles}"
        )
    if config.mode == "advise":
        return (
            f"{config.agent.title} follows the battles of '{own.username}' in {own.format} and "
            f"sends nothing to them: {battles}"
        )
    if config.mode == "ladder":
        return f"{names[0]} plays as '{own.username}' on the ladder of {own.format}: {battles}"
    return f"{names[0]} v {names[1]}: {battles}"


def how_to_join(own: CheckedPlayer, port: int) -> str:
    """Return how a person on this machine meets our player on its local server.

    Showdown's server sends a browser on to the official client (``https://localhost--PORT.psim.us``),
    which then connects to this machine.
    """
    return (
        f"To play: open http://localhost:{port} in a browser on this machine, choose a name, and "
        f"type  /challenge {own.username}, {own.format}"
    )


async def run_battles(
    config: ShowdownConfig, own: CheckedPlayer, rival: CheckedPlayer | None, say: Say
) -> None:
    """Play all battles of a run; ``rival`` is the second player of ours, None in other modes.

    Raises:
        ChallengeRejectedError: the user whom we challenge does not want to play.
    """
    battles, at_once = config.battles or 0, config.concurrency
    if rival is None:
        await play_battles(own, way_to_battles(config, say), battles, at_once)
        return
    accepting = asyncio.create_task(play_battles(rival, Accepting([own.id], say), 0, at_once))
    try:
        await play_battles(own, Challenging(rival.id, say), battles, at_once)
    finally:
        accepting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await accepting
