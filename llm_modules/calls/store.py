"""Caches of answers by request, in memory or in an SQLite file."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from contextlib import closing
from pathlib import Path

import msgspec

from plywise.datasets.files import DAMAGE
from plywise.llm_modules.calls.chat import Answer
from plywise.llm_modules.calls.errors import LLMConfigError

log = logging.getLogger("plywise.llm")

_APPLICATION_ID = 0x504C5943  # "PLYC": marks an SQLite file as this cache
_VERSION = 1
_BUSY_SECONDS = 5.0  # longest wait for another process that writes


class MemoryStore:
    """Cache in memory of the most recently used answers."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Answer | None:
        """Return the cached answer, None if there is none, and mark it as used."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: str, answer: Answer) -> None:
        """Store an answer; the least recently used one is dropped if there are too many."""
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > self._entries:
                self._answers.popitem(last=False)

    def close(self) -> None:
        """Nothing to free."""


class FileStore:
    """Cache in an SQLite file: persistent, shared by processes, consistent after a kill.

    An answer is in the file when :meth:`put` returns.  A later failure of the file (a full disk)
    loses only answers: it is logged once and counted in ``faults``.

    Args:
        path: file; created if missing.

    Raises:
        LLMConfigError: the file cannot be opened or is not such a cache.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self.faults = 0
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
        except (OSError, sqlite3.Error) as error:
            raise LLMConfigError(f"cannot open llm.cache={path}: {error}") from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise LLMConfigError(f"llm.cache={path} is not a cache of answers: {error}") from None
        except LLMConfigError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        if self._read("SELECT COUNT(*) FROM sqlite_master") and (
            self._read("PRAGMA application_id") != _APPLICATION_ID
            or self._read("PRAGMA user_version") != _VERSION
        ):
            raise LLMConfigError(
                f"llm.cache={self.path} is an SQLite file, but not a cache of this version"
            )
        self._db.execute("PRAGMA journal_mode=WAL")  # readers do not wait for a writer
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("BEGIN IMMEDIATE")  # one process creates the table, the others wait
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, made REAL NOT NULL, "
            "answer TEXT NOT NULL) WITHOUT ROWID"
        )
        self._db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        self._db.execute(f"PRAGMA user_version={_VERSION}")
        self._db.execute("COMMIT")

    def _read(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    def get(self, key: str) -> Answer | None:
        """Return the cached answer, None if there is none."""
        try:
            with self._lock:
                row = self._db.execute(
                    "SELECT answer FROM answers WHERE key = ?", (key,)
                ).fetchone()
            return None if row is None else msgspec.convert(json.loads(row[0]), Answer)
        except (*DAMAGE, RecursionError, TypeError) as error:  # sqlite3.Error, or a damaged row
            self._count_fault(error)
            return None

    def put(self, key: str, answer: Answer) -> None:
        """Store an answer; an existing one with the same key is kept."""
        row = (key, time.time(), json.dumps(msgspec.to_builtins(answer)))
        try:
            with self._lock:
                self._db.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", row)
        except sqlite3.Error as error:
            self._count_fault(error)

    def __len__(self) -> int:
        """Return the number of answers in the file."""
        with self._lock:
            return self._read("SELECT COUNT(*) FROM answers")

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock, closing(self._db):
            pass

    def _count_fault(self, error: Exception) -> None:
        with self._lock:
            self.faults += 1
            first = self.faults == 1
        if first:
            log.warning("llm.cache=%s fails, answers are not cached: %s", self.path, error)
