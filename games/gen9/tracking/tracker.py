"""Reads the lines and requests of one channel of a battle, in order.

A player's channel shows exact HP of its own Pokémon and percent of the opponent's; a spectator's
shows percent of both.  What is read here is what Showdown's simulator wrote (``sim/battle.js``,
``data/*.js``); the names of the methods are those of the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.tracking import effects as fx
from plywise.games.gen9.tracking.known import Effect, KnownBattle, KnownMon, KnownSide
from plywise.games.gen9.tracking.wire import (
    Line,
    condition_of,
    details_of,
    effect_of,
    parse_line,
    place_of,
)

_STATS = ("atk", "def", "spa", "spd", "spe", "accuracy", "evasion")
_COPIED_PP = 5


class Tracker:
    """What the lines of one channel have said of a battle.

    Args:
        player: side whose channel it is, 0 or 1; None: a spectator's.

    Attributes:
        battle: what is known now.
        request: the player's last request.
    """

    def __init__(self, player: int | None = None) -> None:
        self.player = player
        self.battle = KnownBattle()
        self.request: Mapping[str, Any] = {}
        self._mover: tuple[int, str] | None = None  # side and move that is being carried out
        self._blank = False  # the last line was empty
        self._stolen = ("", "")  # a berry eaten off its holder, and the name of who ate it
        self._hit = False  # the move being carried out has hurt the opponent
        self._new_slot: tuple[KnownSide, str] | None = None  # that the move being carried out made
        self._readers: dict[str, Callable[[Line], None]] = {
            name[4:]: getattr(self, name) for name in dir(self) if name.startswith("_on_")
        }

    def read(self, text: str) -> None:
        """Read one line; a kind that is not known is counted in ``battle.unknown``."""
        line = parse_line(text)
        kind = line.kind
        if self._blank:
            # An empty line opens a phase: with a time stamp that of choices, else the end of turn.
            self._blank = False
            self.battle.residual = kind not in ("t:", "win", "tie")
        reader = self._readers.get(kind.replace("-", "minus_") if kind[:1] == "-" else kind)
        if reader is not None:
            self._learn(line)
            reader(line)
        elif kind == "":
            self._blank = self.battle.turn > 0
        elif kind not in _SILENT:
            self.battle.unknown[kind] = self.battle.unknown.get(kind, 0) + 1
        else:
            self._learn(line)

    # ------------------------------------------------------------------------------------ places

    def _side(self, ident: str) -> KnownSide:
        return self.battle.sides[place_of(ident)[0]]

    def _mon(self, ident: str) -> KnownMon | None:
        """Return the Pokémon that a line names, of those that are known."""
        side, name = place_of(ident)
        if side < 0:
            return None
        there = self.battle.sides[side]
        if there.mon is not None and there.mon.name == name:
            return there.mon
        return next((m for m in there.mons if m.name == name), None)

    def _is_active(self, ident: str) -> bool:
        side, name = place_of(ident)
        mon = self.battle.sides[side].mon
        return mon is not None and mon.name == name

    def _will_move(self, side: int) -> bool:
        """Return whether the side's Pokémon has its move of this turn still before it."""
        return not self.battle.sides[side].acted and not self.battle.residual

    # -------------------------------------------------------------- what any line may tell besides

    def _learn(self, line: Line) -> None:
        """Note the item or ability that a line names as the cause of what it tells."""
        kind, name = line.origin
        if kind not in ("item", "ability") or line.kind in ("-item", "-enditem", "-ability"):
            return
        owner = line.arg(0)
        # An effect on somebody names its maker, if another, as [of].
        if "of" in line.tags and line.kind in _MADE_BY_OTHER:
            owner = line.tags["of"]
        if line.kind == "-heal" and name != "hospitality":
            owner = line.arg(0)
        mon = self._mon(owner)
        if mon is None:
            return
        if kind == "item" and "of" in line.tags and self._mover is not None:
            thrown = self._mover == (place_of(line.tags["of"])[0], "fling")
        else:
            thrown = False
        if thrown and name.endswith("berry"):
            mon.done.add("berry")
            mon = self._mon(line.tags["of"]) or mon
        if kind == "item" and self._stolen == (name, mon.name):
            return  # Bug Bite: eaten, never held
        if kind == "ability":
            mon.learn_ability(name, own=self._ability_is_own(owner))
        elif name in load().items and not (mon.item == "" and mon.last_item == name):
            mon.learn_item(name)

    def _ability_is_own(self, ident: str) -> bool:
        return self._side(ident).copied is None

    # --------------------------------------------------------------------------- course of a battle

    def _on_teamsize(self, line: Line) -> None:
        self._side(line.arg(0) + ": ").size = int(line.arg(1))

    def _on_turn(self, line: Line) -> None:
        battle = self.battle
        battle.turn, battle.residual = int(line.arg(0)), False
        for side in battle.sides:
            side.acted = False
            side.turns += 1

    def _on_upkeep(self, line: Line) -> None:
        battle = self.battle
        battle.ends += 1
        battle.residual = False
        for side in battle.sides:
            for name in [n for n in side.effects if n in fx.ONE_TURN]:
                del side.effects[name]
            self._expire(side)
            wish = side.conditions.get("wish")
            if wish is not None and wish.left(battle.ends) == 0:
                del side.conditions["wish"]

    def _expire(self, side: KnownSide) -> None:
        """End the conditions without a line of their own whose time is over."""
        ends = self.battle.ends
        for name in _END_SILENTLY:
            effect = side.effects.get(name)
            left = None if effect is None else effect.left(ends)
            if left is not None and left <= 0:
                del side.effects[name]

    def _on_win(self, line: Line) -> None:
        self.battle.over = True

    _on_tie = _on_win

    # -------------------------------------------------------------------------------- who is there

    def _on_switch(self, line: Line) -> None:
        self._enter(line)

    def _on_drag(self, line: Line) -> None:
        self._enter(line)

    def _enter(self, line: Line) -> None:
        s, name = place_of(line.arg(0))
        side = self.battle.sides[s]
        species, level, gender, tera = details_of(line.arg(1))
        passed = self._leave(
            side, baton=line.origin[1] == "batonpass", shed=line.origin[1] == "shedtail"
        )
        number = self._find(side, name, species, level, gender)
        mon = side.mons[number]
        if mon.fainted:
            mon = side.mons[number] = self._impostor(side, mon)
        side.entry = mon.snapshot()
        side.active = number
        mon.forme = species
        mon.terastallized = bool(tera)
        if tera:
            mon.tera_type = tera
        mon.ability = mon.base_ability
        self._condition(mon, line.arg(2))
        mon.poisoned = self.battle.now
        side.boosts, side.effects = passed
        side.turns = side.actions = 0
        side.acted, side.loafing = True, False
        for other in self.battle.sides:
            for effect in list(other.effects):
                if other is not side and effect in _TIED_TO_SOURCE:
                    del other.effects[effect]

    def _impostor(self, side: KnownSide, mon: KnownMon) -> KnownMon:
        """Return what was known of ``mon``, which did not faint: an Illusion of it did.

        The Pokémon behind it, if one with Illusion is known, is the one that fainted.
        """
        other = next((m for m in side.mons if m.base_ability == "illusion" and not m.fainted), None)
        if other is not None:
            other.hp, other.status = 0, ""
        return side.buried.pop(mon.name, mon)

    def _find(self, side: KnownSide, name: str, species: str, level: int, gender: str) -> int:
        """Return the number of a Pokémon that comes in; one not seen before is added."""
        same = [n for n, m in enumerate(side.mons) if m.name == name]
        for fits in (
            [n for n in same if side.mons[n].species == species],
            [n for n in same if same_kind(side.mons[n].species, species)],
        ):
            likely = [
                n for n in fits if (side.mons[n].level, side.mons[n].gender) == (level, gender)
            ]
            if likely:
                return likely[0]
        side.mons.append(KnownMon(name, species, level, gender, species))
        return len(side.mons) - 1

    def _leave(
        self, side: KnownSide, *, baton: bool, shed: bool
    ) -> tuple[dict[str, int], dict[str, Effect]]:
        """Undo what ends when the active Pokémon leaves; return what is handed on."""
        mon = side.mon
        boosts = dict(side.boosts) if baton else {}
        kept = {n: e for n, e in side.effects.items() if n in fx.PASSED_ON} if baton else {}
        if shed and "substitute" in side.effects:
            kept = {"substitute": side.effects["substitute"]}
        if mon is not None:
            mon.forme = mon.species
            mon.ability = mon.base_ability
            if mon.status == "tox":
                mon.poisoned = self.battle.now
        side.types, side.added_type, side.copied, side.copy = (), "", None, None
        side.last_move = side.last_used = ""
        return boosts, kept

    def _on_replace(self, line: Line) -> None:
        """An Illusion ends: what was booked since the entry belongs to another Pokémon."""
        s, name = place_of(line.arg(0))
        side = self.battle.sides[s]
        worn, before = side.mon, side.entry
        species, level, gender, tera = details_of(line.arg(1))
        if worn is None or before is None or side.active is None:
            return
        shown = side.active
        number = self._find(side, name, species, level, gender)
        mon = side.mons[number]
        mon.hp, mon.max_hp, mon.status = worn.hp, worn.max_hp, worn.status
        mon.poisoned, mon.slept, mon.rested = worn.poisoned, worn.slept, worn.rested
        for move, count in worn.uses.items():
            more = count - before.uses.get(move, 0)
            if more:
                mon.uses[move] = mon.uses.get(move, 0) + more
        if worn.item != before.item and worn.item is not None:
            mon.item = worn.item
            mon.first_item = mon.first_item or worn.first_item
        mon.attacked += worn.attacked - before.attacked
        mon.done |= worn.done - before.done
        mon.terastallized, mon.tera_type = bool(tera), tera or mon.tera_type
        mon.learn_ability("illusion")
        mon.forme = species
        if number != shown:
            side.mons[shown] = before
        side.active, side.entry = number, None

    def _on_faint(self, line: Line) -> None:
        side = self._side(line.arg(0))
        mon = self._mon(line.arg(0))
        if mon is None:
            return
        if side.entry is not None and side.entry.name == mon.name:
            side.buried[mon.name] = side.entry
        mon.hp, mon.status, mon.terastallized = 0, "", False
        side.fallen += 1
        side.fell = self.battle.now
        if self._is_active(line.arg(0)):
            side.boosts, side.effects = {}, {}
            mon.forme = mon.species
        other = self.battle.sides[1 - place_of(line.arg(0))[0]]
        for name in [n for n in other.effects if n in _TIED_TO_SOURCE]:
            del other.effects[name]

    def _on_detailschange(self, line: Line) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            species, _, gender, tera = details_of(line.arg(1))
            mon.species = mon.forme = species
            if tera:
                mon.terastallized, mon.tera_type = True, tera

    def _on_minus_formechange(self, line: Line) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            mon.forme = to_id(line.arg(1))

    def _on_minus_transform(self, line: Line) -> None:
        side, mon = self._side(line.arg(0)), self._mon(line.arg(0))
        model_side, model = self._side(line.arg(1)), self._mon(line.arg(1))
        if mon is None or model is None:
            return
        side.copied, side.copy = model.name, model.snapshot()
        side.boosts = dict(model_side.boosts)
        side.types, side.added_type = model_side.types, model_side.added_type
        mon.forme = model.forme
        mon.ability = model.ability
        mon.attacked = model.attacked
        for name in ("focusenergy", "dragoncheer"):
            side.effects.pop(name, None)
            if name in model_side.effects:
                side.effects[name] = Effect(self.battle.now)

    def _on_minus_terastallize(self, line: Line) -> None:
        side, mon = self._side(line.arg(0)), self._mon(line.arg(0))
        if mon is not None:
            mon.terastallized, mon.tera_type = True, line.arg(1)
            if mon.forme.startswith("morpeko"):
                mon.species = mon.forme  # which it keeps
            side.tera_used = True
            side.types, side.added_type = (), ""

    # ------------------------------------------------------------------------------------- moves

    def _on_move(self, line: Line) -> None:
        s, _ = place_of(line.arg(0))
        side, mon, move = self._side(line.arg(0)), self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None:
            return
        source = line.tags.get("from", "")
        kind, cause = effect_of(source)
        called = (
            bool(source) and cause not in ("lockedmove", "pursuit") and not line.tags.get("zeffect")
        )
        self._mover = (s, move)
        self._new_slot, self._stolen, self._hit = None, ("", ""), False
        side.last_used = move
        side.effects.pop("destinybond", None)
        side.effects.pop("glaiverush", None)
        if not called or (kind, cause) == ("ability", "dancer"):
            self._tried(line.arg(0))
        if move in fx.SILENT_SELF:
            self._start(line.arg(0), move)
        if move in fx.SLOT_MOVES and "still" not in line.tags:
            self._slot(side, move)
        if called:
            return
        self.battle.last_move = side.last_move = move
        if cause == "lockedmove":
            return
        if side.copied is None and move != "struggle" and "mimicked" not in side.effects:
            mon.uses[move] = mon.uses.get(move, 0) + self._cost(s, move)

    def _slot(self, side: KnownSide, move: str) -> None:
        if move not in side.conditions:
            side.conditions[move] = Effect(
                self.battle.now, 2 if move == "wish" else None, source=side.active
            )
            self._new_slot = (side, move)

    def _on_minus_fail(self, line: Line) -> None:
        """A move that failed began nothing."""
        side = self._side(line.arg(0))
        if self._new_slot is not None and self._new_slot[0] is side:
            side.conditions.pop(self._new_slot[1], None)
        if self._mover is not None and self.battle.sides[self._mover[0]] is side:
            if self._mover[1] in fx.SILENT_SELF:
                side.effects.pop(self._mover[1], None)
        self._new_slot = None

    def _cost(self, side: int, move: str) -> int:
        """Return the PP that a use costs (Pressure)."""
        foe = self.battle.sides[1 - side].mon
        entry = load().moves.get(move, {})
        aimed = entry.get("flags", {}).get("mustpressure") or entry.get("target") not in (
            "self", "allySide", "allies", "allyTeam", "adjacentAllyOrSelf", "adjacentAlly", "foeSide",
        )  # fmt: skip
        pressed = foe is not None and foe.ability == "pressure" and not foe.fainted and aimed
        return 2 if pressed else 1

    def _on_cant(self, line: Line) -> None:
        side, mon, reason = self._side(line.arg(0)), self._mon(line.arg(0)), line.arg(1)
        kind, name = effect_of(reason)
        if kind == "ability" and mon is not None:
            mon.learn_ability(name, own=self._ability_is_own(line.arg(0)))
            if name in ("damp", "dazzling", "queenlymajesty", "armortail"):
                return  # its holder prevents another's move
        self._tried(line.arg(0), loafing=name not in ("slp", "frz", "truant", "recharge"))
        if mon is not None and name == "slp":
            mon.slept += 2 if mon.ability == "earlybird" else 1
        if name == "recharge":
            side.effects.pop("mustrecharge", None)

    def _tried(self, ident: str, *, loafing: bool = True) -> None:
        """Note that a Pokémon has tried to move; ``loafing``: one with Truant will not next time."""
        side = self._side(ident)
        side.actions += 1
        side.acted = True
        side.loafing = loafing
        side.effects.pop("twoturnmove", None)

    def _on_minus_prepare(self, line: Line) -> None:
        if "premajor" in line.tags:
            return
        move = to_id(line.arg(1))
        self._side(line.arg(0)).effects["twoturnmove"] = Effect(self.battle.now, 2, move=move)

    def _on_minus_anim(self, line: Line) -> None:
        self._side(line.arg(0)).effects.pop("twoturnmove", None)  # a charge that needs no turn

    def _on_minus_mustrecharge(self, line: Line) -> None:
        self._side(line.arg(0)).effects["mustrecharge"] = Effect(self.battle.now, 2)

    # ------------------------------------------------------------------------------------ HP, status

    def _condition(self, mon: KnownMon, text: str) -> None:
        hp, most, status = condition_of(text)
        mon.hp = hp
        if most:
            mon.max_hp = most
        if hp and status != mon.status:
            self._set_status(mon, status)

    def _set_status(self, mon: KnownMon, status: str, *, rested: bool = False) -> None:
        mon.status, mon.slept, mon.rested = status, 0, rested
        mon.poisoned = self.battle.now

    def _on_minus_damage(self, line: Line) -> None:
        mon = self._mon(line.arg(0))
        if mon is None:
            return
        self._condition(mon, line.arg(1))
        if line.origin[1] == "confusion":
            self._tried(line.arg(0))
        if "from" not in line.tags and self._mover is not None:
            if self._mover[0] != place_of(line.arg(0))[0]:
                mon.attacked += 1
                self._connected()

    def _connected(self) -> None:
        """Note that the move being carried out has hit the opponent or its Substitute."""
        self._hit = True
        assert self._mover is not None
        s, move = self._mover
        if move not in fx.STREAKS:
            return
        effects = self.battle.sides[s].effects
        count = effects[move].count if move in effects else 0
        lasts = 1 if move != "furycutter" and count >= 4 else 2
        effects[move] = Effect(self.battle.now, lasts, min(count + 1, 5))

    def _on_minus_heal(self, line: Line) -> None:
        mon = self._mon(line.arg(0))
        if mon is None:
            return
        was = mon.hp
        self._condition(mon, line.arg(1))
        side = self._side(line.arg(0))
        _, cause = line.origin
        if cause in fx.SLOT_MOVES:
            side.conditions.pop(cause, None)
        if cause in ("healingwish", "lunardance"):
            mon.status = ""
        if cause == "lunardance":
            mon.uses = dict.fromkeys(mon.uses, 0)
        if was <= 0 < mon.hp:
            mon.status = ""

    def _on_minus_sethp(self, line: Line) -> None:
        for ident, condition in zip(line.args[::2], line.args[1::2], strict=False):
            mon = self._mon(ident)
            if mon is not None:
                self._condition(mon, condition)

    def _on_minus_status(self, line: Line) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            self._set_status(mon, line.arg(1), rested=line.origin == ("move", "rest"))

    def _on_minus_curestatus(self, line: Line) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            self._set_status(mon, "")
            if line.origin[0] == "ability":
                mon.learn_ability(line.origin[1])

    def _on_minus_cureteam(self, line: Line) -> None:
        for mon in self._side(line.arg(0)).mons:
            self._set_status(mon, "")

    # --------------------------------------------------------------------------------------- boosts

    def _change(self, ident: str, stat: str, amount: int) -> None:
        side = self._side(ident)
        value = max(-6, min(6, side.boosts.get(stat, 0) + amount))
        self._put(side, stat, value)

    @staticmethod
    def _put(side: KnownSide, stat: str, value: int) -> None:
        side.boosts.pop(stat, None)
        if value:
            side.boosts[stat] = value

    def _on_minus_boost(self, line: Line) -> None:
        self._change(line.arg(0), line.arg(1), int(line.arg(2)))

    def _on_minus_unboost(self, line: Line) -> None:
        self._change(line.arg(0), line.arg(1), -int(line.arg(2)))

    def _on_minus_setboost(self, line: Line) -> None:
        self._put(self._side(line.arg(0)), line.arg(1), int(line.arg(2)))

    def _on_minus_clearboost(self, line: Line) -> None:
        self._side(line.arg(0)).boosts = {}

    def _on_minus_clearallboost(self, line: Line) -> None:
        for side in self.battle.sides:
            side.boosts = {}

    def _on_minus_clearpositiveboost(self, line: Line) -> None:
        side = self._side(line.arg(0))
        side.boosts = {k: v for k, v in side.boosts.items() if v < 0}

    def _on_minus_clearnegativeboost(self, line: Line) -> None:
        side = self._side(line.arg(0))
        side.boosts = {k: v for k, v in side.boosts.items() if v > 0}

    def _on_minus_invertboost(self, line: Line) -> None:
        side = self._side(line.arg(0))
        side.boosts = {k: -v for k, v in side.boosts.items()}

    def _on_minus_copyboost(self, line: Line) -> None:
        self._side(line.arg(0)).boosts = dict(self._side(line.arg(1)).boosts)

    def _on_minus_swapboost(self, line: Line) -> None:
        one, other = self._side(line.arg(0)), self._side(line.arg(1))
        for stat in [to_id(s) for s in line.arg(2).split(",")] if line.arg(2) else _STATS:
            first, second = one.boosts.get(stat, 0), other.boosts.get(stat, 0)
            self._put(one, stat, second)
            self._put(other, stat, first)

    # ---------------------------------------------------------------------------- items, abilities

    def _on_minus_item(self, line: Line) -> None:
        mon, item = self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None:
            return
        kind, cause = line.origin
        mon.item = item
        if (kind == "ability" and cause in ("frisk",)) or not kind:
            mon.first_item = mon.first_item if mon.first_item is not None else item
        if kind == "ability" and cause in ("pickup", "harvest", "magician", "pickpocket"):
            mon.learn_ability(cause)
        if cause in ("recycle", "harvest"):
            mon.last_item = ""

    def _on_minus_enditem(self, line: Line) -> None:
        mon, item = self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None or "weaken" in line.tags:
            return
        if item == "micleberry" and "eat" not in line.tags:  # eaten before: it works now
            self._side(line.arg(0)).effects.pop(item, None)
            return
        mon.lose_item(item)
        cause = line.origin[1]
        if item != "airballoon" and cause not in ("knockoff", "trick", "switcheroo", "thief", "covet", "corrosivegas",
                         "incinerate", "stealeat", "pickpocket", "magician"):  # fmt: skip
            mon.last_item = item
        if "eat" in line.tags:
            mon.done.add("berry")
        if item.endswith("berry"):
            if cause == "stealeat":
                thief = self._mon(line.tags.get("of", ""))
                if thief is not None:
                    thief.done.add("berry")
                    self._stolen = (item, thief.name)
            elif cause == "fling" and self._hit:
                target = self.battle.sides[1 - place_of(line.arg(0))[0]].mon
                if target is not None and not target.fainted:
                    target.done.add("berry")
        if item == "micleberry" and "eat" in line.tags:
            self._start(line.arg(0), "micleberry", 2)

    def _on_minus_ability(self, line: Line) -> None:
        mon, ability = self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None:
            return
        kind, cause = line.origin
        if ability == "asone":
            ability = _AS_ONE.get(mon.forme, "asone")
        elif ability in _IN_AS_ONE and (mon.ability or "").startswith("asone"):
            return
        if kind == "ability" and cause == "trace":
            mon.learn_ability("trace")
            mon.ability = ability
            other = self._mon(line.tags.get("of", ""))
            if other is not None:
                other.learn_ability(ability, own=self._ability_is_own(line.tags["of"]))
        elif kind == "move":
            if line.arg(2):
                mon.learn_ability(to_id(line.arg(2)), own=self._ability_is_own(line.arg(0)))
            mon.ability = ability
        else:
            mon.learn_ability(ability, own=self._ability_is_own(line.arg(0)))
        if ability in fx.ONCE:
            mon.done.add(fx.ONCE[ability])

    def _on_minus_endability(self, line: Line) -> None:
        self._start(line.arg(0), "gastroacid")

    # ---------------------------------------------------------------------------------- conditions

    def _start(
        self, ident: str, name: str, length: int | None = None, *, move: str = "", count: int = 0
    ) -> None:
        effects = self._side(ident).effects
        effects.pop(name, None)
        effects[name] = Effect(self.battle.now, length, count, move)

    def _on_minus_start(self, line: Line) -> None:
        ident, name = line.arg(0), fx.effect_id(line.arg(1))
        s = place_of(ident)[0]
        side = self.battle.sides[s]
        mon = self._mon(ident)
        length = fx.LENGTHS.get(name)
        if name == "typechange":
            side.types = () if "silent" in line.tags else tuple(line.arg(2).split("/"))
            side.added_type = ""
            if line.origin == ("move", "reflecttype"):
                side.types = self._types_of(line.tags.get("of", ""))
            return
        if name == "typeadd":
            side.added_type = line.arg(2)
            return
        if name in fx.FUTURE_MOVES:
            # It hits whoever stands opposite at the end of the turn after the next one.
            target = self.battle.sides[1 - s]
            target.conditions["futuremove"] = Effect(
                self.battle.now, 3, move=name, source=side.active
            )
            return
        if name == "mimic":
            side.effects["mimicked"] = Effect(self.battle.now, move=to_id(line.arg(2)))
            return
        for paradox in fx.PARADOX:
            if name.startswith(paradox):
                side.effects[paradox] = Effect(self.battle.now, move=name[len(paradox) :])
                return
        for stem, key in (
            ("perish", "perishsong"),
            ("stockpile", "stockpile"),
            ("fallen", "fallen"),
        ):
            number = fx.numbered(name, stem)
            if number is not None:
                began = side.effects[key].began if key in side.effects else self.battle.now
                side.effects[key] = Effect(began, count=number)
                return
        if name in ("encore", "taunt") and not self._will_move(s):
            if name == "encore" or side.turns:
                length = (length or 0) + 1
        if name == "disable":
            acting = self._mover is not None and self._mover[0] == s
            length = 4 if self._will_move(s) or acting else 5
            self._start(ident, name, length, move=to_id(line.arg(2)))
            return
        if name == "healblock" and self._mover is not None and self._mover[1] == "psychicnoise":
            length = 2
        if name == "uproar" and "upkeep" in line.tags:
            return
        if name == "slowstart" and mon is not None:
            mon.learn_ability("slowstart")
        move = side.last_move if name == "encore" else ""
        self._start(ident, name, length, move=move)
        if name == "flashfire" and mon is not None:
            mon.learn_ability("flashfire")
        if name in _HAVE_A_SOURCE:
            side.effects[name].source = self.battle.sides[1 - s].active

    def _types_of(self, ident: str) -> tuple[str, ...]:
        mon = self._mon(ident)
        if mon is None:
            return ()
        there = self._side(ident)
        if there.types:
            return there.types
        if mon.terastallized and mon.tera_type:
            return (mon.tera_type,)
        entry = load().species.get(load().species_id(mon.forme))
        return tuple(entry["types"]) if entry else ()

    def _on_minus_end(self, line: Line) -> None:
        side, name = self._side(line.arg(0)), fx.effect_id(line.arg(1))
        if name in fx.FUTURE_MOVES:
            side.conditions.pop("futuremove", None)
            self._mover = (1 - place_of(line.arg(0))[0], name)
            return
        if name == "illusion":
            return
        if "partiallytrapped" in line.tags or name in fx.BINDING:
            side.effects.pop("partiallytrapped", None)
            return
        if name == "typechange":
            side.types = ()
            return
        if fx.numbered(name, "fallen") is not None:
            name = "fallen"
        side.effects.pop(name, None)

    def _on_minus_singleturn(self, line: Line) -> None:
        name = fx.effect_id(line.arg(1))
        move = self._mover[1] if self._mover is not None else name
        self._start(line.arg(0), name, 1)
        if fx.is_stalling(move) or name in ("wideguard", "quickguard"):
            effects = self._side(line.arg(0)).effects
            count = effects["stall"].count if "stall" in effects else 0
            self._start(line.arg(0), "stall", 2, count=min(6, count + 1))

    def _on_minus_singlemove(self, line: Line) -> None:
        self._start(line.arg(0), fx.effect_id(line.arg(1)))

    def _on_minus_activate(self, line: Line) -> None:
        ident, (kind, name) = line.arg(0), effect_of(line.arg(1))
        mon = self._mon(ident)
        if mon is None:
            return
        other = 1 - place_of(ident)[0]
        if kind == "ability":
            self._ability_activated(line, mon, name)
        elif kind == "item":
            if "consumed" not in line.tags:
                mon.learn_item(name)
            if name == "leppaberry":
                self._pp_lost(mon, to_id(line.arg(2)), "-10")
        elif name in ("spite", "eeriespell"):
            self._pp_lost(mon, to_id(line.arg(2)), line.arg(3))
        elif kind == "move" and name in fx.BINDING:
            self._start(ident, "partiallytrapped")
            self._side(ident).effects["partiallytrapped"].source = self.battle.sides[other].active
        elif name == "substitute" and "damage" in line.tags and self._mover is not None:
            self._connected()
        elif name == "sketch":
            mon.uses.pop("sketch", None)
            mon.uses.setdefault(to_id(line.arg(2)), 0)
        elif name == "trapped":
            self._start(ident, "trapped")
            self._side(ident).effects["trapped"].source = self.battle.sides[other].active
        elif name in ("lockon", "mindreader"):
            target = line.tags.get("of", "")
            if target:
                self._start(ident, "lockon", 2)
        elif name == "skillswap" and line.arg(2):
            target = self._mon(line.tags.get("of", ""))
            mine, theirs = to_id(line.arg(2)), to_id(line.arg(3))
            for one, was, now in ((mon, theirs, mine), (target, mine, theirs)):
                if one is not None:
                    one.learn_ability(was)
                    one.ability = now

    def _pp_lost(self, mon: KnownMon, move: str, amount: str) -> None:
        """Note PP taken by Spite or Eerie Spell, or given back by a Leppa Berry (negative)."""
        if amount.lstrip("-").isdigit():
            mon.uses[move] = max(0, mon.uses.get(move, 0) + int(amount))

    def _ability_activated(self, line: Line, mon: KnownMon, name: str) -> None:
        if name in ("mummy", "lingeringaroma", "wanderingspirit") and "ability" in line.tags:
            mon.learn_ability(name)
            victim = self._mon(line.arg(2)) if line.arg(2) else None
            if victim is not None:
                victim.learn_ability(to_id(line.tags["ability"]))
                victim.ability = name
            return
        mon.learn_ability(name, own=self._ability_is_own(line.arg(0)))
        if name == "battlebond":
            mon.done.add("bond")
        elif name == "zerotohero":
            mon.done.add("hero")

    # --------------------------------------------------------------------------- sides and the field

    def _on_minus_sidestart(self, line: Line) -> None:
        side, name = self._side(line.arg(0)), fx.effect_id(line.arg(1))
        if name in fx.HAZARDS:
            count = side.conditions[name].count if name in side.conditions else 0
            side.conditions[name] = Effect(self.battle.now, count=count + 1)
        else:
            side.conditions[name] = Effect(
                self.battle.now, fx.SIDE_LENGTHS.get(name), source=side.active
            )

    def _on_minus_sideend(self, line: Line) -> None:
        self._side(line.arg(0)).conditions.pop(fx.effect_id(line.arg(1)), None)

    def _on_minus_swapsideconditions(self, line: Line) -> None:
        one, other = self.battle.sides
        swapped = [*fx.HAZARDS, *fx.SIDE_LENGTHS]
        mine = {k: one.conditions.pop(k) for k in swapped if k in one.conditions}
        theirs = {k: other.conditions.pop(k) for k in swapped if k in other.conditions}
        one.conditions |= theirs
        other.conditions |= mine

    def _on_minus_weather(self, line: Line) -> None:
        battle, name = self.battle, to_id(line.arg(0))
        if "upkeep" in line.tags:
            return
        battle.conditions.pop(battle.weather, None)
        battle.weather = "" if name == "none" else name
        if battle.weather:
            length = None if name in fx.ENDLESS_WEATHER else 5
            battle.conditions[name] = Effect(battle.now, length)

    def _on_minus_fieldstart(self, line: Line) -> None:
        battle, name = self.battle, fx.effect_id(line.arg(0))
        if name in fx.TERRAINS:
            battle.conditions.pop(battle.terrain, None)
            battle.terrain = name
        battle.conditions[name] = Effect(battle.now, 5)

    def _on_minus_fieldend(self, line: Line) -> None:
        battle, name = self.battle, fx.effect_id(line.arg(0))
        battle.conditions.pop(name, None)
        if name == battle.terrain:
            battle.terrain = ""


_SILENT = frozenset(
    """chat c c: j l n J L N join leave name player gametype gen tier rated rule clearpoke poke
    teampreview start request inactive inactiveoff t: raw html uhtml uhtmlchange title init deinit
    expire error bigerror debug message -message -hint -block -notarget -miss -crit -resisted
    -supereffective -immune -hitcount -nothing -ohko -combine -waiting -center -fieldactivate
    -zpower -mega -burst -primal -candynamax -swap swap showteam noinit users updateuser split
    cantleave done""".split()
)
"""Lines that tell nothing of the state, or only what their cause tells."""

_MADE_BY_OTHER = frozenset(
    ("-damage", "-status", "-start", "-weather", "-fieldstart", "-boost", "-unboost", "-heal",
     "-fail", "-block", "-immune", "-curestatus", "cant")
)  # fmt: skip
_AS_ONE = {"calyrexice": "asoneglastrier", "calyrexshadow": "asonespectrier"}
_IN_AS_ONE = ("unnerve", "chillingneigh", "grimneigh")
_END_SILENTLY = (*fx.STREAKS, "stall", "mustrecharge", "twoturnmove", "lockon", "micleberry", "throatchop",
                 "yawn", "allyswitch")  # fmt: skip
_TIED_TO_SOURCE = ("trapped", "partiallytrapped", "attract", "octolock", "syrupbomb")
_HAVE_A_SOURCE = ("attract", "syrupbomb", "octolock", "leechseed")


def same_kind(one: str, other: str) -> bool:
    """Return whether two formes belong to one species."""
    if one == other:
        return True
    data = load()
    first, second = (data.species.get(data.species_id(name), {}) for name in (one, other))
    base = [to_id(f.get("baseSpecies", f.get("name", ""))) for f in (first, second)]
    return base[0] == base[1] != ""
