"""Lines of moves: what was chosen and used, what prevented it, what it spends."""

from __future__ import annotations

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.known import Effect, KnownSide
from plywise.games.gen9.tracking.reader import MoveUnderWay, Reader
from plywise.games.gen9.tracking.wire import ProtocolLine, effect_of, place_of

_AT_NO_FOE = frozenset(
    "self allySide allies allyTeam adjacentAllyOrSelf adjacentAlly foeSide".split()
)
"""Targets of moves that Pressure makes no dearer."""


class Moves(Reader):
    """Reads them."""

    def _on_move(self, line: ProtocolLine) -> None:
        s, _ = place_of(line.arg(0))
        side, mon, move = self._side(line.arg(0)), self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None:
            return
        source = line.tags.get("from", "")
        kind, cause = effect_of(source)
        called = (
            bool(source) and cause not in ("lockedmove", "pursuit") and not line.tags.get("zeffect")
        )
        if cause == "magicbounce":
            self.battle.sides[1 - s].failed_now = True
        self._moving = MoveUnderWay(s, move, last_move=self.battle.last_move)
        side.last_used, side.failed_now = move, "notarget" in line.tags
        self.battle.note(s, f"{mon.forme or mon.species} used {move}")
        talking = mon.status == "slp" and move in ("sleeptalk", "snore")  # said by `cant`
        if (not called and not talking) or (kind, cause) == ("ability", "dancer"):
            self._tried(line.arg(0))
        if move in tables.SILENT_SELF:
            self._start(line.arg(0), move)
        if move in tables.SLOT_MOVES and "still" not in line.tags:
            self._slot(side, move)
        self.battle.last_move = move
        side.effects.pop("beakblast", None)  # the beak is hot until it strikes
        if move == "echoedvoice":
            self._echo()
        self._moving.streak = side.streak
        if move not in tables.CALLING and line.arg(2) != "null":  # without a target it is not tried
            self._count_streak(side, move)
        if called:
            # Pressure takes PP from the move that has called this one.
            spent_on = mon.uses if side.copied is None else mon.copied_uses
            if kind == "move" and cause in spent_on:
                spent_on[cause] += self._cost(s, move, line.arg(2)) - 1
            return
        side.last_move = move
        if cause != "lockedmove":
            side.effects.pop("lockedmove", None)  # over without a line: it was confused before
        if cause == "lockedmove":
            charge = side.effects.get("twoturnmove")
            if charge is not None and charge.move == move:
                charge.count = 1  # it strikes: no longer out of reach
            return
        if move != "struggle" and move not in side.moves_used:
            side.moves_used += (move,)
        mimicked = side.effects.get("mimicked")
        if (
            side.copied is None
            and move != "struggle"
            and (mimicked is None or mimicked.move != move or s == self.player)
        ):
            mon.uses[move] = mon.uses.get(move, 0) + self._cost(s, move, line.arg(2))
        elif side.copied is not None and move != "struggle":
            spent = mon.copied_uses.get(move, 0) + self._cost(s, move, line.arg(2))
            mon.copied_uses[move] = spent

    def _count_streak(self, side: KnownSide, move: str) -> None:
        """Count tries of the same move in succession (the item Metronome's ``onTryMove``)."""
        last, times = side.streak
        if times < 0 or "magicroom" in self.battle.conditions:
            side.streak = ("", -1)
        elif last == move and (not side.failed_before or "twoturnmove" in side.effects):
            side.streak = (move, times + 1)
        else:
            side.streak = (move, int("twoturnmove" in side.effects))

    def _echo(self) -> None:
        """Note that Echoed Voice grows, once a turn."""
        battle = self.battle
        found = battle.conditions.get("echoedvoice")
        if found is None:
            battle.conditions["echoedvoice"] = Effect(battle.now, 2, 1)
        elif found.began < battle.now:
            battle.conditions["echoedvoice"] = Effect(battle.now, 2, min(5, found.count + 1))

    def _slot(self, side: KnownSide, move: str) -> None:
        if move not in side.conditions:
            side.conditions[move] = Effect(
                self.battle.now, 2 if move == "wish" else None, source=side.active
            )
            assert self._moving is not None
            self._moving.slot = move

    def _on_minus_fail(self, line: ProtocolLine) -> None:
        """A move that failed began nothing."""
        side, moving = self._side(line.arg(0)), self._moving
        if moving is None or moving.synchronized:
            return  # what Synchronize sends back fails, not the move, whose status has worked
        mover = self.battle.sides[moving.side]
        if not self._fails_as_a_hit(line, moving):
            # An attack fails for a target that needs no healing by it (Present).
            if mover is side or tables.is_status(moving.move) or line.arg(1) == "heal":
                mover.failed_now = True
        if mover is side:
            side.conditions.pop(moving.slot, None)
            if tables.is_stalling(moving.move):
                side.effects.pop("stall", None)
            if moving.move in tables.SILENT_SELF:
                side.effects.pop(moving.move, None)
            moving.slot = ""

    def _fails_as_a_hit(self, line: ProtocolLine, moving: MoveUnderWay) -> bool:
        """Return whether a failure counts as none (``moveThisTurnResult`` is true or null)."""
        s, move = moving.side, moving.move
        if line.tags.get("from") in ("Desolate Land", "Primordial Sea"):
            return True
        if line.arg(1) == "unboost" and (
            place_of(line.arg(0))[0] == s or not tables.changes_stages(move, own=False)
        ):
            return True  # a part of what it does
        if place_of(line.arg(0))[0] == s and tables.stops_at_substitutes(move):
            foe = self.battle.sides[1 - s]
            drowsy = move == "yawn" and foe.mon is not None and foe.mon.status
            if "substitute" in foe.effects and not drowsy:
                return True  # of the Substitute that it cannot pass
        if move in ("swallow", "allyswitch"):
            return line.arg(1) != ""
        return move in tables.NO_FAILURES

    def _on_minus_miss(self, line: ProtocolLine) -> None:
        if self.battle.residual:
            return  # a future move
        if self._moving is not None and tables.is_at_all(self._moving.move):
            return
        self._side(line.arg(0)).failed_now = True
        if self._moving is not None:
            self._moving.missed = True

    def _on_minus_immune(self, line: ProtocolLine) -> None:
        if self.battle.residual:
            return  # a future move
        moving = self._moving
        if moving is not None and moving.side != place_of(line.arg(0))[0]:
            if line.arg(1) == "confusion":
                self._prevented()  # Own Tempo's ``onHit``: what else the move does, it has done
            elif not tables.is_at_all(moving.move):
                self.battle.sides[moving.side].failed_now = True

    def _on_minus_message(self, line: ProtocolLine) -> None:
        if line.arg(0).startswith("Sleep Clause Mod"):
            self._prevented()

    def _on_minus_notarget(self, line: ProtocolLine) -> None:
        self._side(line.arg(0)).failed_now = True

    def _cost(self, side: int, move: str, target: str) -> int:
        """Return the PP that a use costs (Pressure; Curse may be aimed at its user)."""
        foe = self.battle.sides[1 - side].mon
        if foe is None or foe.ability != "pressure" or foe.fainted:
            return 1
        entry = load().moves.get(move, {})
        aimed = entry.get("flags", {}).get("mustpressure") or (
            entry.get("target") not in _AT_NO_FOE
            and not (move == "curse" and place_of(target)[0] == side)
        )
        return 2 if aimed and not self._gas() else 1

    def _on_cant(self, line: ProtocolLine) -> None:
        side, mon, reason = self._side(line.arg(0)), self._mon(line.arg(0)), line.arg(1)
        kind, name = effect_of(reason)
        if kind == "ability" and mon is not None:
            mon.learn_ability(name, own=self._ability_is_own(line.arg(0)))
            if name in ("damp", "dazzling", "queenlymajesty", "armortail"):
                prevented = place_of(line.tags.get("of", ""))[0]
                if prevented >= 0:
                    self.battle.sides[prevented].failed_now = True
                    if self._moving is not None:
                        self.battle.sides[prevented].streak = self._moving.streak
                return  # its holder prevents another's move
        self._tried(line.arg(0), loafing=name not in ("slp", "frz", "truant", "recharge"))
        side.effects.pop("twoturnmove", None)
        side.failed_now = name != "recharge"
        if mon is not None and name == "slp":
            mon.slept += 1
        if name == "recharge":
            side.effects.pop("mustrecharge", None)

    def _on_minus_prepare(self, line: ProtocolLine) -> None:
        if "premajor" in line.tags:
            return
        self._start(line.arg(0), "twoturnmove", move=to_id(line.arg(1)))
        if self._moving is not None:
            self._side(line.arg(0)).streak = self._moving.streak  # it has not been tried yet

    def _on_minus_anim(self, line: ProtocolLine) -> None:
        side = self._side(line.arg(0))
        charge = side.effects.pop("twoturnmove", None)  # a charge that needs no turn
        if charge is not None:
            self._count_streak(side, charge.move)

    def _on_minus_mustrecharge(self, line: ProtocolLine) -> None:
        self._start(line.arg(0), "mustrecharge")
