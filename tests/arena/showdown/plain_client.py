"""A person's client on a terminal: Showdown's protocol on a websocket, and nothing else.

``python plain_client.py URL NAME WAY`` where WAY is ``accept``, ``challenge:USER``, ``ladder`` or
``watch``.  It knows neither Plywise nor poke-env: it logs in by ``/trn NAME,0,``, plays a random
choice that the request allows, and prints what its player is sent.

``--login URL --password WORD`` signs the name.  ``--battles N`` ends it after N battles (0: never).
``--think SECONDS`` is the longest thought about a choice; ``--seed N`` draws both.  ``--stay``
connects again after a loss.  ``--patience SECONDS`` forfeits a battle in which nothing has happened
for so long.  ``watch`` follows all battles as a spectator and writes the lines of each into
``--out FOLDER``.
"""

import argparse
import asyncio
import json
import os
import random
import re
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

FORMAT = "gen9randombattle"
LOOK_SECONDS = 0.2
ASK_SECONDS = 1.0


def user_id(name: str) -> str:
    """Return the id of a name."""
    return re.sub("[^a-z0-9]", "", name.lower())


def is_end(line: str) -> bool:
    """Whether a line ends a battle."""
    return line == "|tie" or line.startswith("|win|")


def choices(request: dict[str, Any]) -> list[str]:
    """Return the choices that a request of a singles battle allows."""
    team = request["side"]["pokemon"]
    fainted = [mon["condition"].endswith(" fnt") for mon in team]
    forced = request.get("forceSwitch", [False])[0]
    reviving = forced and any(mon.get("reviving") for mon in team)
    switches = [
        f"switch {place + 1}"
        for place, mon in enumerate(team)
        if fainted[place] == reviving and (reviving or not mon["active"])
    ]
    if forced:
        return switches or ["pass"]
    active = request["active"][0]
    moves = [
        f"move {place + 1}" for place, m in enumerate(active["moves"]) if not m.get("disabled")
    ]
    if active.get("canTerastallize"):
        moves += [f"{move} terastallize" for move in moves]
    held = active.get("trapped") or active.get("maybeTrapped")
    return moves + ([] if held else switches) or ["default"]


class Client:
    """One account; ``began`` and ``ended`` are the tags of its battles."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.dice = random.Random(asked.seed)
        self.began: set[str] = set()
        self.ended: set[str] = set()
        self.named = False
        self.open = False  # a challenge or a search of ours
        self.waiting: list[str] = []  # who challenges us
        self.moved: dict[str, float] = {}  # when something has happened in a battle of its own
        self.logs: dict[str, list[str]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.socket: Any = None

    @property
    def done(self) -> bool:
        """Whether it has played what it was asked to."""
        return bool(self.asked.battles) and len(self.ended) >= self.asked.battles

    async def run(self) -> None:
        """Connect, and play."""
        while not self.done:
            try:
                async with connect(self.asked.url, max_size=None, proxy=None) as self.socket:
                    self.named = self.open = False
                    self.waiting.clear()
                    seeking = asyncio.create_task(self.seek())
                    try:
                        async for message in self.socket:
                            await self.read(str(message))
                            if self.done:
                                return
                    finally:
                        seeking.cancel()
            except (OSError, WebSocketException) as error:
                if not self.asked.stay:
                    raise
                print(f"lost: {error}", flush=True)
            await asyncio.sleep(0.5)

    async def forfeit_stalled(self) -> None:
        """Forfeit battles in which nothing happens."""
        now = asyncio.get_running_loop().time()
        for tag, at in self.moved.items():
            if tag not in self.ended and now - at > self.asked.patience:
                self.moved[tag] = now
                await self.socket.send(f"{tag}|/forfeit")

    async def seek(self) -> None:
        """Ask for battles, one at a time."""
        way, _, whom = self.asked.way.partition(":")
        asked_at = -ASK_SECONDS
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.asked.patience:
                await self.forfeit_stalled()
            if way == "watch":
                await self.socket.send(f"|/cmd roomlist {FORMAT}")
                continue
            more = not self.asked.battles or len(self.began) < self.asked.battles
            if not self.named or not more:
                continue
            if way == "accept":
                while self.waiting:
                    await self.socket.send(f"|/utm null\n/accept {self.waiting.pop()}")
            elif self.began == self.ended and not self.open and clock() - asked_at > ASK_SECONDS:
                asked_at = clock()
                word = f"/challenge {whom}, {FORMAT}" if whom else f"/search {FORMAT}"
                await self.socket.send(f"|/utm null\n{word}")

    async def read(self, message: str) -> None:
        """Read what the server sends."""
        head, *lines = message.split("\n")
        if head.startswith(">battle-"):
            await self.read_battle(head[1:], lines)
            return
        for line in (head, *lines):
            _, kind, *fields = [*line.split("|", 2), "", ""]
            if kind == "challstr" and self.asked.way != "watch":
                await self.socket.send(f"|/trn {self.asked.name},0,{self.signed(fields[0])}")
            elif kind == "updateuser":
                who = fields[0].split("|")[0][1:].removesuffix("@!")
                self.named = user_id(who) == user_id(self.asked.name)
            elif kind == "updatesearch":
                self.open = bool(json.loads(fields[0]).get("searching"))
            elif kind == "pm":
                self.private(*fields[0].split("|", 2))
            elif kind == "queryresponse":
                await self.note_rooms(fields[0])
            elif kind in ("popup", "nametaken"):
                print(line, flush=True)

    def private(self, sender: str, receiver: str, text: str) -> None:
        """Note challenges."""
        if not text.startswith("/challenge"):
            return
        ours = user_id(sender) == user_id(self.asked.name)
        battle_format = text.removeprefix("/challenge").strip().split("|")[0]
        if ours:
            self.open = bool(battle_format)
        elif battle_format == FORMAT:
            self.waiting.append(user_id(sender))

    def signed(self, challenge: str) -> str:
        """Return what the login server signs; "" where there is none."""
        if not self.asked.login:
            return ""
        fields = {"act": "login", "name": self.asked.name, "pass": self.asked.password}
        if not self.asked.password:
            fields = {"act": "getassertion", "userid": user_id(self.asked.name)}
        data = urllib.parse.urlencode(fields | {"challstr": challenge}).encode()
        with urllib.request.urlopen(self.asked.login, data, timeout=15) as answer:
            text: str = answer.read().decode()
        return str(json.loads(text[1:])["assertion"]) if self.asked.password else text

    async def note_rooms(self, text: str) -> None:
        """Join battles as a spectator."""
        kind, _, answer = text.partition("|")
        if kind != "roomlist":
            return
        for tag in json.loads(answer)["rooms"]:
            if tag not in self.logs:
                self.logs[tag] = []
                await self.socket.send(f"|/join {tag}")

    async def read_battle(self, tag: str, lines: list[str]) -> None:
        """Follow one battle; answer its requests."""
        if self.asked.way == "watch":
            await self.log(tag, lines)
            return
        if tag not in self.began:
            self.began.add(tag)
            self.open = False
        self.moved[tag] = asyncio.get_running_loop().time()
        for line in lines:
            if line.startswith("|request|{"):
                request = json.loads(line.removeprefix("|request|"))
                if not request.get("wait"):
                    task = asyncio.create_task(self.choose(tag, request))
                    self.tasks.add(task)
                    task.add_done_callback(self.tasks.discard)
            elif is_end(line):
                self.ended.add(tag)
                await self.socket.send(f"|/leave {tag}")
            elif line.startswith("|error|"):
                print(f"{tag} {line}", flush=True)
                if "Can't" in line:
                    await self.socket.send(f"{tag}|/choose default")
            if is_end(line) or line.startswith(("|turn|", "|move|", "|switch|")):
                print(f"{tag} {line}", flush=True)

    async def choose(self, tag: str, request: dict[str, Any]) -> None:
        """Think, and choose."""
        await asyncio.sleep(self.dice.uniform(0.0, self.asked.think))
        choice = self.dice.choice(choices(request))
        await self.socket.send(f"{tag}|/choose {choice}|{request['rqid']}")

    async def log(self, tag: str, lines: list[str]) -> None:
        """Keep a spectator's lines; write them when the battle is over."""
        kept = self.logs.setdefault(tag, [])
        if "|init|battle" in lines:
            kept.clear()
        kept += lines
        if tag not in self.ended and any(map(is_end, lines)):
            self.ended.add(tag)
            (self.asked.out / f"{tag}.log").write_text("\n".join(kept) + "\n", encoding="utf-8")
            await self.socket.send(f"|/leave {tag}")  # a user is in 50 rooms at most


def main() -> None:
    """Read the arguments, and play."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("name")
    parser.add_argument("way")
    parser.add_argument("--login", default="")
    parser.add_argument("--password", default=os.environ.get("PLAIN_CLIENT_PASSWORD", ""))
    parser.add_argument("--battles", type=int, default=1)
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=0.0)
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--out", type=Path)
    asyncio.run(Client(parser.parse_args()).run())


if __name__ == "__main__":
    main()
