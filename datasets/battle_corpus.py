"""Reader of battle corpora: battles of the real simulator, step by step.

A corpus is a (gzipped) file of JSON lines, written by ``showdown/record.js``.  A battle is one
``b`` line followed by its ``t`` lines:

``b``: ``b`` number, ``seed`` of the battle's generator, ``fmt`` format, ``teams`` two packed teams,
``log`` of the start, and, in corpora of our own recorder, ``version`` of the package, ``ties``
(``drawn`` as in every real battle, or ``kept`` where a tie keeps its order without a draw),
``picked`` (which of each team came into the battle, in the order that Team Preview's choice gave
them: all numbers of Pokémon in the corpus are positions there), and, in older ones, ``rules``, the
format whose rules the battle was played by.

``t``: ``b`` battle, ``n`` step, ``c`` both choices (null: nothing to decide), ``leg`` all legal
choices of both sides, ``s0`` state before (first step only: later it is the previous ``s1``),
``s1`` state after, ``log``, ``r`` every random draw as ``[site, numerator, lo, n, result]``
(numerator -1: a plain draw of ``lo … lo+n-1``; else ``randomChance(numerator, n)``), ``seed`` the
generator's state before the step.

Recorded with streams, both also have ``raw``, the log as the simulator wrote it (a ``|split|p1``
before the line for that player and the line for all others), and ``req``, both players' requests
afterwards (null: none); ``b`` then has ``preview``, both requests of Team Preview.

Every line is checked: one that is cut off, an unknown name, an impossible HP or
another version of the package is a :class:`CorpusError` that names the line.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from plywise.datasets.errors import PlywiseError
from plywise.datasets.pokemon_sets import PokemonSet, TeamError, parse_packed_team
from plywise.datasets.showdown_data import ShowdownData, load

Dump = Mapping[str, Any]
"""A compact state; ``engine/battle/border/codec.py``, which reads it, explains its keys."""

TURN_LIMIT = 1000
_MOST = 1 << 32  # the greatest number in a draw
_CHOICE = re.compile(r"move [1-4]( terastallize)?|switch [2-6]|pass|default")
_NOT_IN_TABLE = {"", "recharge"}  # names that a dump may hold and no table does


def _size(packed: str) -> int:
    return packed.count("]") + 1


def _picked(head: Mapping[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    one, two = head.get("picked") or [range(_size(text)) for text in head["teams"]]
    return tuple(one), tuple(two)


class CorpusError(PlywiseError):
    """A corpus that cannot be trusted; the message names file and line."""


@dataclass(frozen=True)
class Draw:
    """One random draw.

    Attributes:
        site: where in the simulator it was made, as ``functions|event:effect``.
        numerator: of ``randomChance(numerator, n)``, which may be a fraction (the accuracy of later
            hits); -1 for a plain draw.
        low, n: the result is one of ``low … low + n - 1``.
        result: what was drawn.
    """

    site: str
    numerator: float
    low: int
    n: int
    result: int


@dataclass(frozen=True)
class RecordedStep:
    """One decision of one or both sides and everything up to the next decision.

    Attributes:
        line: 1-based number of its line in the file.
        number: 0-based position in its battle.
        choices: per side a Showdown choice such as ``"move 1 terastallize"``, None: no decision.
        legal: per side all legal choices, None: no decision.
        seed: state of the generator before it, empty where it was not recorded.
        raw, requests: with streams: see the module.
    """

    line: int
    number: int
    choices: tuple[str | None, str | None]
    legal: tuple[tuple[str, ...] | None, tuple[str, ...] | None]
    before: Dump
    after: Dump
    draws: tuple[Draw, ...]
    log: tuple[str, ...]
    seed: str = ""
    raw: tuple[str, ...] = ()
    requests: tuple[Any, Any] = (None, None)


@dataclass(frozen=True)
class RecordedBattle:
    """One battle from its first decision to its end.

    Attributes:
        keep_ties: a speed tie kept its order and drew nothing; else it was drawn.
        format: whose teams were taken.
        rules: by which format's rules it was played.
        picked: which of each team came into the battle, in the order of the choice.
    """

    line: int
    number: int
    format: str
    rules: str
    seed: str
    packed_teams: tuple[str, str]
    picked: tuple[tuple[int, ...], tuple[int, ...]]
    start_log: tuple[str, ...]
    steps: tuple[RecordedStep, ...]
    keep_ties: bool = True
    says_ties_kept: bool = False
    """It says so itself; ``keep_ties`` alone may also mean that it holds no tie."""
    start_raw: tuple[str, ...] = ()
    start_requests: tuple[Any, Any] = (None, None)

    def teams(self) -> tuple[tuple[PokemonSet, ...], tuple[PokemonSet, ...]]:
        """Return the Pokémon that came into the battle, of both sides, in order."""
        whole = (parse_packed_team(text) for text in self.packed_teams)
        one, two = (
            tuple(team[k] for k in picked) for team, picked in zip(whole, self.picked, strict=True)
        )
        return one, two


def read_corpus(path: Path, limit: int | None = None) -> Iterator[RecordedBattle]:
    """Yield the battles of the corpus at ``path``; with ``limit``, only the first so many.

    Raises:
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            yield from _Reader(path, file).battles(limit)
    except gzip.BadGzipFile as error:
        raise CorpusError(f"{path}: not a gzip file, though its name ends in .gz") from error
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error


def _ties_kept(head: Mapping[str, Any], steps: list[RecordedStep]) -> bool:
    """Return whether ties were kept; a battle without the field shows it by its first drawn tie."""
    if "ties" in head:
        return bool(head["ties"] == "kept")
    return not any(d.site.startswith("shuffle<") for step in steps for d in step.draws)


class _Reader:
    def __init__(self, path: Path, file: TextIO) -> None:
        self.path, self.file, self.line = path, file, 0
        self.data: ShowdownData = load()
        self.known = {
            "species": self.data.species.keys() | self.data.cosmetic.keys(),
            "ability": self.data.abilities.keys() | {"", "noability"},
            "item": self.data.items.keys() | {""},
            "move": self.data.moves.keys() | _NOT_IN_TABLE,
        }

    def wrong(self, reason: str, line: int | None = None) -> CorpusError:
        return CorpusError(f"{self.path}, line {line or self.line}: {reason}")

    def lines(self) -> Iterator[dict[str, Any]]:
        iterator = iter(self.file)
        while True:
            self.line += 1
            try:
                text = next(iterator)
            except StopIteration:
                return
            except (EOFError, OSError, zlib.error) as error:
                if self.line == 1 and isinstance(error, gzip.BadGzipFile):
                    raise
                raise self.wrong(f"the compressed file is cut off or damaged ({error})") from error
            except UnicodeDecodeError as error:
                raise self.wrong(f"not UTF-8 text ({error.reason})") from error
            try:
                found = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise self.wrong("the line is cut off or not JSON; record it again") from error
            if not isinstance(found, dict) or found.get("k") not in ("b", "t"):
                raise self.wrong('neither a battle ("k":"b") nor a step ("k":"t")')
            yield found

    def battles(self, limit: int | None) -> Iterator[RecordedBattle]:
        head: dict[str, Any] | None = None
        head_line = 0
        steps: list[RecordedStep] = []
        done = 0
        for entry in self.lines():
            if entry["k"] == "b":
                if head is not None:
                    with self.sound(head_line):
                        battle = self.battle(head, head_line, steps)
                    yield battle
                    done += 1
                    if limit is not None and done >= limit:
                        return
                with self.sound():
                    self.check_head(entry)
                head, head_line, steps = entry, self.line, []
                continue
            if head is None:
                raise self.wrong("a step before the first battle")
            with self.sound():
                steps.append(self.step(entry, head, steps[-1] if steps else None))
        if head is None:
            raise CorpusError(f"{self.path}: the file is empty")
        with self.sound(head_line):
            battle = self.battle(head, head_line, steps)
        yield battle

    def battle(self, head: dict[str, Any], line: int, steps: list[RecordedStep]) -> RecordedBattle:
        last = steps[-1].after if steps else {}
        if "win" not in last and last.get("turn", 0) < TURN_LIMIT:
            raise self.wrong(f"battle {head['b']} stops before its end: the file is cut off")
        return RecordedBattle(
            line=line,
            number=head["b"],
            format=head["fmt"],
            rules=head.get("rules", head["fmt"]),
            seed=head["seed"],
            packed_teams=(head["teams"][0], head["teams"][1]),
            picked=_picked(head),
            start_log=tuple(head["log"]),
            steps=tuple(steps),
            keep_ties=_ties_kept(head, steps),
            says_ties_kept=head.get("ties") == "kept",
            start_raw=tuple(head.get("raw", ())),
            start_requests=tuple(head.get("req", (None, None))),
        )

    @contextmanager
    def sound(self, line: int | None = None) -> Iterator[None]:
        """Turn what a value of the wrong kind raises into a line, of ``line`` or the last read."""
        try:
            yield
        except (TypeError, LookupError, AttributeError, ValueError) as error:
            said = f"a value of the wrong kind ({error}); record it again"
            raise self.wrong(said, line) from error

    def need(self, entry: Mapping[str, Any], keys: tuple[str, ...], what: str) -> None:
        missing = [k for k in keys if k not in entry]
        if missing:
            raise self.wrong(f"{what} without {', '.join(missing)}")

    def check_head(self, entry: dict[str, Any]) -> None:
        self.need(entry, ("b", "seed", "fmt", "teams", "log"), "a battle")
        version = entry.get("version", self.data.version)
        if version != self.data.version:
            raise self.wrong(
                f"recorded with pokemon-showdown {version}; the tables here are "
                f"{self.data.version}'s: record it again with `plywise record engine`"
            )
        if entry.get("ties", "kept") not in ("kept", "drawn"):
            raise self.wrong(f"ties are 'kept' or 'drawn', not '{entry['ties']}'")
        if not str(entry["fmt"]).startswith("gen9"):
            raise self.wrong(f"format '{entry['fmt']}' is not a generation 9 format")
        if not (isinstance(entry["teams"], list) and len(entry["teams"]) == 2):
            raise self.wrong("a battle needs two packed teams")
        try:
            for text in entry["teams"]:
                for s in parse_packed_team(text):
                    self.check_set(s)
        except TeamError as error:
            raise self.wrong(str(error)) from error
        for text, picked in zip(entry["teams"], _picked(entry), strict=True):
            if len(set(picked)) != len(picked) or not set(picked) <= set(range(_size(text))):
                raise self.wrong(f"picked {list(picked)} of a team of {_size(text)}")

    def check_set(self, s: PokemonSet) -> None:
        names = [("species", s.species), ("ability", s.ability), ("item", s.item)]
        for kind, name in names + [("move", m) for m in s.moves]:
            self.check_name(kind, name)

    def check_name(self, kind: str, name: Any) -> None:
        if name not in self.known[kind]:
            raise self.wrong(f"unknown {kind} '{name}' (Showdown {self.data.version})")

    def step(
        self, entry: dict[str, Any], head: dict[str, Any], previous: RecordedStep | None
    ) -> RecordedStep:
        self.need(entry, ("b", "n", "c", "leg", "s1", "r", "log"), "a step")
        expected = 0 if previous is None else previous.number + 1
        if entry["b"] != head["b"] or entry["n"] != expected:
            raise self.wrong(
                f"step {entry['n']} of battle {entry['b']} where step {expected} of battle "
                f"{head['b']} belongs: lines are missing"
            )
        if previous is None:
            self.need(entry, ("s0",), "a battle's first step")
            self.check_state(entry["s0"])
        self.check_state(entry["s1"])
        for c in (*entry["c"], *(entry["leg"][0] or ()), *(entry["leg"][1] or ())):
            if c is not None and not _CHOICE.fullmatch(c):
                raise self.wrong(f"choice '{c}' is not a choice of a singles battle")
        return RecordedStep(
            line=self.line,
            number=entry["n"],
            choices=(entry["c"][0], entry["c"][1]),
            legal=(self.side_choices(entry, 0), self.side_choices(entry, 1)),
            before=entry["s0"] if previous is None else previous.after,
            after=entry["s1"],
            draws=tuple(self.draw(d) for d in entry["r"]),
            log=tuple(entry["log"]),
            seed=entry.get("seed", ""),
            raw=tuple(entry.get("raw", ())),
            requests=tuple(entry.get("req", (None, None))),
        )

    def side_choices(self, entry: dict[str, Any], side: int) -> tuple[str, ...] | None:
        legal, chosen = entry["leg"][side], entry["c"][side]
        if legal is None:
            if chosen is not None:
                raise self.wrong(f"side {side + 1} chose '{chosen}' with nothing to decide")
            return None
        if chosen not in legal:
            raise self.wrong(f"side {side + 1} chose '{chosen}', which is not among its choices")
        return tuple(legal)

    def draw(self, entry: Any) -> Draw:
        try:
            site, numerator, low, n, result = entry
        except (TypeError, ValueError) as error:
            raise self.wrong(
                f"draw {entry}: [site, numerator, lo, n, result] is wanted (recorded with "
                "--nolabel?)"
            ) from error
        whole = all(isinstance(number, int) for number in (low, n, result))
        if not whole or not -_MOST <= numerator <= _MOST or max(abs(low), n) > _MOST:
            raise self.wrong(f"draw {entry}: a number of the wrong kind")
        if not low <= result < low + n:
            raise self.wrong(f"draw {entry}: the result is outside its range")
        return Draw(site, numerator, low, n, result)

    def check_state(self, s: dict[str, Any]) -> None:
        self.need(s, ("turn", "req", "w", "t", "pw", "q", "S"), "a state")
        for number, side in enumerate(s["S"], 1):
            self.need(side, ("order", "sc", "sl", "P", "left", "fnt"), "a side")
            if sorted(side["order"]) != list(range(len(side["P"]))) or len(side["P"]) > 6:
                raise self.wrong(f"side {number}: order {side['order']} is not one of its team")
            for mon in side["P"]:
                self.check_mon(mon, number)

    def check_mon(self, mon: dict[str, Any], side: int) -> None:
        self.need(mon, ("i", "sp", "L", "hp", "mhp", "ab", "it", "mv", "st", "ty"), "a Pokémon")
        self.check_name("species", mon["sp"])
        self.check_name("ability", mon["ab"])
        self.check_name("item", mon["it"])
        for slot in mon["mv"]:
            self.check_name("move", slot[0])
            if not 0 <= slot[1] <= slot[2]:
                raise self.wrong(f"side {side}, {mon['sp']}: {slot[0]} has {slot[1]}/{slot[2]} PP")
        hp, top = mon["hp"], mon["mhp"]
        whole = isinstance(hp, int) and isinstance(top, int)
        if not whole or not 0 <= hp <= top or top < 1:
            raise self.wrong(f"side {side}, {mon['sp']}: impossible HP {hp}/{top}")
        if bool(mon.get("fnt")) and hp:
            raise self.wrong(f"side {side}, {mon['sp']}: fainted with {hp} HP")
