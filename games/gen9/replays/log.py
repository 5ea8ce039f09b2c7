"""Logs of battles as replays hold them: which can be read, and why another cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plywise.datasets.battle_formats import BattleFormat, UnknownFormatError
from plywise.datasets.errors import PlywiseError
from plywise.datasets.pokemon_sets import PokemonSet, TeamError, parse_packed_team
from plywise.datasets.showdown_data import UnknownNameError, to_id
from plywise.engine.battle.border.formats import playable
from plywise.games.gen9.tracking.wire import ProtocolLine, parse_line

MOST_LINES = 20_000
"""A battle of 1,000 turns, the longest there is, has fewer."""
MOST_CHARACTERS = 2_000
"""Of a line that tells something of the battle."""
_KINDS_OF_TALK = frozenset("c c: chat raw html uhtml uhtmlchange j l n J L N join leave".split())
_NO_BATTLE = frozenset(["bigerror", "noinit"])


class BattleLogError(PlywiseError):
    """A log that cannot be read as a battle; the message is the reason.

    Attributes:
        line: 1-based number of the line of the log that shows it; 0: none does.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


@dataclass
class BattleLog:
    """A log that can be read.

    Attributes:
        format: of the battle.
        lines: its lines, without talk and without what only sets up the page.
        numbers: of each line, its 1-based number in the log.
        users: ids of the players' names; "" not told.
        ratings: of the players before the battle; None: not told.
        winner: side that has won, 0 or 1; -1: a tie; None: no line says it.
        ended: why the battle ended early: ``forfeit`` or ``inactivity``; "" it did not.
        sheets: of each player, its team where the log has a line ``showteam`` (open team sheets, or
            logs of our own battles); () without one.
    """

    format: BattleFormat
    lines: list[ProtocolLine] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    users: list[str] = field(default_factory=lambda: ["", ""])
    ratings: list[int | None] = field(default_factory=lambda: [None, None])
    winner: int | None = None
    ended: str = ""
    sheets: list[tuple[PokemonSet, ...]] = field(default_factory=lambda: [(), ()])


def read_log(text: str, format: str = "") -> BattleLog:
    """Return the lines of a log.

    Args:
        text: the log; a line that is none of the protocol is talk.
        format: id or name of the format, where the log names none.

    Raises:
        BattleLogError: it is no whole battle of generation 9 singles that the engine can play.
    """
    rows = text.replace("\r\n", "\n").split("\n")
    found = BattleLog(_format_of(rows, format))
    names = ["", ""]
    turn = 0
    for number, row in enumerate(rows, 1):
        if not row.startswith("|"):
            continue
        kind = row[1 : row.find("|", 1)] if row.find("|", 1) > 0 else row[1:]
        if kind in _KINDS_OF_TALK:
            continue
        if number > MOST_LINES:
            raise BattleLogError(f"more than {MOST_LINES:,} lines", number)
        if len(row) > MOST_CHARACTERS:
            raise BattleLogError(f"a line of {len(row):,} characters", number)
        if kind == "showteam":
            _read_sheet(row, found, number)
            continue
        line = parse_line(row)
        if kind in _NO_BATTLE:
            raise BattleLogError("the server says that there is no such battle", number)
        if kind == "split":
            raise BattleLogError("the simulator's own log, with lines for each player", number)
        if kind == "turn":
            if line.arg(0) != str(turn + 1):
                raise BattleLogError(
                    f"turn {line.arg(0)[:12]!r} after turn {turn}: lines are missing or moved",
                    number,
                )
            turn += 1
        elif kind == "player":
            _read_player(line, found, names)
        elif kind in ("win", "tie"):
            found.winner = _winner(line, names, number)
        elif kind == "-message":
            found.ended = _ended(line.arg(0)) or found.ended
        found.lines.append(line)
        found.numbers.append(number)
    _check_whole(found, turn, len(rows))
    return found


def _format_of(rows: Sequence[str], given: str) -> BattleFormat:
    """Return the format, after what a log says at its head of generation and game."""
    tier, tier_line = given, 0
    for number, row in enumerate(rows[:200], 1):
        if row.startswith("|tier|"):
            tier, tier_line = row[6:], number
        elif row.startswith("|gen|") and row.strip() != "|gen|9":
            raise BattleLogError(f"a battle of generation {row[5:].strip()[:12]}", number)
        elif row.startswith("|gametype|") and row.strip() != "|gametype|singles":
            raise BattleLogError(f"a battle of {row[10:].strip()[:24]}, not of singles", number)
        elif row.startswith("|start"):
            break
    else:
        if not any(row.startswith("|start") for row in rows[200:]):
            raise BattleLogError("no battle starts in it: the line |start is missing")
    if not tier.strip():
        raise BattleLogError("it does not say its format: the line |tier|… is missing")
    try:
        return playable(tier.strip()[:80])
    except UnknownFormatError as error:
        raise BattleLogError(str(error), tier_line) from None


def _read_player(line: ProtocolLine, found: BattleLog, names: list[str]) -> None:
    side = {"p1": 0, "p2": 1}.get(line.arg(0), -1)
    if side < 0 or not line.arg(1):
        return  # who leaves is named without a name
    if not names[side]:
        names[side], found.users[side] = line.arg(1), to_id(line.arg(1)[:40])
    rating = line.arg(3).strip()
    if rating.isascii() and rating.isdigit() and len(rating) < 6:
        found.ratings[side] = int(rating)


def _read_sheet(row: str, found: BattleLog, number: int) -> None:
    """Read a line with a player's whole team, packed."""
    _, _, who, packed = [*row.split("|", 3), "", "", ""][:4]
    side = {"p1": 0, "p2": 1}.get(who, -1)
    if side < 0 or not packed:
        return
    try:
        found.sheets[side] = parse_packed_team(packed)
    except (TeamError, UnknownNameError) as error:
        raise BattleLogError(f"a team that cannot be read ({error})", number) from None


def _winner(line: ProtocolLine, names: Sequence[str], number: int) -> int:
    if line.kind == "tie":
        return -1
    winner = to_id(line.arg(0)[:40])
    same = [side for side, name in enumerate(names) if name and to_id(name[:40]) == winner]
    same = [side for side in same if names[side] == line.arg(0)] or same
    if len(same) != 1:
        raise BattleLogError("the winner is none of the players", number)
    return same[0]


def _ended(text: str) -> str:
    if text.endswith(" forfeited."):
        return "forfeit"
    return "inactivity" if "lost due to inactivity" in text or "lost by timeout" in text else ""


def _check_whole(found: BattleLog, turn: int, rows: int) -> None:
    if not turn:
        raise BattleLogError("it has no turn", rows)
    if found.winner is not None:
        return
    fallen = [set(), set()]  # type: list[set[int]]
    sizes = [6, 6]
    for line, number in zip(found.lines, found.numbers, strict=True):
        side = {"p1": 0, "p2": 1}.get(line.arg(0)[:2], -1)
        if line.kind == "faint" and side >= 0:
            fallen[side].add(number)
        elif line.kind == "teamsize" and side >= 0 and line.arg(1).isdigit():
            sizes[side] = int(line.arg(1))
        elif line.kind == "-heal" and line.origin == ("move", "revivalblessing") and fallen[side]:
            fallen[side].pop()
    lost = [len(fallen[side]) >= sizes[side] for side in (0, 1)]
    if not any(lost):
        raise BattleLogError("it stops before the end of the battle", rows)
    if all(lost):
        raise BattleLogError("all have fainted, and it does not say who has won", rows)
    found.winner = lost.index(False)
