"""Reads the lines of one channel of a battle, in order.

A player's channel shows exact HP of its own Pokémon and percent of the opponent's; a spectator's
shows percent of both.  What is read here is what Showdown's simulator wrote (``sim/battle.js``,
``data/*.js``); the names of the methods are those of the lines.
"""

from __future__ import annotations

from collections.abc import Callable

from plywise.datasets.battle_formats import battle_formats
from plywise.datasets.set_priors import base_species
from plywise.datasets.showdown_data import to_id
from plywise.engine.battle.border.formats import why_not
from plywise.engine.battle.names import MOVE_ID
from plywise.games.gen9.infostate import InfoState
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking import hits
from plywise.games.gen9.tracking.conditions import Conditions
from plywise.games.gen9.tracking.entries import Entries
from plywise.games.gen9.tracking.health import Health
from plywise.games.gen9.tracking.information import information_state, usual_pp
from plywise.games.gen9.tracking.known import KnownMon, KnownSide
from plywise.games.gen9.tracking.moves import Moves
from plywise.games.gen9.tracking.request import BattleRequest, OwnMon
from plywise.games.gen9.tracking.wire import ProtocolLine, parse_line, place_of, previewed_of

_SILENT = frozenset(
    """chat c c: j l n J L N join leave name player gametype gen rated rule teampreview
    request inactive inactiveoff t: raw html uhtml uhtmlchange title init deinit
    expire error bigerror debug message -hint -crit -resisted
    -supereffective -hitcount -nothing -ohko -combine -waiting -center
    -zpower -mega -burst -primal -candynamax -swap swap showteam noinit users updateuser split
    cantleave done win tie""".split()
)
"""Lines that tell nothing of the state, or only what their cause tells."""
_OF_NO_POKEMON = frozenset(
    """turn upkeep teamsize tier clearpoke poke start -fieldactivate -message -weather -fieldstart
    -fieldend -swapsideconditions -clearallboost""".split()
)
_UNSOUND = (ValueError, LookupError, TypeError, AttributeError)
_MOST_POKEMON = 6  # of a team in a format that the engine can play
_END_SILENTLY = (
    *tables.STREAKS,
    *"allyswitch lockedmove lockon micleberry mustrecharge stall throatchop".split(),
    *"twoturnmove yawn eaten".split(),
)


class Tracker(Entries, Moves, Health, Conditions):
    """What the lines of one channel have said of a battle.

    Args:
        player: side whose channel it is, 0 or 1; None: a spectator's.
        exact: the lines tell the HP of both sides exactly, as the engine's do; the opponent's are
            taken in percent.

    Attributes:
        battle: what is known now.
        positions: team index of the player's Pokémon at each position of the last request.
    """

    def __init__(self, player: int | None = None, *, exact: bool = False) -> None:
        super().__init__(player, exact=exact)
        self.positions: tuple[int, ...] = ()
        # Lines since the end of Team Preview: the next request says who was brought, and in which
        # order, which lines do not where an Illusion begins.
        self._held: list[str] | None = None
        self._previewing = False  # the last request was that of Team Preview

    def information_state(self, request: BattleRequest) -> InfoState:
        """Return the player's information state at a request, of which all lines have been read.

        Raises:
            ValueError: these are a spectator's lines.
        """
        self._read_request(request)
        assert self.player is not None
        return information_state(
            self.battle,
            self.player,
            request.legal(self.positions),
            request.kind,
            maybe_trapped=request.maybe_trapped,
            reviving=request.reviving,
            named=request.named,
            to_name=request.to_name,
        )

    def _read_request(self, request: BattleRequest) -> None:
        if self.player is None:
            raise ValueError("a spectator gets no requests")
        side = self.battle.sides[self.player]
        self._previewing = request.kind == "preview"
        if self._held is not None:
            lines, self._held = self._held, None
            side.mons.clear()
            self._read_request(request)
            for line in lines:
                self.read(line)
        self._absences.decide()
        self._reactions.decide()
        self._begin_notes(choosing=request.kind == "move")
        positions: list[int] = []
        for own in request.mons:
            alike = [
                n
                for n, mon in enumerate(side.mons)
                if mon.name == own.name and mon.level == own.level and n not in positions
                and base_species(mon.species) == base_species(own.species)
            ]  # fmt: skip
            alike.sort(key=lambda n: side.mons[n].species != own.species)
            if not alike:
                alike = [len(side.mons)]
                side.mons.append(KnownMon(own.name, own.species, own.level, own.gender))
            positions.append(alike[0])
        self.positions = tuple(positions)
        side.size = len(request.mons)
        shown, out = side.active, positions[0]
        if shown not in (None, out):
            # Lines name the Pokémon that an Illusion shows; the player knows better.
            self._unmask(side, out, "")
            side.mons[shown].appeared = True  # so the opponent takes it
            side.types = ()
            side.mons[out].forme = side.mons[out].species
        for number, own in zip(positions, request.mons, strict=True):
            copied = number == out and side.copy is not None
            self._read_own(side.mons[number], own, copied=copied)
        if shown is None:
            return
        mon = side.mons[out]
        for move, (points, most) in request.pp.items():
            if move in MOVE_ID and most != usual_pp(move) and side.copy is None:
                mon.full_pp[move] = most  # taken over by Sketch
            if side.copy is not None:
                mon.copied_uses[move] = max(0, most - points)
            elif most - points != mon.uses.get(move, 0):
                mon.uses[move] = max(0, most - points)

    def _read_own(self, mon: KnownMon, own: OwnMon, *, copied: bool) -> None:
        if mon.stats is None:
            mon.learn_item(own.item)
            mon.first_max_hp = own.max_hp
            mon.base_ability = own.base_ability
        mon.hp, mon.max_hp = own.hp, own.max_hp or mon.max_hp
        if own.hp and own.status != mon.status:
            self._set_status(mon, own.status)
        if mon.species != own.species:
            mon.species = mon.forme = own.species
        mon.stats, mon.stats_forme, mon.gender = own.stats, mon.forme, own.gender
        if copied:
            mon.copied_moves = own.moves
        else:
            mon.moves = own.moves
        mon.item, mon.ability, mon.base_ability = own.item, own.ability, own.base_ability
        mon.tera_type, mon.terastallized = own.tera_type, own.terastallized
        mon.away = ""

    def read(self, text: str) -> None:
        """Read one line; one that is not known or not sound is counted, and costs itself alone."""
        if self._held is not None:
            self._held.append(text)
            return
        self.read_parsed(parse_line(text))

    def read_parsed(self, line: ProtocolLine) -> None:
        """Read one line that is split already, of a channel without Team Preview's requests."""
        kind = line.kind
        if self._blank:
            # An empty line opens a phase: with a time stamp that of choices, else the end of turn.
            self._blank = False
            self.battle.residual = kind not in ("t:", "win", "tie")
            if self.battle.residual:
                one, two = self.battle.sides
                self._unbind(one, two)
                self._unbind(two, one)
        reader = self._readers.get(kind)
        if reader is not None:
            try:
                if kind not in _OF_NO_POKEMON and place_of(line.arg(0))[0] < 0:
                    raise ValueError("it names no Pokémon")
                if self.player is None:  # no evidence is taken from a spectator's lines
                    self._learn(line)
                    reader(line)
                    return
                for note in self._notes(kind):
                    self._watch(note, line)
                self._learn(line)
                reader(line)
                self._watch(self._absences.after, line)
                if kind in self._reactions.kinds:
                    self._watch(self._reactions.after, line)
            except _UNSOUND:
                self.battle.unreadable[kind] = self.battle.unreadable.get(kind, 0) + 1
        elif kind == "":
            for note in () if self.player is None else self._notes(kind):
                self._watch(note, line)
            self._blank = self.battle.turn > 0
        elif kind not in _SILENT:
            self.battle.unknown[kind] = self.battle.unknown.get(kind, 0) + 1
        else:
            self._learn(line)
            if self.player is None:
                return
            self._watch(self._absences.after, line)
            if kind in self._reactions.kinds:
                self._watch(self._reactions.after, line)
            if kind in hits.BEFORE:
                self._watch(self._hits.before, line)

    def _watch(self, note: Callable[[ProtocolLine], None], line: ProtocolLine) -> None:
        """Take evidence from a line; what has none, as of an unknown species, costs no more."""
        try:
            note(line)
        except _UNSOUND:
            name = f"evidence of {line.kind}"
            self.battle.unreadable[name] = self.battle.unreadable.get(name, 0) + 1

    def _on_teamsize(self, line: ProtocolLine) -> None:
        size = int(line.arg(1))
        if not 0 < size <= _MOST_POKEMON:
            raise ValueError("a team of more Pokémon than there can be, or of none")
        self._side(line.arg(0) + ": ").size = size

    def _on_tier(self, line: ProtocolLine) -> None:
        # "[Gen 9] OU" reads like a tag.
        found = to_id("".join(name + rest for name, rest in line.tags.items()))
        formats, _ = battle_formats()
        if found in formats and not why_not(formats[found]):
            self.battle.format = found
        if "terastalclause" in formats[self.battle.format].rules:
            for side in self.battle.sides:
                side.tera_used = True

    def _on_clearpoke(self, line: ProtocolLine) -> None:
        for side in self.battle.sides:
            side.previewed = ()

    def _on_poke(self, line: ProtocolLine) -> None:
        side = self._side(line.arg(0) + ": ")
        if len(side.previewed) >= _MOST_POKEMON:
            raise ValueError("a team of more Pokémon than there can be")
        side.previewed += (previewed_of(line.arg(1)),)
        side.size = len(side.previewed)

    def _on_start(self, line: ProtocolLine) -> None:
        if self.player is None:
            return
        if self._previewing or self.battle.sides[self.player].previewed:
            self._held = []

    def _on_turn(self, line: ProtocolLine) -> None:
        battle = self.battle
        battle.turn, battle.residual = int(line.arg(0)), False
        for side in battle.sides:
            side.acted = False
            side.turns += 1
            side.failed_before, side.failed_now = side.failed_now, False
            side.fainted_before, side.fainted_now = side.fainted_now, None

    def _on_upkeep(self, line: ProtocolLine) -> None:
        battle = self.battle
        battle.ends += 1
        battle.residual = False
        for name in ("fairylock", "echoedvoice"):
            found = battle.conditions.get(name)
            if found is not None and found.left(battle.ends) == 0:
                del battle.conditions[name]
        gas = self._gas()
        for side in battle.sides:
            slow, mon = side.effects.get("slowstart"), side.mon
            suppressed = gas and mon is not None and mon.item != "abilityshield"
            if slow is not None and side.turns and not suppressed:
                slow.count -= 1
            self._expire(side)
            # A slot's may find nobody, and no line says it.
            for name in ("wish", "futuremove", *tables.GUARDS):
                slot = side.conditions.get(name)
                if slot is not None and slot.left(battle.ends) == 0:
                    del side.conditions[name]

    def _unbind(self, side: KnownSide, other: KnownSide) -> None:
        """End what binds to a Pokémon that is no longer there."""
        bound = side.effects.get("partiallytrapped")
        gone = other.mon is None or other.mon.fainted
        if bound is not None and (gone or bound.source not in (None, other.active)):
            del side.effects["partiallytrapped"]

    def _expire(self, side: KnownSide) -> None:
        """End the conditions without a line of their own whose time is over."""
        locked = side.effects.get("lockedmove")
        if locked is not None and locked.count >= tables.MOST_LOCKED:
            del side.effects["lockedmove"]
        for name, effect in list(side.effects.items()):
            left = effect.left(self.battle.ends)
            if left is not None and left <= 0 and (effect.length == 1 or name in _END_SILENTLY):
                del side.effects[name]
