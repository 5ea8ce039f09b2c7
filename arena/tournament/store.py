"""The record of a tournament: every finished game, in an SQLite file that only grows.

One process writes (it holds the lock of a file beside the record, which the kernel releases however
that process ends), others may read meanwhile.  Games are written in transactions of SQLite's
write-ahead log with ``synchronous=FULL``: what :meth:`GameStore.add` returned from is on disk and
survives ``kill -9`` as well as a power cut.  ``docs/TOURNAMENTS.md`` lists the columns.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Required, TypedDict

import msgspec
import numpy as np
from filelock import FileLock, Timeout

from plywise.arena.output.files import Closing, writing
from plywise.arena.play.record import Side, two_sides
from plywise.arena.tournament.schedule import GameTask
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.files import DAMAGE
from plywise.datasets.recording import encodable

FORMAT = 2
"""Of the tables; a record of another format is refused."""


class RecordError(PlywiseError):
    """A record that cannot be read or written; nothing that was in it is lost."""


class RecordMismatchError(ConfigError):
    """The record belongs to a tournament with other settings, or to another version."""


@dataclass(slots=True)
class FinishedGame:
    """One row of the record.

    Attributes:
        number, seed: see :class:`~plywise.arena.tournament.schedule.GameTask`.
        players: indices of the agents, player 0 first.
        result: result of player 0, in [-1, 1]; None: the game was abandoned after its retries.
        plies: number of nodes at which a player decided.
        actions: int16 little-endian, (plies, 2): by ply and player, -1 where nothing was decided.
        seconds: wall time; ``ended`` its end, in seconds since 1970.
        sides: each player's part.
        attempts: 1, and one more for each time that the game was aborted before.
        error: why it was aborted the last time; "" if it was not.
        at_fault: index of the agent at fault in the last attempt; None: no agent.
        trace: values and advice (see :func:`pack_trace`), or b"".
    """

    number: int
    players: tuple[int, int]
    seed: int
    result: float | None
    plies: int = 0
    actions: bytes = b""
    seconds: float = 0.0
    ended: float = 0.0
    sides: tuple[Side, Side] = field(default_factory=two_sides)
    attempts: int = 1
    error: str = ""
    at_fault: int | None = None
    trace: bytes = b""

    @property
    def pair(self) -> int:
        """The pair's place in the schedule; the games of a pair have one seed, sides swapped."""
        return self.number // 2

    def result_of(self, agent: int) -> float | None:
        """Return the result for an agent by its index."""
        if self.result is None:
            return None
        return self.result if self.players[0] == agent else -self.result

    def moves(self) -> list[tuple[int, int]]:
        """Return the actions by ply and player."""
        return [(int(a), int(b)) for a, b in np.frombuffer(self.actions, "<i2").reshape(-1, 2)]

    def game(self) -> tuple[object, ...]:
        """Return all that the seed decides: everything but times."""
        return self.number, self.players, self.seed, self.result, self.plies, self.actions


@dataclass(slots=True)
class Fault:
    """An aborted game.

    Attributes:
        task: the game.
        kind: died, timeout, nonsense (of a worker), illegal or exception (of an agent), server or
            stalled (of a battle on a server: the connection was lost, or nothing happened) or
            inactive (lost on the server's timer) or forfeit (of an external account, at once).
        text: reason, one line for people.
        at_fault: index of the agent that was deciding; None: no agent was.
        lost: whether the agent at fault has lost the game by it, which is not played again.
        ended: time of the abort, in seconds since 1970.
        sides: each player's part until then.
    """

    task: GameTask
    kind: str
    text: str
    at_fault: int | None = None
    ended: float = 0.0
    sides: tuple[Side, Side] = field(default_factory=two_sides)
    lost: bool = False

    @property
    def number(self) -> int:
        """The game's place in the schedule."""
        return self.task.number


class _Advice(TypedDict, total=False):
    question: Required[str]
    status: str
    weights: dict[str, float]


class _Traced(TypedDict, total=False):
    """A decision as ``arena/play/trace.py`` keeps it, with a server's views (``o, c, m``)."""

    p: Required[int]
    w: Required[int]
    v: float
    s: dict[str, float]
    q: dict[str, float]
    d: int
    n: int
    a: list[_Advice]
    u: str
    f: str
    o: str
    c: str
    m: dict[str, str]


class _Agent(msgspec.Struct):
    title: str


class _Described(msgspec.Struct):
    name: str


class _Identity(msgspec.Struct):
    """What every identity has; the rest of it is compared and printed alone."""

    code: str
    game: _Described
    agents: Annotated[list[_Agent], msgspec.Meta(min_length=2)]


class _Plan(msgspec.Struct):
    total: Annotated[int, msgspec.Meta(ge=0)] = 0
    group: dict[str, Any] = {}


def pack_actions(actions: Sequence[tuple[int, int]]) -> bytes:
    """Return actions as the record holds them."""
    return np.asarray(actions, "<i2").reshape(-1, 2).tobytes()


def pack_trace(trace: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a list of decisions as compressed JSON; b"" for an empty one."""
    if not trace:
        return b""
    return zlib.compress(json.dumps(trace, separators=(",", ":")).encode(), 1)


def unpack_trace(packed: bytes) -> list[dict[str, Any]]:
    """Return the list that :func:`pack_trace` packed."""
    return msgspec.json.decode(zlib.decompress(packed), type=list[_Traced]) if packed else []


_SIDE = [f.name for f in fields(Side)]
_SIDE_COLUMNS = [f"{name}_{player}" for player in (0, 1) for name in _SIDE]
_SAME = (  # columns with the names of a game's attributes
    "number", "pair", "seed", "result", "plies", "actions", "seconds", "ended", "attempts", "error",
    "trace",
)  # fmt: skip
_COLUMNS = [*_SAME, "player_0", "player_1", "culprit", *_SIDE_COLUMNS]
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE agents (id INTEGER PRIMARY KEY, title TEXT NOT NULL, config TEXT NOT NULL);
CREATE TABLE games (
    number INTEGER PRIMARY KEY, pair INTEGER NOT NULL,
    player_0 INTEGER NOT NULL REFERENCES agents, player_1 INTEGER NOT NULL REFERENCES agents,
    seed INTEGER NOT NULL, result REAL, plies INTEGER NOT NULL, actions BLOB NOT NULL,
    seconds REAL NOT NULL, ended REAL NOT NULL, attempts INTEGER NOT NULL,
    error TEXT NOT NULL, culprit INTEGER, trace BLOB NOT NULL,
    {", ".join(f"{column} NOT NULL" for column in _SIDE_COLUMNS)}
);
CREATE TABLE faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, culprit INTEGER, ended REAL NOT NULL
);
"""


class GameStore(Closing):
    """A record, open for writing (:meth:`open`) or for reading alone (:meth:`read`).

    Attributes:
        path: the file.
        identity: version, game, agents and settings that decide a game; another record's differ.
        titles: names of the agents in tables, by index.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: FileLock | None) -> None:
        self.path = path
        self._db = connection
        self._db.row_factory = sqlite3.Row
        self._lock = lock
        self.identity: dict[str, Any] = {}
        self.titles: list[str] = []

    @classmethod
    def open(cls, path: Path, identity: Mapping[str, Any]) -> GameStore:
        """Open a record to continue it, or begin a new one.

        Args:
            path: the file; folders are made.
            identity: plain values; ``identity["agents"]`` is a list of mappings with ``title``.

        Raises:
            RecordMismatchError: it belongs to another tournament; the message names the difference.
            RecordError: another process writes it, it is no record, or the disk refuses it.
        """
        identity = json.loads(json.dumps(identity))
        with ExitStack() as undo:
            lock = _lock(path)
            undo.callback(lock.release)
            store = cls(path, _connect(path, "rwc"), lock)
            undo.callback(store._db.close)
            with store._guard():
                # Until it is written for the first time the file may be half made.
                store._db.execute("PRAGMA journal_mode=WAL")
                store._db.execute("PRAGMA synchronous=FULL")
                if not store._has_tables():
                    store._create(identity)
            store._load()
            if differences := differing(store.identity, identity):
                raise RecordMismatchError(_mismatch(path, differences))
            undo.pop_all()  # the caller closes it
        return store

    @classmethod
    def read(cls, path: Path) -> GameStore:
        """Open a record to read it, whether or not a tournament is writing it.

        Raises:
            RecordError: there is none, or it is no record.
        """
        if not path.is_file():
            raise RecordError(f"there is no record {path}")
        store = cls(path, _connect(path, "ro"), None)
        try:
            with store._guard():
                if not store._has_tables():
                    raise RecordError(f"{path} is not a tournament record of Plywise")
            store._load()
        except BaseException:
            store.close()
            raise
        return store

    # --- writing ----------------------------------------------------------------------------

    def add(self, games: Sequence[FinishedGame], faults: Sequence[Fault] = ()) -> None:
        """Write games and faults, all or none; on disk when this returns.

        Raises:
            RecordError: the disk refuses them, or a game stands there already.
        """
        marks = ", ".join(f":{column}" for column in _COLUMNS)
        with self._guard(), self._db:
            self._db.executemany(
                f"INSERT INTO games ({', '.join(_COLUMNS)}) VALUES ({marks})", map(_row, games)
            )
            self._db.executemany(
                "INSERT INTO faults (number, kind, text, culprit, ended) VALUES (?, ?, ?, ?, ?)",
                [(f.task.number, f.kind, encodable(f.text), f.at_fault, f.ended) for f in faults],
            )

    def set_plan(self, plan: Mapping[str, Any]) -> None:
        """Keep settings that may change from run to run (pairs, anchor, …) for the report."""
        with self._guard(), self._db:
            self._db.execute("REPLACE INTO meta VALUES ('plan', ?)", (json.dumps(plan),))

    # --- reading ----------------------------------------------------------------------------

    def plan(self) -> dict[str, Any]:
        """Return the last value of :meth:`set_plan`."""
        with self._guard():
            found: dict[str, Any] = json.loads(self._meta("plan") or "{}")
            msgspec.convert(found, _Plan)
        return found

    def numbers(self) -> set[int]:
        """Return the numbers of all games that are in the record."""
        with self._guard():
            return {row[0] for row in self._db.execute("SELECT number FROM games")}

    def games(self, *, trace: bool = False, numbers: range | None = None) -> Iterator[FinishedGame]:
        """Yield the games by number, with their traces if ``trace``."""
        span = range(2**62) if numbers is None else numbers
        columns = ", ".join(c if c != "trace" or trace else "x'' AS trace" for c in _COLUMNS)
        with self._guard():
            query = f"SELECT {columns} FROM games WHERE number >= ? AND number < ? ORDER BY number"
            for row in self._db.execute(query, (span.start, span.stop)):
                yield _game(row, len(self.titles))

    def trace(self, number: int) -> list[dict[str, Any]]:
        """Return the trace of one game, [] where none was kept."""
        with self._guard():
            found = self._db.execute("SELECT trace FROM games WHERE number = ?", (number,))
            row = found.fetchone()
            return unpack_trace(row[0]) if row else []

    def faults(self) -> list[dict[str, Any]]:
        """Return all faults in the order in which they happened."""
        with self._guard():
            query = "SELECT number, kind, text, culprit AS at_fault, ended FROM faults"
            return [dict(row) for row in self._db.execute(query)]

    def close(self) -> None:
        """Close the file and release the lock."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    # --- inside -----------------------------------------------------------------------------

    def _has_tables(self) -> bool:
        # Tables and meta rows come in one transaction: all are there or none.
        found = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        names = {row[0] for row in found}
        if names and not {"meta", "agents", "games", "faults"} <= names:
            raise RecordError(f"{self.path} is an SQLite file, but no tournament record of Plywise")
        return bool(names)

    def _create(self, identity: Mapping[str, Any]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))
        self._db.execute("INSERT INTO meta VALUES ('identity', ?)", (json.dumps(identity),))
        self._db.executemany(
            "INSERT INTO agents VALUES (?, ?, ?)",
            [(i, a["title"], json.dumps(a)) for i, a in enumerate(identity["agents"])],
        )
        self._db.commit()

    def _load(self) -> None:
        found = self._meta("format")
        if found != str(FORMAT):
            raise RecordMismatchError(
                f"{self.path} has format {found}, this version of Plywise reads {FORMAT}: open it "
                "with the version that wrote it"
            )
        with self._guard():
            self.identity = json.loads(self._meta("identity"))
            self.titles = [a.title for a in msgspec.convert(self.identity, _Identity).agents]

    def _meta(self, key: str) -> str:
        with self._guard():
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise RecordError(f"{self.path} holds this game already ({error})") from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise RecordError(f"{self.path} cannot hold this game: {error}") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # a closed database has none
            if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise self._damaged(error) from error
            raise RecordError(
                f"cannot use the record {self.path}: {error}; what it held is kept, and the same "
                "command continues once that is mended"
            ) from error
        except (*DAMAGE, RecursionError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> RecordError:
        return RecordError(
            f"{self.path} is damaged or no tournament record of Plywise ({error}); it is left as "
            "it is: restore it, or name another with tournament.record=FILE"
        )


def _row(game: FinishedGame) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(game, name) for name in _SAME}
    row["error"] = encodable(game.error)
    first, second = game.players
    row |= {"player_0": first, "player_1": second, "culprit": game.at_fault}
    for player, side in enumerate(game.sides):
        row |= {f"{name}_{player}": getattr(side, name) for name in _SIDE}
    return row


def _game(row: sqlite3.Row, agents: int) -> FinishedGame:
    """Return the game of a row; ValueError where it cannot be one."""
    sides = [{name: row[f"{name}_{player}"] for name in _SIDE} for player in (0, 1)]
    plain: dict[str, Any] = {name: row[name] for name in _SAME if name != "pair"}
    plain |= {"players": (row["player_0"], row["player_1"]), "at_fault": row["culprit"]}
    game = msgspec.convert(plain | {"sides": sides}, FinishedGame)
    known = all(0 <= one < agents for one in game.players)
    numbers = (game.result or 0.0, game.seconds, game.ended, *(s.seconds for s in game.sides))
    if not known or not all(map(isfinite, numbers)) or len(game.actions) != 4 * game.plies:
        raise ValueError(f"game {game.number} is none between its agents")
    return game


def _lock(path: Path) -> FileLock:
    """Take the right to write; refuse where another process has it."""
    if path.exists() and not path.is_file():
        raise RecordError(f"the record {path} is no file; name one with tournament.record=FILE")
    # A file of its own: closing any handle of the record would drop SQLite's own locks on it.
    beside = path.with_name(f"{path.name}.lock")
    lock = FileLock(beside, blocking=False, thread_local=False)
    with writing(beside, RecordError):
        try:
            lock.acquire()
        except Timeout:  # an OSError too
            raise RecordError(
                f"another process is writing the record {path}: wait for it, or name another with "
                "tournament.record=FILE"
            ) from None
    return lock


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        # The screen's thread never touches it, but Ctrl-C handling may close it from elsewhere.
        return sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=10.0)
    except sqlite3.Error as error:
        raise RecordError(f"cannot open the record {path}: {error}") from error


# --- identity of a record --------------------------------------------------------------------


def differing(there: Any, here: Any, key: str = "") -> list[tuple[str, Any, Any]]:
    """Return (key, value there, value here) of all that differs in two plain values."""
    if isinstance(there, dict) and isinstance(here, dict):
        found = []
        for name in dict.fromkeys([*there, *here]):
            below = f"{key}.{name}" if key else str(name)
            found += differing(there.get(name), here.get(name), below)
        return found
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        pairs: Iterable[tuple[int, tuple[Any, Any]]] = enumerate(zip(there, here, strict=True))
        return [d for i, (a, b) in pairs for d in differing(a, b, f"{key}[{i}]")]
    return [] if there == here else [(key, there, here)]


def _mismatch(path: Path, differences: list[tuple[str, Any, Any]]) -> str:
    shown = "; ".join(
        f"{key} is {json.dumps(there)} there, {json.dumps(here)} here"
        for key, there, here in differences[:3]
    )
    more = f" (and {len(differences) - 3} more)" if len(differences) > 3 else ""
    if differences[0][0] in ("plywise", "code"):
        what, mend = "was played by another version", "continue it with that version"
    else:
        what, mend = "belongs to another tournament", "continue it with its own settings"
    return (
        f"the record {path} {what}: {shown}{more}; {mend}, or begin a new one with "
        "tournament.record=FILE"
    )
