"""What every reader of lines needs: who is meant, what any line may tell besides, common steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from plywise.datasets.showdown_data import load
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking import disguises, hits, reactions, turn_order
from plywise.games.gen9.tracking.absences import Absences
from plywise.games.gen9.tracking.disguises import Disguises
from plywise.games.gen9.tracking.hits import Hits
from plywise.games.gen9.tracking.known import Effect, KnownBattle, KnownMon, KnownSide
from plywise.games.gen9.tracking.reactions import Reactions
from plywise.games.gen9.tracking.turn_order import TurnOrder
from plywise.games.gen9.tracking.wire import ProtocolLine, condition_of, place_of, shown_hp


@dataclass
class MoveUnderWay:
    """The move that is being carried out, and what it has done so far.

    Attributes:
        side, move: whose it is, and its id.
        hit: it has hurt the opponent or its Substitute.
        on_substitute: its hits on a Substitute, which count as attacks if one on the body follows.
        missed, changed: it has missed; it has changed stages.
        slot: the slot condition that it made.
        exchanged: side whose item, not known, it has exchanged (Trick); -1 none.
        stolen: a berry that it ate off its holder, and the name of who ate it.
        synchronized: its status has set off Synchronize.
        streak: its user's ``streak`` before it; ``last_move``: the battle's.
    """

    side: int
    move: str
    hit: bool = False
    on_substitute: int = 0
    missed: bool = False
    changed: bool = False
    slot: str = ""
    exchanged: int = -1
    stolen: tuple[str, str] = ("", "")
    synchronized: bool = False
    streak: tuple[str, int] = ("", 0)
    last_move: str = ""


@cache
def _reader_names(kind: type[Reader]) -> tuple[tuple[str, str], ...]:
    """Return kinds of lines with the names of a class's methods that read them."""
    return tuple(
        (name[4:].replace("minus_", "-"), name) for name in dir(kind) if name.startswith("_on_")
    )


class Reader:
    """What the lines of one channel have said; base of the readers of single kinds of lines."""

    def __init__(self, player: int | None = None, *, exact: bool = False) -> None:
        self.player = player
        self.exact = exact
        self.battle = KnownBattle()
        self._moving: MoveUnderWay | None = None
        self._blank = False  # the last line was empty
        self._chewing = False  # Cud Chew is about to eat a berry again
        self._from_item = -1  # side whose Booster Energy has just worked
        self._begin_notes(choosing=False)
        names = _reader_names(type(self))  # type: ignore[arg-type]  # a class can be hashed
        self._readers: dict[str, Callable[[ProtocolLine], None]] = {
            kind: getattr(self, name) for kind, name in names
        }

    def _begin_notes(self, *, choosing: bool) -> None:
        """Let those who take evidence begin anew, as they do at every decision.

        What they have noted of a turn under way is no part of ``battle``: so a copy of it, or one
        read from a file, goes on like the original.
        """
        self._absences = Absences(self)
        self._reactions = Reactions(self, self._absences)
        self._order = TurnOrder(self, choosing=choosing)
        self._hits = Hits(self)
        self._disguises = Disguises(self)
        self._noted: dict[str, tuple[Callable[[ProtocolLine], None], ...]] = {}

    def _notes(self, kind: str) -> tuple[Callable[[ProtocolLine], None], ...]:
        """Return who takes evidence from lines of a kind before they are read."""
        found = self._noted.get(kind)
        if found is None:
            found = tuple(
                note
                for note, kinds in (
                    (self._reactions.before, reactions.BEFORE),
                    (self._absences.before, None),
                    (self._order.before, turn_order.BEFORE),
                    (self._hits.before, hits.BEFORE),
                    (self._disguises.before, disguises.BEFORE),
                )
                if kinds is None or kind in kinds
            )
            self._noted[kind] = found
        return found

    def _side(self, ident: str) -> KnownSide:
        return self.battle.sides[place_of(ident)[0]]

    def _mon(self, ident: str) -> KnownMon | None:
        """Return the Pokémon that a line names, of those that are known."""
        side, name = place_of(ident)
        if side < 0:
            return None
        there = self.battle.sides[side]
        # A letter of a place (``p1a``) means the active one, whatever an Illusion makes it look.
        if there.mon is not None and (there.mon.name == name or ident[2:3] == "a"):
            return there.mon
        return next((m for m in there.mons if m.name == name), None)

    def _is_active(self, ident: str) -> bool:
        side, name = place_of(ident)
        mon = self.battle.sides[side].mon
        return mon is not None and (mon.name == name or ident[2:3] == "a")

    def _will_move(self, side: int) -> bool:
        """Return whether the side's Pokémon has its move of this turn still before it."""
        return not self.battle.sides[side].acted and not self.battle.residual

    def _gas(self) -> bool:
        """Return whether a Neutralizing Gas is known to suppress abilities."""
        out = (side.mon for side in self.battle.sides)
        return any(m is not None and m.ability == "neutralizinggas" and not m.fainted for m in out)

    def _learn(self, line: ProtocolLine) -> None:
        """Note the item or ability that a line names as the cause of what it tells."""
        if "from" not in line.tags:
            return
        kind, name = line.origin
        if kind not in ("item", "ability") or line.kind in ("-item", "-enditem", "-ability"):
            return
        owner = line.owner
        mon = self._mon(owner)
        if mon is None:
            return
        if kind == "item" and name.endswith("berry") and self._flung(line, name):
            return
        if kind == "item" and self._moving and self._moving.stolen == (name, mon.name):
            return  # Bug Bite: eaten, never held
        if kind == "ability":
            mon.learn_ability(name, own=self._ability_is_own(owner))
        elif name in load().items and not (mon.item == "" and mon.last_item == name):
            giver = self.battle.sides[1 - place_of(owner)[0]].mon
            if name == "stickybarb" and mon.item == "" and giver is not None:
                giver.lose_item(name)  # no line says that it clings to who touches its holder
            mon.learn_item(name)

    def _flung(self, line: ProtocolLine, berry: str) -> bool:
        """Return whether a line tells what a flung berry does; note whose it was, and who ate it.

        One that the target has held and eaten itself is gone by then.
        """
        moving, eater = self._moving, self._mon(line.arg(0))
        if moving is None or eater is None or moving.move != "fling":
            return False
        eaten = eater.item == "" and eater.last_item == berry
        if eaten or place_of(line.arg(0))[0] == moving.side:
            return False
        if tables.is_eaten(berry):
            eater.done.add("berry")
        thrower = self.battle.sides[moving.side].mon
        if thrower is not None:
            thrower.learn_item(berry)
        return True

    def _ability_is_own(self, ident: str) -> bool:
        return self._side(ident).copied is None

    def _tried(self, ident: str, *, loafing: bool = True) -> None:
        """Note that a Pokémon has tried to move; ``loafing``: with Truant it will not next time."""
        side = self._side(ident)
        side.actions += 1
        side.acted = True
        side.loafing = loafing
        for name in ("destinybond", "glaiverush"):
            side.effects.pop(name, None)

    def _start(
        self, ident: str, name: str, length: int | None = None, *, move: str = "", count: int = 0
    ) -> None:
        """Begin a condition of the active Pokémon; without ``length`` it has its usual one."""
        side = place_of(ident)[0]
        length = tables.LENGTHS.get(name) if length is None else length
        source = self.battle.sides[1 - side].active if name in tables.HAVE_A_SOURCE else None
        effects = self.battle.sides[side].effects
        effects.pop(name, None)
        effects[name] = Effect(self.battle.now, length, count, move, source)

    def _set_status(self, mon: KnownMon, status: str, *, rested: bool = False) -> None:
        mon.status, mon.slept, mon.rested = status, 0, rested
        mon.poisoned = self.battle.now

    def _condition(self, mon: KnownMon, text: str, ident: str) -> None:
        """Note HP and status, as a line tells them of the Pokémon ``ident``."""
        hp, most, status = condition_of(text)
        if self.exact and most and place_of(ident)[0] != self.player:
            hp, most = shown_hp(hp, most), 100
        mon.hp = hp
        if most:
            mon.max_hp = most
        if hp and status != mon.status:
            self._set_status(mon, status)

    def _absorbed(self, ident: str, ability: str) -> None:
        """Note that the move being carried out has failed if an ability of its target took it."""
        if self._moving is not None and ability in tables.ABSORBING and not self.battle.residual:
            if self._moving.side != place_of(ident)[0]:
                self.battle.sides[self._moving.side].failed_now = True
                self._moving.missed = True

    def _prevented(self) -> None:
        """Note that the status move being carried out has failed if this was all it does.

        What prevents a status, a condition, a change of stages or of the ability returns null or
        false from its event, which leaves the target out (``runMoveEffects`` in
        ``sim/battle-actions.js``): a status that the move has as its first effect, whatever else it
        did, and another effect if nothing else worked.
        """
        moving = self._moving
        if moving is None or self.battle.residual or not tables.is_status(moving.move):
            return
        works = moving.changed and not tables.sets_status(moving.move)
        if not works and moving.move not in tables.DO_MORE:
            self.battle.sides[moving.side].failed_now = True

    def _worked(self, ident: str) -> None:
        """Note that the status move being carried out has done something to its target."""
        moving = self._moving
        if moving is None or self.battle.residual or not tables.is_status(moving.move):
            return
        if moving.side != place_of(ident)[0]:
            moving.changed = True
            self.battle.sides[moving.side].failed_now = False

    def _connected(self) -> None:
        """Note that the move being carried out has hit the opponent or its Substitute."""
        assert self._moving is not None
        self._moving.hit = True
        s, move = self._moving.side, self._moving.move
        if move not in tables.STREAKS and move not in tables.LOCKING:
            return
        effects = self.battle.sides[s].effects
        if move in tables.LOCKING:
            locked = effects.get("lockedmove")
            uses = 1 if locked is None else locked.count + (locked.began < self.battle.now)
            effects["lockedmove"] = Effect(self.battle.now, 2, uses, move)
            return
        count = effects[move].count if move in effects else 0
        lasts = 1 if move != "furycutter" and count >= 4 else 2
        effects[move] = Effect(self.battle.now, lasts, min(count + 1, 5))
