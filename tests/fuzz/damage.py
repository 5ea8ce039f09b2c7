"""Damage to files: bits and bytes, cut and repeated parts, and values of the wrong kind."""

from __future__ import annotations

import copy
import gzip
import json
import sqlite3
import tempfile
import zlib
from pathlib import Path
from random import Random
from typing import Any

_DEEP = 100_000
_NUMBERS = (-1, 0, 1, 2, 7, 255, 256, 32767, -32769, 2**31, -(2**31) - 1, 2**63, -(2**63) - 1,
            10**30, 0.5, 1e308, float("nan"), float("inf"), -1e-320, -0.0, True)  # fmt: skip
_TEXTS = ("", "x", "é", "\0", "\ud83d", "a\nb", "\x1b[31m", "[/x]", "x" * 10_000, "path:x.py",
          "../../x", "NaN", "-1", "𝟙", "🙂")  # fmt: skip
_BYTES = (b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n\n", b"{}", b"[]", b"null", b",",
          b'"', b"\x00" * 1000, b"9" * 500, b"NaN", b"1e400", b"-", b"\xed\xa0\xbd", b"\x1b[2J",
          b"true", b"1", b"{", b"[" * 3000)  # fmt: skip
_WHOLE = (b"", b"\0", b"\n", b"[" * _DEEP, b"[" * _DEEP + b"]" * _DEEP, b'{"a":' * _DEEP,
          b"null", b"[]", b"{}", b"1", b'"x"', b"\xff" * 100, b"\xef\xbb\xbf{}", b"NaN", b"1e400",
          b"SQLite format 3\0" + b"\0" * 4096, b"SQLite format 3\0", b"PK\x03\x04" + b"\0" * 50,
          b"\x1f\x8b\x08" + b"\0" * 50, b"\x1f\x8b", b"a,b\n", b"- " * 3000 + b"x", b"9" * 5000,
          b'"' + b"x" * 200_000, b"{\"format\": 3}", b"\x00" * 100_000, b"[" * 990 + b"]" * 990,
          b"[" * 500 + b"]" * 500, b'{"a":' * 900 + b"1" + b"}" * 900)  # fmt: skip


def damaged(content: bytes, form: str, rng: Random) -> bytes:
    """Return the content with some damage of its form or of any."""
    kind = rng.random()
    if kind < 0.06:
        return rng.choice(_WHOLE)
    if form == "json" and kind < 0.75:
        return _json_damage(content, rng)
    if form == "lines" and kind < 0.75:
        lines = content.splitlines(keepends=True)
        at = rng.choice((0, rng.randrange(len(lines))))
        lines[at] = _json_damage(lines[at], rng) + b"\n"
        return b"".join(lines)
    if form == "sqlite" and kind < 0.75:
        return _row_damage(content, rng)
    if form == "gzip" and kind < 0.4:
        return gzip.compress(damaged(gzip.decompress(content), "lines", rng), mtime=0)
    if form in ("text", "yaml", "python") and kind < 0.6:
        return _field_damage(content, rng)
    return _byte_damage(content, rng)


def _byte_damage(content: bytes, rng: Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 30))):
        if not data:
            break
        at = rng.randrange(len(data))
        end = min(len(data), at + rng.choice((1, 2, 8, 64, 1024)))
        match rng.randrange(7):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.randrange(256)
            case 2:
                del data[at:end]
            case 3:
                del data[at:]
            case 4:
                data[at:at] = data[at:end]
            case 5:
                data[at:at] = rng.choice(_BYTES)
            case 6:
                data[at:end] = bytes(rng.randrange(256) for _ in range(end - at))
    return bytes(data)


def _field_damage(content: bytes, rng: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    for separator in (b",", b": ", b" "):
        if separator in lines[at]:
            parts = lines[at].rstrip(b"\n").split(separator)
            place = rng.randrange(len(parts))
            wrong = rng.choice((*_NUMBERS, *_TEXTS))
            parts[place] = str(wrong).encode("utf-8", "surrogatepass")
            if rng.random() < 0.2:
                del parts[place]
            lines[at] = separator.join(parts) + b"\n"
            break
    else:
        lines[at] = rng.choice(_BYTES)
    if rng.random() < 0.2:
        lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return b"".join(lines)


def _json_damage(text: bytes, rng: Random) -> bytes:
    whole = json.loads(text)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        whole = _value_damage(whole, rng)
    if rng.random() < 0.03:
        place = json.dumps(whole).encode()
        return place.replace(b": 1", b": " + b"[" * _DEEP + b"]" * _DEEP, 1)
    return json.dumps(whole, ensure_ascii=True).encode()


def _value_damage(value: Any, rng: Random) -> Any:
    """Return the value with one place in it changed; texts that are JSON are gone into."""
    if isinstance(value, str) and value[:1] in ("{", "[") and rng.random() < 0.8:
        try:
            return json.dumps(_value_damage(json.loads(value), rng))
        except ValueError:
            pass
    if isinstance(value, dict) and value and rng.random() < 0.93:
        changed = dict(value)
        key = rng.choice(list(changed))
        match rng.randrange(10):
            case 0:
                del changed[key]
            case 1:
                changed[rng.choice(_TEXTS)] = changed.pop(key)
            case _:
                changed[key] = _value_damage(changed[key], rng)
        return changed
    if isinstance(value, list) and value and rng.random() < 0.93:
        changed_list = list(value)
        at = rng.randrange(len(changed_list))
        match rng.randrange(10):
            case 0:
                del changed_list[at:]
            case 1:
                changed_list.insert(at, copy.deepcopy(changed_list[at]))
            case 2:
                changed_list = changed_list * 50
            case _:
                changed_list[at] = _value_damage(changed_list[at], rng)
        return changed_list
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.7:
        return rng.choice((*_NUMBERS, value + 1, -value))
    if isinstance(value, str) and rng.random() < 0.6:
        return rng.choice((*_TEXTS, value[:-1], value * 2, value.upper()))
    return rng.choice((None, [], {}, [value], {"x": value}, *_NUMBERS, *_TEXTS, [[]], [None]))


def _row_damage(content: bytes, rng: Random) -> bytes:
    """Return the database with some of its values replaced."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(content)
        db = sqlite3.connect(file.name)
        db.execute("PRAGMA journal_mode=DELETE")
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        tables = [name for name in tables if not name.startswith("sqlite")]
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            table = rng.choice(tables)
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            rows = db.execute(f"SELECT * FROM {table}").fetchall()
            if not rows:
                continue
            row = rng.choice(rows)
            column = rng.randrange(len(columns))
            wrong = _cell_damage(row[column], rng)
            try:
                if rng.random() < 0.1:
                    db.execute(f"ALTER TABLE {table} RENAME COLUMN {columns[column]} TO other")
                elif rng.random() < 0.05:
                    db.execute(f"DELETE FROM {table}")
                else:
                    where = f"{columns[0]} = ?" if rng.random() < 0.8 else "? IS NOT NULL"
                    db.execute(
                        f"UPDATE {table} SET {columns[column]} = ? WHERE {where}", (wrong, row[0])
                    )
            except (sqlite3.Error, OverflowError):
                continue
        db.commit()
        db.close()
        return Path(file.name).read_bytes()


def _cell_damage(value: Any, rng: Random) -> Any:
    if isinstance(value, bytes) and rng.random() < 0.7:
        try:
            inside = json.loads(zlib.decompress(value))
        except (zlib.error, ValueError):
            return _byte_damage(value, rng) if value else b"\x01"
        if rng.random() < 0.8:
            return zlib.compress(json.dumps(_value_damage(inside, rng)).encode())
        return rng.choice((_byte_damage(value, rng), zlib.compress(rng.choice(_WHOLE))))
    if isinstance(value, str) and rng.random() < 0.8:
        try:
            return json.dumps(_value_damage(json.loads(value), rng), ensure_ascii=True)
        except ValueError:
            pass
    wrong = rng.choice((None, b"\xff\x00", *_NUMBERS, *_TEXTS))
    if isinstance(wrong, int) and not -(2**63) <= wrong < 2**63:
        return 2**63 - 1
    if isinstance(wrong, str):
        return wrong.encode("utf-8", "replace").decode()
    return wrong
