"""A proxy before a real Showdown server that rewrites what the server says, in one of many ways."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from random import Random
from types import TracebackType
from typing import Self, cast

from websockets.asyncio.client import connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Messages = Sequence[str | bytes]


class DropConnection(Exception):  # no error: a way of behaving badly
    """The connection is to be closed now."""


class Behaviour:
    """What the proxy makes of the messages of one connection; this one changes nothing.

    Args:
        seed: of whatever is drawn.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def from_server(self, message: str) -> Messages:
        """Return what the client gets in place of a message."""
        return [message]

    def from_client(self, message: str) -> tuple[Messages, Messages]:
        """Return what the server gets in place of a message, and what the client is told."""
        return [message], []


def _lines(
    rewrite: Callable[[Random, str, str], Sequence[str]], *, kind: str = ""
) -> type[Behaviour]:
    """Return a behaviour that replaces each protocol line of battles (of one kind, if given)."""

    class Rewriting(Behaviour):
        def from_server(self, message: str) -> Messages:
            head, *lines = message.split("\n")
            if not head.startswith(">battle"):
                return [message]
            out: list[str] = []
            for line in lines:
                if not kind or f"{line}|".startswith(f"|{kind}|"):
                    out += rewrite(self.random, head, line)
                else:
                    out.append(line)
            return ["\n".join([head, *out])] if out else []

    return Rewriting


def _renamed(name: str) -> type[Behaviour]:
    """Return a behaviour that calls each battle otherwise, in both directions."""

    class Renaming(Behaviour):
        def from_server(self, message: str) -> Messages:
            return [message.replace("battle-gen9randombattle-", name, 1)]

        def from_client(self, message: str) -> tuple[Messages, Messages]:
            return [message.replace(name, "battle-gen9randombattle-", 1)], []

    return Renaming


def _instead(answer: Callable[[str], Messages]) -> type[Behaviour]:
    """Return a behaviour that replaces each message from the server."""

    class Replacing(Behaviour):
        def from_server(self, message: str) -> Messages:
            return answer(message)

    return Replacing


class _Refusing(Behaviour):
    """Refuses every choice."""

    def from_client(self, message: str) -> tuple[Messages, Messages]:
        room, _, text = message.partition("|")
        if not text.startswith("/choose"):
            return [message], []
        return [], [f">{room}\n|error|[Invalid choice] Can't move: no"]


class _NoBattles(Behaviour):
    """Refuses every challenge."""

    def from_client(self, message: str) -> tuple[Messages, Messages]:
        if not message.startswith("|/challenge "):
            return [message], []
        return [], ["|popup|Due to high load, you are limited to 5 games [/x] at the same time."]


def _known_as(identity: Callable[[str], str]) -> type[Behaviour]:
    """Return a behaviour that calls the client's account otherwise once it is logged in."""

    def rewrite(message: str) -> Messages:
        _, kind, *rest = [*message.split("|", 3), ""]
        if kind != "updateuser" or "|1|" not in message:
            return [message]
        return [f"|updateuser|{identity(rest[0][1:])}|{rest[1]}"]

    return _instead(rewrite)


class _RequestsForEver(Behaviour):
    """Asks again after each choice, with the same request under a new id."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.request = ""
        self.count = 0

    def from_server(self, message: str) -> Messages:
        if "|request|{" in message and '"wait":true' not in message:
            self.request = message
        return [message]

    def from_client(self, message: str) -> tuple[Messages, Messages]:
        if "|/choose" not in message:
            return [message], []
        self.count += 1
        return [], [self.request.replace('"rqid":', f'"rqid":{self.count}')]


class _Dropping(Behaviour):
    """Closes the connection in the second turn."""

    def from_server(self, message: str) -> Messages:
        if "|turn|2" in message:
            raise DropConnection
        return [message]


class _LongName(Behaviour):
    """Gives the opponent a long name with markup and control characters."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.own = self.foe = ""

    def from_client(self, message: str) -> tuple[Messages, Messages]:
        if "|/trn " in message:
            self.own = message.partition("|/trn ")[2].partition(",")[0]
        return [message], []

    def from_server(self, message: str) -> Messages:
        if not message.startswith(">battle"):
            return [message]
        for line in message.split("\n"):
            if line.startswith("|player|") and line.split("|")[3] not in ("", self.own):
                self.foe = line.split("|")[3]
        return [message.replace(self.foe, _LONG_NAME) if self.foe else message]


def _request(change: Callable[[dict[str, object]], object]) -> type[Behaviour]:
    def rewrite(random: Random, head: str, line: str) -> Sequence[str]:
        text = line.removeprefix("|request|")
        return [f"|request|{json.dumps(change(json.loads(text)))}"] if text else [line]

    return _lines(rewrite, kind="request")


def _damaged(random: Random, head: str, line: str) -> Sequence[str]:
    """Return a line with a field removed, doubled, or replaced by garbage, now and then."""
    if random.random() > 0.15 or line.startswith(("|request|", "|win|", "|init|")):
        return [line]
    fields = line.split("|")
    place = random.randrange(len(fields))
    match random.randrange(4):
        case 0:
            del fields[place]
        case 1:
            fields.insert(place, fields[place])
        case 2:
            fields[place] = random.choice(
                ["", "NaN", "-1", "9" * 400, "\x1b[2J", "p9z: ?", "0 fnt"]
            )
        case _:
            random.shuffle(fields)
    return ["|".join(fields)]


_GARBAGE = (
    "|", "||", "|||||", "|turn|x", "|-damage", "|move|", "|-boost|p1a: X|atk|many", "\0\x1b",
    "|switch|p2a: Nobody|Nothing, L999|-5/0", "|faint|", "|-weather", "|player|p3",
    "|teamsize|p1|many", f"|inactive|Time left: {'9' * 400} sec this turn", "|-formechange|x",
    "|poke|p1", "|cant|p1a: X", "|raw|'s rating: x's rating: y", "|error",
)  # fmt: skip
_UNKNOWN = (
    "|zzz|1|2", "|-zzz|p1a: X", "|bigerror|no", "|queryresponse|x|{", "|:|nan", "|c|a|b",
    "|showteam|p1|broken]]", "|clearpoke", "|-mega|p1a: X",
)  # fmt: skip
_PATH = "/../../../../../../tmp/plywise-hostile"
_LONG_NAME = "\x1b]0;T\x07<img src=x onerror=alert(1)>" + "y" * 60_000


def _won_by(name: str) -> type[Behaviour]:
    return _lines(lambda random, head, line: [f"|win|{name}"], kind="win")


BAD_SERVERS: dict[str, type[Behaviour]] = {
    "battle named as a path": _renamed(f"battle-gen9randombattle-{_PATH}-"),
    "battle with a long name": _renamed(f"battle-gen9randombattle-{'9' * 5000}"),
    "battle of another format": _renamed("battle-gen9ou-"),
    "garbage lines": _lines(lambda random, head, line: [random.choice(_GARBAGE), line]),
    "unknown kinds of lines": _lines(lambda random, head, line: [line, random.choice(_UNKNOWN)]),
    "damaged lines": _lines(_damaged),
    "empty lines": _lines(lambda random, head, line: ["", line, ""]),
    "no request": _lines(lambda random, head, line: [], kind="request"),
    "request twice": _lines(lambda random, head, line: [line, line], kind="request"),
    "request cut off": _lines(lambda random, head, line: [line[:100]], kind="request"),
    "request nested": _lines(
        lambda random, head, line: ["|request|" + "[" * 90_000], kind="request"
    ),
    "request of another form": _request(lambda request: {"side": None, "rqid": "x"}),
    "request without active": _request(lambda r: {k: v for k, v in r.items() if k != "active"}),
    "request with surrogates": _lines(
        lambda random, head, line: [line.replace('"ident":"p', '"x":"\\ud83d","ident":"p')],
        kind="request",
    ),
    "other request ids": _request(lambda request: request | {"rqid": -(10**18)}),
    "no request id": _request(lambda r: {k: v for k, v in r.items() if k != "rqid"}),
    "requests for ever": _RequestsForEver,
    "every choice refused": _Refusing,
    "connection dropped": _Dropping,
    "name taken": _instead(
        lambda m: ["|nametaken|x|Your name is \x1b[2J [/x] taken."] if "updateuser|" in m else [m]
    ),
    "ranked and away": _known_as(lambda name: f"@{name.upper()}@!"),
    "named otherwise": _known_as(lambda name: " \x1b[2J[/x]" + "y" * 60_000),
    "challenges refused": _NoBattles,
    "wrong challstr": _instead(lambda m: ["|challstr"] if "|challstr|" in m else [m]),
    "popups": _instead(lambda m: ["|popup|[/x]\x1b[2J||no", m, "|popup|"]),
    "huge message": _instead(lambda m: [m, "|popup|" + "x" * (2 << 20)] if "|turn|1" in m else [m]),
    "frames that are no text": _instead(lambda m: [m.encode(), b"\xff\0"]),
    "frames of garbage between": _instead(lambda m: [b"\xff\0", "", "|", ">", "\n", ">battle", m]),
    "won by nobody": _won_by("somebody else"),
    "won by an empty name": _won_by(""),
    "won twice": _lines(lambda random, head, line: [line, line, "|tie"], kind="win"),
    "long name": _LongName,
    "many battles": _instead(
        lambda m: (
            [m, *(f">battle-gen9randombattle-9{n}\n|init|battle" for n in range(30))]
            if "|turn|1" in m
            else [m]
        )
    ),
    "silent": _instead(lambda m: []),
}


class _PreviewAgain(Behaviour):
    """Asks for a team again in the middle of the battle, before each third request for a move."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.count = 0

    def from_server(self, message: str) -> Messages:
        head, _, text = message.partition("|request|{")
        if not text or '"active"' not in text:
            return [message]
        self.count += 1
        if self.count % 3:
            return [message]
        request = json.loads("{" + text.partition("\n")[0])
        again = {"teamPreview": True, "rqid": request["rqid"], "side": request["side"]}
        return [f"{head}|request|{json.dumps(again)}", message]


def _preview(change: Callable[[dict[str, object]], object]) -> type[Behaviour]:
    """Return a behaviour that changes the requests of Team Preview."""
    return _request(lambda request: change(request) if "teamPreview" in request else request)


def _with_team(resize: Callable[[list[object]], list[object]]) -> type[Behaviour]:
    def change(request: dict[str, object]) -> object:
        side = cast("dict[str, list[object]]", request["side"])
        return request | {"side": side | {"pokemon": resize(side["pokemon"])}}

    return _preview(change)


def _instead_of(kind: str, *lines: str) -> type[Behaviour]:
    return _lines(lambda random, head, line: lines, kind=kind)


BAD_PREVIEWS: dict[str, type[Behaviour]] = {
    "thousands of Pokémon": _lines(lambda random, head, line: [line] * 3000, kind="poke"),
    "no Pokémon": _instead_of("poke"),
    "nothing between bars": _instead_of("poke", "|poke|", "|poke||||", "|poke|p1|", "|poke|p9|X|"),
    "unknown species": _instead_of("poke", "|poke|p1|Nobody-*, L999|", "|poke|p2|<b>, L-5, X|"),
    "hidden formes": _lines(
        lambda random, head, line: [line.replace("|item", "").rstrip("|").split(",")[0] + "-*|"],
        kind="poke",
    ),
    "unknown tier": _instead_of("tier", "|tier|[Gen 99] Nothing"),
    "tier with markup": _instead_of("tier", "|tier|<img src=x>\x1b[2J[/x]" + "y" * 60_000),
    "tier of doubles": _instead_of("tier", "|tier|[Gen 9] Doubles OU"),
    "tier of other rules": _instead_of("tier", "|tier|[Gen 9] National Dex"),
    "no tier": _instead_of("tier"),
    "99 to bring": _instead_of("teampreview", "|teampreview|99"),
    "none to bring": _instead_of("teampreview", "|teampreview|0", "|teampreview|-1"),
    "preview twice": _lines(lambda random, head, line: [line, "|clearpoke", line], kind="start"),
    "started twice": _lines(lambda random, head, line: ["|start", line, "|start"], kind="turn"),
    "teams of 99": _instead_of("teamsize", "|teamsize|p1|99", "|teamsize|p2|99"),
    "teams of none": _instead_of("teamsize", "|teamsize|p1|0", "|teamsize|p2|-6"),
    "asked for none": _preview(lambda r: r | {"maxChosenTeamSize": 0}),
    "asked for 99": _preview(lambda r: r | {"maxChosenTeamSize": 99}),
    "asked for fewer than none": _preview(lambda r: r | {"maxChosenTeamSize": -3}),
    "asked for a text": _preview(lambda r: r | {"maxChosenTeamSize": "three"}),
    "asked for a list": _preview(lambda r: r | {"maxChosenTeamSize": [3]}),
    "asked for infinity": _preview(lambda r: r | {"maxChosenTeamSize": float("inf")}),
    "team of none": _with_team(lambda team: []),
    "team of one": _with_team(lambda team: team[:1]),
    "team of 24": _with_team(lambda team: team * 4),
    "team of nobodies": _with_team(lambda team: [{} for _ in team]),
    "preview again": _PreviewAgain,
}
"""Ways about Team Preview, on top of a server that plays a format that has it."""


class BadServer:
    """The proxy, behaving in one way; a context manager.

    Args:
        upstream: address of the real server.
        way: name of the behaviour.

    Attributes:
        url: the proxy's address.
    """

    def __init__(self, upstream: str, way: str, seed: int = 0) -> None:
        self._upstream = upstream
        self._way = (BAD_SERVERS | BAD_PREVIEWS)[way]
        self._seed = seed
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self._server = starting.result(10)
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/showdown/websocket"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _start(self) -> Server:
        return await serve(self._serve, "127.0.0.1", 0, max_size=None)

    async def _stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, client: ServerConnection) -> None:
        behaviour = self._way(self._seed)
        async with connect(self._upstream, max_size=None, proxy=None) as server:

            async def down() -> None:
                async for message in server:
                    for changed in behaviour.from_server(str(message)):
                        await client.send(changed)

            async def up() -> None:
                async for message in client:
                    changed, answers = behaviour.from_client(str(message))
                    for one in changed:
                        await server.send(one)
                    for answer in answers:
                        await client.send(answer)

            tasks = [asyncio.create_task(down()), asyncio.create_task(up())]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                ends = await asyncio.gather(*tasks, return_exceptions=True)
        expected = (ConnectionClosed, DropConnection, asyncio.CancelledError)
        assert all(end is None or isinstance(end, expected) for end in ends), ends
