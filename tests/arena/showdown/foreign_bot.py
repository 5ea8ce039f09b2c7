"""A bot of others: a plain poke-env player with its own account, which accepts challenges.

It knows nothing of Plywise: ``python foreign_bot.py URL NAME [--kind random|heuristics]``.  With
``--teams FILE`` it writes its team in each battle as a line of JSON; ``--leave TURN`` ends its
process at that turn of its first battle, ``--forfeit TURN`` gives each
battle up at that turn, ``--silent`` never answers a request, ``--deaf`` accepts
no challenge.  It waits for the server for two minutes.
"""

import argparse
import asyncio
import json
import os
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.player import RandomPlayer, SimpleHeuristicsPlayer


def bot(kind: type[Any], asked: argparse.Namespace) -> Any:
    """Return the player; not connected where it is to be deaf."""

    class Bot(kind):  # type: ignore[misc]
        def choose_move(self, battle: Any) -> Any:
            if asked.leave and battle.turn >= asked.leave:
                os._exit(0)
            if asked.forfeit is not None and battle.turn >= asked.forfeit:
                return self.give_up(battle)
            if asked.silent:
                return asyncio.Event().wait()
            if asked.teams and not getattr(battle, "noted", False):
                battle.noted = True
                team = sorted(mon.species for mon in battle.team.values())
                with Path(asked.teams).open("a", encoding="utf-8") as file:
                    file.write(json.dumps([battle.player_role, team]) + "\n")
            return super().choose_move(battle)

        async def give_up(self, battle: Any) -> Any:
            await self.ps_client.send_message("/forfeit", battle.battle_tag)
            return await asyncio.Event().wait()

    return Bot(
        account_configuration=AccountConfiguration(asked.name, None),
        server_configuration=ServerConfiguration(asked.url, ""),
        battle_format="gen9randombattle",
    )


def wait_for_server(url: str) -> None:
    """Return when somebody listens at the address."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            socket.create_connection((host, port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)


async def main() -> None:
    """Log in, and accept challenges until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("name")
    parser.add_argument("--kind", choices=("random", "heuristics"), default="random")
    parser.add_argument("--teams")
    parser.add_argument("--leave", type=int)
    parser.add_argument("--forfeit", type=int)
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--deaf", action="store_true")
    asked = parser.parse_args()
    wait_for_server(asked.url)
    player = bot({"random": RandomPlayer, "heuristics": SimpleHeuristicsPlayer}[asked.kind], asked)
    if asked.deaf:
        await asyncio.Event().wait()
    await player.accept_challenges(None, 10_000)


if __name__ == "__main__":
    asyncio.run(main())
