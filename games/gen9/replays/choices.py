"""Who had to decide when, and what was chosen, from the lines of a battle alone.

A player chooses once a turn, and once more where its Pokémon has fainted, pivots or is sent away.
What a line tells is not always a choice: called, copied, danced and bounced moves and who is
dragged in are none, and of one that faints, flinches or sleeps before it moves no line says what
was chosen.  The rules are those of ``sim/battle.js``: the order of a turn, and when it is
interrupted for a request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from plywise.datasets.set_priors import base_species
from plywise.datasets.showdown_data import load, to_id
from plywise.engine.battle.names import MOVE_ID
from plywise.games.gen9.replays.log import BattleLog, BattleLogError
from plywise.games.gen9.tracking.wire import ProtocolLine, details_of, effect_of, place_of

_SILENT = frozenset(["", "t:", "inactive", "inactiveoff", "debug", "message", "-message"])
"""Lines that may stand between a request and the first line of what was chosen."""
_OWN_MOVE = frozenset(["lockedmove", "pursuit"])  # causes that are not another move
_OF_HOLDER = frozenset(["armortail", "damp", "dazzling", "queenlymajesty"])
_EJECTING_ITEMS = frozenset(["ejectbutton", "ejectpack"])
_EJECTING_ABILITIES = frozenset(["emergencyexit", "wimpout"])
_WHY = {
    "attract": "infatuated",
    "flinch": "flinched",
    "frz": "frozen",
    "par": "paralysed",
    "slp": "asleep",
    "truant": "loafing",
}
"""Reason of a ``cant`` line without a move -> why the choice is not known."""


@dataclass
class ReplayChoice:
    """What a player has chosen.

    Attributes:
        verb: ``move``, ``tera`` (a move with Terastallization), ``switch``, ``lead``, ``revive``,
            ``forced`` (recharging, Struggle), or "" not known.
        move: id of the move; "" of the others.
        mon: number of the Pokémon of a switch in its team's list; -1 none.
        shown: the same, as it looked.
        why: why it is not known: ``fainted``, ``flinched``, ``asleep``, ``frozen``,
            ``paralysed``, ``confused``, ``infatuated``, ``loafing``, ``dragged``, ``ejected``,
            ``encored`` (what it did was Encore's), ``forfeit``, ``inactivity``, ``ended`` (the
            battle was over before), ``untold``.
        locked: it could do nothing else (a move of two turns, Outrage).
        terastallized: it came with Terastallization, known or not.
    """

    verb: str
    move: str = ""
    mon: int = -1
    shown: int = -1
    why: str = ""
    locked: bool = False
    terastallized: bool = False


@dataclass
class DecisionPoint:
    """A moment at which one or both players choose.

    Attributes:
        at: number of lines that have been told by then.
        turn: its number; 0 before the first.
        kinds: of each player's request: ``preview``, ``move``, ``switch`` or "" (none).
        reviving: the switch is Revival Blessing's choice.
        choices: what each has chosen; None: it has nothing to choose.
        stays: of each player, the stay on the field of its active Pokémon then; None: none yet.
    """

    at: int
    turn: int
    kinds: tuple[str, str]
    reviving: bool = False
    choices: list[ReplayChoice | None] = field(default_factory=lambda: [None, None])
    stays: tuple[Stay | None, Stay | None] = (None, None)


@dataclass
class Stay:
    """The time of one Pokémon on the field, from its entry.

    Attributes:
        at: number of its line.
        shown: number of the Pokémon that it looked like, in its team's list.
        real: number of the one behind it, as far as a line has told; None: none has.
        choice: the choice that has sent it in; None: none has.
        struck: a move has hit it, which an Illusion does not survive.
        doubtful: an Illusion may have been behind it that no line has ended.
        turns: the turn in which it began, and the one in which it ended.
        used: moves that it has used by choice; ``prevented``: chosen ones that a line says it could
            not use; ``copied``: both while it was transformed.
    """

    at: int
    shown: int
    choice: ReplayChoice | None = None
    real: int | None = None
    struck: bool = False
    doubtful: bool = False
    turns: tuple[int, int] = (0, 1_000_000)
    used: set[str] = field(default_factory=set)
    prevented: set[str] = field(default_factory=set)
    copied: set[str] = field(default_factory=set)

    @property
    def who(self) -> int:
        """Number of the Pokémon that it was, as far as known."""
        return self.shown if self.real is None else self.real


@dataclass
class TeamMember:
    """A Pokémon of a team as the log shows it.

    Attributes:
        name: from the wire; it stays in this room.
        genuine: it has been out itself, so that level and gender are its own.
    """

    name: str
    species: str
    level: int
    gender: str
    genuine: bool = False


@dataclass
class _Side:
    stay: Stay | None = None
    acted: ReplayChoice | None = None  # in this turn
    tentative: bool = False  # asleep: it may still talk in its sleep
    must: bool = False  # it has to send in another Pokémon
    tera: bool = False  # in this turn
    encored: bool = False  # in this turn, before it has acted
    transformed: bool = False
    reviving: bool = False  # Revival Blessing is under way
    instructed: bool = False  # the next move is Instruct's


class ChoiceReader:
    """Reads the choices of a battle.

    Attributes:
        points: in order of time.
        teams: Pokémon of each side in order of appearance.
        stays: of each side, in order.
        replaced: numbers of the lines of entries of an Illusion that a line has ended -> who it is.
        fallen: of each side, numbers of Pokémon -> number of the line in which it fainted last.
    """

    def __init__(self, log: BattleLog) -> None:
        self.points: list[DecisionPoint] = []
        self.teams: tuple[list[TeamMember], list[TeamMember]] = ([], [])
        self.stays: tuple[list[Stay], list[Stay]] = ([], [])
        self.replaced: dict[int, TeamMember] = {}
        self.fallen: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._log = log
        self._sides = (_Side(), _Side())
        self._turn = 0
        self._residual_over = False  # the end of this turn
        self._mover = -1  # side whose move is under way
        self._asked: DecisionPoint | None = None  # for a Pokémon to send in
        self._began: DecisionPoint | None = None  # the turn, or Team Preview
        for number, line in enumerate(log.lines):
            try:
                self._read(number, line)
            except (LookupError, ValueError) as error:
                raise BattleLogError(
                    f"the line {line.kind} is not sound ({error})", log.numbers[number]
                ) from error
            if line.kind in ("win", "tie"):
                break
        self._end(log.ended or "ended")

    def _read(self, number: int, line: ProtocolLine) -> None:
        kind = line.kind
        if kind in ("switch", "drag"):
            self._enter(number, line)
        elif kind == "move":
            self._move(line)
        elif kind == "turn":
            self._end("untold")
            self._turn = int(line.arg(0))
            self._open(number + 1, ("move", "move"))
        elif kind == "teampreview":
            self._open(number + 1, ("preview", "preview"))
        elif kind == "start" and self._began is None:
            self._open(number + 1, ("", ""))
        elif kind == "upkeep":
            self._residual_over, self._mover = True, -1
        elif kind == "":
            self._mover = -1
        elif kind[:1] in "-frc":
            self._event(number, line)

    def _open(self, at: int, kinds: tuple[str, str]) -> None:
        """Begin a turn, or Team Preview."""
        stays = (self._sides[0].stay, self._sides[1].stay)
        self._began = DecisionPoint(at, self._turn, kinds, stays=stays)
        self._asked = None
        self._residual_over = False
        if any(kinds):
            self.points.append(self._began)
        for side in self._sides:
            side.acted, side.tentative, side.must = None, False, False
            side.tera = side.encored = side.reviving = side.instructed = False

    def _end(self, why: str) -> None:
        """End a turn: what has not been told in it is not known."""
        if self._began is None:
            return
        for s, side in enumerate(self._sides):
            if self._began.kinds[s]:
                choice = side.acted or ReplayChoice("", why=why)
                choice.terastallized = side.tera
                self._began.choices[s] = choice
            asked = self._asked
            if asked is not None and asked.kinds[s] and asked.choices[s] is None:
                asked.choices[s] = ReplayChoice("", why=why)
            elif side.must and self._residual_over and self._log.ended:
                self._ask(s, len(self._log.lines)).choices[s] = ReplayChoice("", why=why)
        self._began = None

    def _enter(self, number: int, line: ProtocolLine) -> None:
        s, name = place_of(line.arg(0))
        if s < 0:
            raise ValueError("it names no Pokémon")
        side = self._sides[s]
        mon = self._find(s, name, line.arg(1))
        choice = ReplayChoice("switch", mon=mon, shown=mon)
        stay = Stay(number, mon, choice)
        if line.kind == "drag":
            stay.choice = None
            self._settle(s, ReplayChoice("", why="dragged"))
        elif side.stay is None:
            choice.verb = "lead"
            self._settle(s, choice)
        elif side.must or side.acted is not None or "from" in line.tags:
            self._settle(s, ReplayChoice("", why="ejected"))
            self._ask(s, number).choices[s] = choice
        else:
            self._settle(s, choice)
        if side.stay is not None:
            side.stay.turns = (side.stay.turns[0], self._turn)
        stay.turns = (self._turn, stay.turns[1])
        side.must = False
        side.transformed = False
        side.stay = stay
        self.stays[s].append(stay)

    def _settle(self, s: int, choice: ReplayChoice, *, tentative: bool = False) -> None:
        """Note what a side does in this turn, if that is not known yet."""
        side = self._sides[s]
        if side.acted is None or (side.tentative and choice.verb):
            side.acted, side.tentative = choice, tentative

    def _ask(self, s: int, number: int, *, reviving: bool = False) -> DecisionPoint:
        """Return the request that a side is answering; where none is open, there is a new one."""
        asked = self._asked
        if asked is not None and asked.kinds[s] and asked.choices[s] is None:
            return asked
        while number and self._log.lines[number - 1].kind in _SILENT:
            number -= 1
        kinds = ["", ""]
        kinds[s] = "switch"
        other = self._sides[1 - s]
        if self._residual_over and other.must:
            kinds[1 - s] = "switch"
        stays = (self._sides[0].stay, self._sides[1].stay)
        self._asked = DecisionPoint(number, self._turn, (kinds[0], kinds[1]), reviving, stays=stays)
        self.points.append(self._asked)
        return self._asked

    def _find(self, s: int, name: str, details: str) -> int:
        """Return the number of a Pokémon in its team's list; one not seen before is added."""
        species, level, gender, _ = details_of(details)
        data = load()
        if data.cosmetic.get(species, species) not in data.species or not 1 <= level <= 100:
            raise ValueError(f"there is no such Pokémon: {details[:40]!r}")
        base = base_species(species)
        team = self.teams[s]
        for number, mon in enumerate(team):
            if mon.name == name and base_species(mon.species) == base:
                return number
        if len(team) >= 7:  # six, and one that an Illusion of another level has shown
            raise ValueError("a team of more Pokémon than there can be")
        team.append(TeamMember(name, species, level, gender))
        return len(team) - 1

    def _move(self, line: ProtocolLine) -> None:
        s, _ = place_of(line.arg(0))
        if s < 0:
            raise ValueError("it names no Pokémon")
        self._mover = s
        side, move = self._sides[s], to_id(line.arg(1))
        cause = effect_of(line.tags.get("from", ""))[1]
        if cause and cause not in _OWN_MOVE and "zeffect" not in line.tags:
            return
        if side.instructed:  # no line of the move itself says it
            side.instructed = False
            return
        if move not in MOVE_ID:
            raise ValueError(f"there is no such move: {line.arg(1)[:40]!r}")
        if side.stay is not None and move != "struggle":
            (side.stay.copied if side.transformed else side.stay.used).add(move)
        if move == "revivalblessing":
            side.reviving = True
        if side.encored and side.acted is None:
            choice = ReplayChoice("", why="encored")
        elif move == "struggle":
            choice = ReplayChoice("forced", move)
        else:
            choice = ReplayChoice(
                "tera" if side.tera else "move", move, locked=cause == "lockedmove"
            )
        self._settle(s, choice)

    def _event(self, number: int, line: ProtocolLine) -> None:
        """Read a line of what happens to a Pokémon."""
        s, name = place_of(line.arg(0))
        if s < 0:
            return
        side, kind = self._sides[s], line.kind
        if kind == "faint":
            if line.arg(0)[2:3] == "a":
                self._settle(s, ReplayChoice("", why="fainted"))
                side.must = True
                if side.stay is not None:
                    self.fallen[s][side.stay.who] = number
        elif kind == "cant":
            self._cannot(s, line)
        elif kind == "replace":
            self._reveal(s, name, line.arg(1))
        elif kind == "-terastallize":
            side.tera = True
        elif kind == "-enditem":
            if to_id(line.arg(1)) in _EJECTING_ITEMS and line.origin[1] not in (
                "knockoff",
                "fling",
            ):
                self._eject(s)
        elif kind == "-activate":
            what = effect_of(line.arg(1))
            if what[1] in _EJECTING_ABILITIES:
                self._eject(s)
        elif kind == "-start":
            if to_id(line.arg(1)) == "encore" and side.acted is None:
                side.encored = True
        elif kind == "-singleturn":
            side.instructed = effect_of(line.arg(1))[1] == "instruct"
        elif kind == "-transform":
            side.transformed = True
        elif kind == "-damage":
            self._hurt(s, line)
        elif kind == "-heal" and line.origin[1] == "revivalblessing" and side.reviving:
            side.reviving = False
            if name:
                mon = next((n for n, m in enumerate(self.teams[s]) if m.name == name), -1)
                asked = self._ask(s, number)
                asked.reviving = True
                asked.choices[s] = ReplayChoice("revive", mon=mon, shown=mon)

    def _eject(self, s: int) -> None:
        self._settle(s, ReplayChoice("", why="ejected"))
        self._sides[s].must = True

    def _hurt(self, s: int, line: ProtocolLine) -> None:
        side = self._sides[s]
        cause = line.origin[1]
        if cause == "confusion" and side.instructed:
            side.instructed = False
        elif cause == "confusion":
            self._settle(s, ReplayChoice("", why="confused"))
        if not cause and self._mover == 1 - s and side.stay is not None:
            side.stay.struck = True

    def _cannot(self, s: int, line: ProtocolLine) -> None:
        kind, cause = effect_of(line.arg(1))
        if kind == "ability" and cause in _OF_HOLDER:
            return  # its holder prevents a move that has been told
        side = self._sides[s]
        if side.instructed:
            side.instructed = False
            return
        if cause == "recharge":
            self._settle(s, ReplayChoice("forced", "recharge"))
        elif line.arg(2) and not side.encored:
            verb, move = "tera" if side.tera else "move", to_id(line.arg(2))
            if move not in MOVE_ID:
                raise ValueError(f"there is no such move: {line.arg(2)[:40]!r}")
            self._settle(s, ReplayChoice(verb, move))
            if side.stay is not None:
                (side.stay.copied if side.transformed else side.stay.prevented).add(move)
        else:
            why = "encored" if line.arg(2) else _WHY.get(cause, "untold")
            self._settle(s, ReplayChoice("", why=why), tentative=cause == "slp")

    def _reveal(self, s: int, name: str, details: str) -> None:
        """An Illusion ends: who entered was another."""
        stay = self._sides[s].stay
        if stay is None:
            return
        stay.real = self._find(s, name, details)
        member = self.teams[s][stay.real]
        if not member.genuine:
            _, member.level, member.gender, _ = details_of(details)
            member.genuine = True
        self.replaced[stay.at] = member
        if stay.choice is not None:
            stay.choice.mon = stay.real  # the choice was his


def settle_members(reader: ChoiceReader, log: BattleLog) -> None:
    """Note what the whole log tells of Pokémon and their stays.

    Level and gender are those of the first entry that was its own; a stay is doubtful where one
    with Illusion had not fainted, and nothing shows that it was not there.
    """
    for s in (0, 1):
        team = reader.teams[s]
        posers = [n for n, member in enumerate(team) if has_illusion(member.species)]
        shown = {to_id(log.lines[stay.at].arg(1).split(",")[0]) for stay in reader.stays[s]}
        unseen = any(
            has_illusion(to_id(line.arg(1).split(",")[0]))
            for line in log.lines[: reader.stays[s][0].at if reader.stays[s] else 0]
            if line.kind == "poke" and line.arg(0) == f"p{s + 1}"
        ) and not any(has_illusion(species) for species in shown)
        for stay in reader.stays[s]:
            member = team[stay.who]
            if stay.real is None and not member.genuine:
                species, member.level, member.gender, _ = details_of(log.lines[stay.at].arg(1))
                member.species, member.genuine = species, True
            alive = any(reader.fallen[s].get(n, stay.at + 1) > stay.at for n in posers)
            stay.doubtful = (
                (alive or unseen)
                and not stay.struck
                and stay.real is None
                and not has_illusion(member.species)
            )


@lru_cache(2048)
def has_illusion(species: str) -> bool:
    """Return whether a species may have the ability Illusion."""
    data = load()
    entry = data.species.get(data.cosmetic.get(species, species), {})
    return "Illusion" in entry.get("abilities", {}).values()
