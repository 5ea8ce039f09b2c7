"""The decisions of a battle, from the text of its log: what each player knew, could do, and did.

Two readings of the lines: one as everybody could read them, for what a player knew of the opponent
and of the field; and one with both teams told before, for what a player knew of its own side.  Of
the opponent a row holds what had been shown by then, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from plywise.datasets.battle_formats import names_asked
from plywise.datasets.set_priors import base_species
from plywise.games.gen9.infostate import FORCED, MOVE, SWITCH, TERA, Condition
from plywise.games.gen9.replays.choices import (
    ChoiceReader,
    DecisionPoint,
    ReplayChoice,
    settle_members,
)
from plywise.games.gen9.replays.legal import bound_move, known_legal
from plywise.games.gen9.replays.log import BattleLog, BattleLogError, read_log
from plywise.games.gen9.replays.own_sets import OwnTeam, PublicFacts, inferred_team
from plywise.games.gen9.replays.states import SideStates, SideText
from plywise.games.gen9.tracking.information import condition_views
from plywise.games.gen9.tracking.known import KnownMon, KnownSide
from plywise.games.gen9.tracking.tracker import Tracker
from plywise.games.gen9.tracking.wire import ProtocolLine, details_of, place_of

_READ_OTHERWISE = frozenset(["start", "switch", "drag", "replace", "-transform"])
"""Lines of which a player knows more than they tell."""


@dataclass
class ReplayRow:
    """One decision of one player.

    Attributes:
        decision: number of the moment in the battle; both players' rows of one moment share it.
        turn, player: its turn (0: before the first) and its side, 0 or 1.
        request: ``preview``, ``move`` or ``switch``.
        state: JSON of the information state.
        legal: names of the legal actions that are known, the one taken included.
        complete: the active Pokémon's four moves and the whole team are known.
        action: its name; "" not known.
        action_index: its number in the engine's numbering; None: not known, or no move of the set.
        unknown: why it is not known (``ReplayChoice.why``); "" it is.
        foe_action: of the opponent at the same moment, as it looked; "" not known; None: it had
            nothing to choose.
        foe_unknown: why that is not known; "" it is, or there is none.
        flags: ``forced`` (nothing else could be chosen), ``tera`` (of an unknown action: it came
            with Terastallization), ``disguised`` (the active Pokémon is an Illusion),
            ``unsure`` (it, or who is sent in, may be one), ``unlisted`` (what is known did not
            allow the action).
    """

    decision: int
    turn: int
    player: int
    request: str
    state: str
    legal: list[str]
    complete: bool
    action: str
    action_index: int | None
    unknown: str
    foe_action: str | None
    foe_unknown: str
    flags: list[str]


@dataclass
class ReplayBattle:
    """The decisions of a battle.

    Attributes:
        log: what was read, without lines that are talk.
        rows: in order of time, player 0's first.
        inferred: of each player, JSON of what the log tells of its own sets, and since when
            (:class:`~plywise.games.gen9.replays.own_sets.OwnTeam`).
        results: of each player: 1.0 won, 0.5 tied, 0.0 lost.
    """

    log: BattleLog
    rows: list[ReplayRow] = field(default_factory=list)
    inferred: tuple[str, str] = ("{}", "{}")
    results: tuple[float, float] = (0.5, 0.5)


@dataclass
class _Moment:
    """What all could know at a decision.

    Attributes:
        weather, terrain, last_move, ends, field: as in the information state.
        sides: of each side, the view of its opponent.
        order: of each side, its Pokémon's numbers in order of appearance.
        abilities: of each side's active Pokémon, as far as told.
        history: recent events with their side.
    """

    weather: str
    terrain: str
    last_move: str
    ends: int
    field: dict[str, Condition]
    sides: tuple[SideText, SideText]
    order: tuple[tuple[int, ...], tuple[int, ...]]
    abilities: tuple[str | None, str | None]
    history: list[tuple[int, str]]


def replay_decisions(text: str, format: str = "") -> ReplayBattle:
    """Return the decisions of a battle.

    Args:
        text: its log, as a spectator or one of the players was sent it.
        format: id or name of its format, where the log names none.

    Raises:
        BattleLogError: the log is none of a whole battle that can be read.
    """
    log = read_log(text, format)
    return _BattleReader(log).read()


class _BattleReader:
    def __init__(self, log: BattleLog) -> None:
        self._log = log
        self._choices = ChoiceReader(log)
        settle_members(self._choices, log)
        self._teams: tuple[OwnTeam, OwnTeam]
        self._doubtful = {  # choices of which it is not sure who was sent in
            id(stay.choice) for stays in self._choices.stays for stay in stays if stay.doubtful
        }

    def read(self) -> ReplayBattle:
        """Return the decisions."""
        moments = self._public()
        battle = ReplayBattle(self._log)
        winner = self._log.winner
        if winner is not None and winner >= 0:
            battle.results = (1.0 - winner, float(winner))
        battle.rows = self._own(moments)
        battle.inferred = (self._teams[0].inferred, self._teams[1].inferred)
        return battle

    def _numbers(self, side: KnownSide, s: int) -> tuple[int, ...]:
        """Return the number in the order of appearance of each Pokémon of a side."""
        found = []
        team = self._choices.teams[s]
        for mon in side.mons:
            base = base_species(mon.species)
            alike = [
                n
                for n, member in enumerate(team)
                if member.name == mon.name and base_species(member.species) == base
            ]
            if not alike:
                raise BattleLogError(f"a Pokémon that did not come in: {mon.species[:24]!r}")
            found.append(alike[0])
        return tuple(found)

    def _public(self) -> list[_Moment]:
        """Read all lines as a spectator; note what is public at each decision, and the teams."""
        tracker = Tracker(None, exact=True)
        battle = tracker.battle
        battle.format = self._log.format.id
        facts: tuple[dict[int, PublicFacts], ...] = ({}, {})
        order: list[tuple[int, ...]] = [(), ()]
        turn = 0

        def note(s: int) -> Callable[[int, KnownMon], None]:
            def changed(number: int, mon: KnownMon) -> None:
                facts[s].setdefault(order[s][number], PublicFacts()).note(mon, turn)

            return changed

        views = [SideStates(own=False, changed=note(s)) for s in (0, 1)]
        moments: list[_Moment] = []
        read = tracker.read_parsed
        lines, done = self._log.lines, 0
        for point in self._choices.points:
            for line in lines[done : point.at]:
                read(line)
            done = max(done, point.at)
            turn = battle.turn
            for s, side in enumerate(battle.sides):
                if len(order[s]) != len(side.mons):
                    order[s] = self._numbers(side, s)
            one, two = (views[s].view(battle.sides[s], battle.ends, None) for s in (0, 1))
            out = (battle.sides[0].mon, battle.sides[1].mon)
            moments.append(
                _Moment(
                    battle.weather,
                    battle.terrain,
                    battle.last_move,
                    battle.ends,
                    condition_views(battle.conditions, battle.ends),
                    (one, two),
                    (order[0], order[1]),
                    (_ability(out[0]), _ability(out[1])),
                    list(battle.history),
                )
            )
        for line in lines[done:]:
            read(line)
        self._check_read(tracker)
        for s, side in enumerate(battle.sides):
            order[s] = self._numbers(side, s)
            for number, mon in zip(order[s], side.mons, strict=True):
                facts[s].setdefault(number, PublicFacts()).note(mon, battle.turn + 1)
        first, second = (
            inferred_team(
                battle.sides[s],
                self._choices.teams[s],
                self._choices.stays[s],
                order[s],
                facts[s],
                self._log.sheets[s],
            )
            for s in (0, 1)
        )
        self._teams = (first, second)
        return moments

    def _check_read(self, tracker: Tracker) -> None:
        wrong = {**tracker.battle.unreadable, **tracker.battle.unknown}
        if wrong:
            kind = next(iter(wrong))
            number = next(
                n
                for line, n in zip(self._log.lines, self._log.numbers, strict=True)
                if line.kind == kind
            )
            raise BattleLogError(f"a line {kind[:24]!r} that cannot be read", number)

    def _own(self, moments: list[_Moment]) -> list[ReplayRow]:
        """Read all lines with the teams told before; return the rows."""
        tracker = Tracker(None)  # HP stay as the lines tell them
        battle = tracker.battle
        battle.format = self._log.format.id
        for side, team in zip(battle.sides, self._teams, strict=True):
            side.mons = [mon.snapshot() for mon in team.whole]
        views = [SideStates(own=True) for _ in (0, 1)]
        rows: list[ReplayRow] = []
        done = 0
        for number, (point, moment) in enumerate(zip(self._choices.points, moments, strict=True)):
            for at in range(done, point.at):
                self._read_own(tracker, at)
            done = max(done, point.at)
            if battle.unreadable or len(battle.history) != len(moment.history):
                self._check_read(tracker)
                at = self._log.numbers[done - 1] if done else 0
                raise BattleLogError("lines that do not fit those before", at)
            for s in (0, 1):
                if point.kinds[s]:
                    rows.append(self._row(number, point, moment, tracker, views[s], s))
        return rows

    def _read_own(self, tracker: Tracker, at: int) -> None:
        line = self._log.lines[at]
        if line.kind not in _READ_OTHERWISE:
            tracker.read_parsed(line)
            return
        if line.kind == "start":
            for side, team in zip(tracker.battle.sides, self._teams, strict=True):
                if team.mons is not team.whole:
                    side.mons = [mon.snapshot() for mon in team.mons]
        stay = None
        s = place_of(line.arg(0))[0]
        side = tracker.battle.sides[s]
        if line.kind in ("switch", "drag"):
            self._undo_doubt(side, s, at)
        if line.kind == "replace":
            if side.mon is not None:
                side.mon.appeared = True
            return
        if line.kind in ("switch", "drag", "-transform"):
            stays = self._choices.stays[s]
            stay = next((found for found in stays[::-1] if found.at <= at), None)
        if stay is None or line.kind == "-transform":
            tracker.read_parsed(line)
            if stay is not None and side.mon is not None:
                side.mon.copied_moves = tuple(sorted(stay.copied))[:4]
            return
        real = self._choices.replaced.get(at)
        if real is None:
            tracker.read_parsed(line)
            return
        tera = details_of(line.arg(1))[3]
        details = f"{real.species}, L{real.level}"
        details += f", {real.gender}" if real.gender in ("M", "F") else ""
        details += f", tera:{tera}" if tera else ""
        ident = f"p{s + 1}a: {real.name}"
        seen = {id(mon): mon.appeared for mon in side.mons}
        tracker.read_parsed(ProtocolLine(line.kind, (ident, details, line.arg(2)), line.tags))
        if side.mon is not None:
            side.mon.appeared = seen.get(id(side.mon), False)
        shown = self._teams[s].index.get(stay.shown)
        if shown is not None:
            side.mons[shown].appeared = True

    def _undo_doubt(self, side: KnownSide, s: int, at: int) -> None:
        """Forget of a set what was shown in a stay that ends and may have been another's."""
        stays = self._choices.stays[s]
        left = next((stay for stay in stays[::-1] if stay.at < at), None)
        place = None if left is None else self._teams[s].index.get(left.shown)
        if left is None or place is None or not left.doubtful or side.mon is not side.mons[place]:
            return
        mon, own = side.mons[place], self._teams[s].mons[place]
        if own.first_item is None and mon.first_item is not None:
            mon.item = mon.first_item = None
        if own.base_ability is None:
            mon.ability = mon.base_ability = None
        if own.tera_type is None and not mon.terastallized:
            mon.tera_type = None

    def _row(
        self,
        number: int,
        point: DecisionPoint,
        moment: _Moment,
        tracker: Tracker,
        views: SideStates,
        s: int,
    ) -> ReplayRow:
        battle, kind = tracker.battle, point.kinds[s]
        side, team = battle.sides[s], self._teams[s]
        choice = point.choices[s] or ReplayChoice("", why="untold")
        bound = (choice.locked or choice.verb == "forced") if choice.verb else None
        legal = known_legal(
            battle,
            s,
            kind,
            reviving=point.reviving,
            bound=bound,
            foe_ability=moment.abilities[1 - s],
        )
        no_choice = (
            kind == "move"
            and len(legal) == 1
            and ("mustrecharge" in side.effects or bound_move(side, bound) != "")
        )
        moves: tuple[str, ...] = ()
        if side.mon is not None:
            moves = side.mon.moves if side.copy is None else side.mon.copied_moves
        flags = []
        action, index = "", None
        if not choice.verb and no_choice:
            index = legal[0]
            action = "go on" if index == FORCED else moves[index]
        elif choice.verb:
            action, index = self._named(choice, side, team, moves, kind)
        if index is not None and index not in legal:
            flags.append("unlisted")
            legal = tuple(sorted({*legal, index}))
        if no_choice:
            flags.append("forced")
        names = [self._action_name(a, side, moves, point, kind) for a in legal]
        if action and index is None:
            flags.append("unlisted")
            names.append(action)
        if choice.terastallized and not action:
            flags.append("tera")
        stay = point.stays[s]
        if stay is not None and stay.who != stay.shown:
            flags.append("disguised")
        elif (stay is not None and stay.doubtful) or id(choice) in self._doubtful:
            flags.append("unsure")
        other = point.choices[1 - s] if point.kinds[1 - s] else None
        return ReplayRow(
            decision=number,
            turn=point.turn,
            player=s,
            request=kind,
            state=self._state(point, moment, side, views, s, legal, battle.history),
            legal=names,
            complete=len(side.mons) >= side.size and (len(moves) >= 4 or kind != "move"),
            action=action,
            action_index=index,
            unknown="" if action else choice.why,
            foe_action=None if other is None else self._as_seen(other, 1 - s),
            foe_unknown="" if other is None or other.verb else other.why,
            flags=flags,
        )

    def _named(
        self,
        choice: ReplayChoice,
        side: KnownSide,
        team: OwnTeam,
        moves: tuple[str, ...],
        kind: str,
    ) -> tuple[str, int | None]:
        """Return name and number of a choice."""
        if choice.verb == "forced":
            return "go on", FORCED
        if choice.verb in ("move", "tera"):
            tera = choice.verb == "tera"
            name = f"{choice.move} tera" if tera else choice.move
            if choice.move not in moves and choice.locked:
                return "go on", FORCED
            if choice.move not in moves:
                return name, None
            return name, (TERA if tera else MOVE) + moves.index(choice.move)
        place = team.index.get(choice.mon)
        if place is None:
            return "", None
        if kind == "preview":
            place = next(i for i, mon in enumerate(team.whole) if mon is team.mons[place])
        mon = side.mons[place]
        return f"{choice.verb} {mon.forme or mon.species}", SWITCH + place

    def _action_name(
        self, action: int, side: KnownSide, moves: tuple[str, ...], point: DecisionPoint, kind: str
    ) -> str:
        if action == FORCED:
            return "go on"
        if action >= SWITCH:
            mon = side.mons[action - SWITCH]
            verb = "lead" if kind == "preview" else "revive" if point.reviving else "switch"
            return f"{verb} {mon.forme or mon.species}"
        return f"{moves[action % 4]} tera" if action >= TERA else moves[action]

    def _as_seen(self, choice: ReplayChoice, s: int) -> str:
        """Return the name of an opponent's choice, as it looked."""
        if choice.verb in ("move", "tera"):
            return f"{choice.move} tera" if choice.verb == "tera" else choice.move
        if choice.verb == "forced":
            return "go on"
        if not choice.verb or choice.shown < 0:
            return ""
        return f"{choice.verb} {self._choices.teams[s][choice.shown].species}"

    def _state(
        self,
        point: DecisionPoint,
        moment: _Moment,
        side: KnownSide,
        views: SideStates,
        s: int,
        legal: tuple[int, ...],
        history: Sequence[tuple[int, str]],
    ) -> str:
        """Return the JSON of a player's information state."""
        kind = point.kinds[s]
        places = self._teams[s].index
        mine = {n: places.get(number) for n, number in enumerate(moment.order[s])}
        theirs: dict[int, int] = {}
        for n, number in enumerate(moment.order[1 - s]):
            place = self._teams[1 - s].index.get(number)
            if place is not None:
                theirs.setdefault(place, n)
        own = views.view(side, moment.ends, legal if kind == "move" else None)
        waiting = any(not mon.fainted for i, mon in enumerate(side.mons) if i != side.active)
        found = {
            name: replace(one, source=mine.get(one.source))
            if one.source is not None and one.source_side == s
            else one
            for name, one in moment.field.items()
        }
        state = {
            "player": s,
            "turn": point.turn,
            "own": own.encoded(theirs.get),
            "foe": moment.sides[1 - s].encoded(mine.get),
            "request": kind,
            "legal": legal,
            "weather": moment.weather,
            "terrain": moment.terrain,
            "field_conditions": found,
            "trapped": kind == "move"
            and waiting
            and not any(SWITCH <= action < FORCED for action in legal),
            "maybe_trapped": False,
            "reviving": point.reviving,
            "ends": moment.ends,
            "last_move": moment.last_move,
            "history": [
                f"own, {own_words}" if who == s else f"foe, {words}"
                for (who, words), (_, own_words) in zip(moment.history, history, strict=True)
            ],
            "format": self._log.format.id,
            "named": (),
            "to_name": self._to_name(s) if kind == "preview" else 0,
        }
        return msgspec.json.encode(state).decode()

    def _to_name(self, s: int) -> int:
        """Return how many Pokémon a player names at Team Preview."""
        size = len(self._teams[s].whole)
        return names_asked(size, min(size, self._log.format.brought))


def _ability(mon: KnownMon | None) -> str | None:
    return None if mon is None else mon.ability
