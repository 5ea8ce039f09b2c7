"""Lines of HP, status, boosts, items and abilities."""

from __future__ import annotations

from plywise.datasets.showdown_data import to_id
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.known import KnownSide
from plywise.games.gen9.tracking.reader import Reader
from plywise.games.gen9.tracking.wire import ProtocolLine, place_of

_STATS = ("atk", "def", "spa", "spd", "spe", "accuracy", "evasion")
_AS_ONE = {"calyrexice": "asoneglastrier", "calyrexshadow": "asonespectrier"}
_IN_AS_ONE = ("unnerve", "chillingneigh", "grimneigh")


_TAKING = frozenset(
    """corrosivegas covet incinerate knockoff magician pickpocket stealeat switcheroo thief
    trick""".split()
)
"""Causes that take an item away: it is not used up."""
_STEALING = frozenset(["covet", "magician", "pickpocket", "thief"])
"""Causes by which an item comes from the Pokémon that ``[of]`` names."""


class Health(Reader):
    """Reads them."""

    def _on_minus_damage(self, line: ProtocolLine) -> None:
        mon = self._mon(line.arg(0))
        if mon is None:
            return
        self._condition(mon, line.arg(1), line.arg(0))
        if line.origin[1] == "confusion":
            self._tried(line.arg(0))
            self._side(line.arg(0)).failed_now = True
            self._side(line.arg(0)).effects.pop("twoturnmove", None)
        if "from" not in line.tags and self._moving is not None:
            if self._moving.side != place_of(line.arg(0))[0]:
                mon.attacked += 1 + self._moving.on_substitute
                self._moving.on_substitute = 0
                self._connected()
                punch = self._side(line.arg(0)).effects.get("focuspunch")
                if punch is not None:
                    punch.count = 1  # it has lost its focus

    def _on_minus_heal(self, line: ProtocolLine) -> None:
        mon, side = self._mon(line.arg(0)), self._side(line.arg(0))
        _, cause = line.origin
        if cause == "revivalblessing":
            side.down -= 1
        if mon is None:
            return
        was = mon.hp
        self._condition(mon, line.arg(1), line.arg(0))
        self._absorbed(line.arg(0), cause)
        if cause in tables.SLOT_MOVES:
            side.conditions.pop(cause, None)
        if cause in ("healingwish", "lunardance"):
            mon.status = ""
        if cause == "lunardance":
            mon.uses = dict.fromkeys(mon.uses, 0)
        if was <= 0 < mon.hp:
            mon.status = ""

    def _on_minus_sethp(self, line: ProtocolLine) -> None:
        for ident, condition in zip(line.args[::2], line.args[1::2], strict=False):
            mon = self._mon(ident)
            if mon is not None:
                self._condition(mon, condition, ident)

    def _on_minus_status(self, line: ProtocolLine) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            self._set_status(mon, line.arg(1), rested=line.origin == ("move", "rest"))
            self._worked(line.arg(0))

    def _on_minus_curestatus(self, line: ProtocolLine) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            self._set_status(mon, "")

    def _on_minus_cureteam(self, line: ProtocolLine) -> None:
        for mon in self._side(line.arg(0)).mons:
            self._set_status(mon, "")

    def _change(self, ident: str, stat: str, amount: int) -> None:
        side = self._side(ident)
        if (
            self._moving is not None
            and not self.battle.residual
            and not self._moving.missed
            and tables.changes_stages(
                self._moving.move, own=self._moving.side == place_of(ident)[0]
            )
        ):
            # A move that changes nothing fails.
            self._moving.changed |= amount != 0
            self.battle.sides[self._moving.side].failed_now = not self._moving.changed
        value = max(-6, min(6, side.boosts.get(stat, 0) + amount))
        self._put(side, stat, value)

    @staticmethod
    def _put(side: KnownSide, stat: str, value: int) -> None:
        side.boosts.pop(stat, None)
        if value:
            side.boosts[stat] = value

    def _on_minus_boost(self, line: ProtocolLine) -> None:
        self._change(line.arg(0), line.arg(1), int(line.arg(2)))

    def _on_minus_unboost(self, line: ProtocolLine) -> None:
        self._change(line.arg(0), line.arg(1), -int(line.arg(2)))

    def _on_minus_setboost(self, line: ProtocolLine) -> None:
        self._put(self._side(line.arg(0)), line.arg(1), int(line.arg(2)))

    def _on_minus_clearboost(self, line: ProtocolLine) -> None:
        self._side(line.arg(0)).boosts = {}

    def _on_minus_clearallboost(self, line: ProtocolLine) -> None:
        for side in self.battle.sides:
            side.boosts = {}

    def _on_minus_clearpositiveboost(self, line: ProtocolLine) -> None:
        side = self._side(line.arg(0))
        side.boosts = {k: v for k, v in side.boosts.items() if v < 0}

    def _on_minus_clearnegativeboost(self, line: ProtocolLine) -> None:
        side = self._side(line.arg(0))
        side.boosts = {k: v for k, v in side.boosts.items() if v > 0}

    def _on_minus_invertboost(self, line: ProtocolLine) -> None:
        side = self._side(line.arg(0))
        side.boosts = {k: -v for k, v in side.boosts.items()}

    def _on_minus_copyboost(self, line: ProtocolLine) -> None:
        self._side(line.arg(0)).boosts = dict(self._side(line.arg(1)).boosts)

    def _on_minus_swapboost(self, line: ProtocolLine) -> None:
        one, other = self._side(line.arg(0)), self._side(line.arg(1))
        for stat in [to_id(s) for s in line.arg(2).split(",")] if line.arg(2) else _STATS:
            first, second = one.boosts.get(stat, 0), other.boosts.get(stat, 0)
            self._put(one, stat, second)
            self._put(other, stat, first)

    def _on_minus_item(self, line: ProtocolLine) -> None:
        mon, item = self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None:
            return
        kind, cause = line.origin
        if cause in ("trick", "switcheroo"):
            # What it gets is what the Pokémon opposite held, and may have exchanged a line before.
            s = place_of(line.arg(0))[0]
            giver = self.battle.sides[1 - s].mon
            unknown = giver is not None and giver.item is None
            if self._moving is not None and self._moving.exchanged == 1 - s:
                unknown = True
            if giver is not None and giver.first_item is None and unknown:
                giver.first_item = item
            if self._moving is not None and mon.item is None:
                self._moving.exchanged = s
            if mon.item != "" and self._is_active(line.arg(0)):
                self._side(line.arg(0)).item_lost = True
        unknown = mon.item is None
        mon.item = item
        if kind and self._is_active(line.arg(0)):
            self._side(line.arg(0)).item_started = True
            if item == "metronome":
                self._side(line.arg(0)).streak = ("", 0)
        if (
            unknown
            and mon.first_item is None
            and ((kind, cause) == ("ability", "frisk") or not kind)
        ):
            mon.first_item = item
        looker = self._mon(line.tags.get("of", ""))
        if (kind, cause) == ("ability", "frisk") and looker is not None:
            looker.learn_ability("frisk", own=self._ability_is_own(line.tags["of"]))
        if kind == "ability" and cause in ("pickup", "harvest", "magician", "pickpocket"):
            mon.learn_ability(cause)
        if cause in _STEALING:
            victim = self._mon(line.tags.get("of", ""))
            if victim is not None:
                victim.lose_item(item)
                if self._is_active(line.tags["of"]):
                    self._side(line.tags["of"]).item_lost = True
        if cause in ("recycle", "harvest"):
            mon.last_item = ""
        if cause == "pickup":
            picked = self.battle.sides[1 - place_of(line.arg(0))[0]].mon
            if picked is not None and picked.last_item == item:
                picked.last_item = ""

    def _on_minus_enditem(self, line: ProtocolLine) -> None:
        mon, item = self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None or "weaken" in line.tags:
            return
        if item == "micleberry" and not line.tags.keys() & {"eat", "from"}:
            # Eaten before: it works now.
            self._side(line.arg(0)).effects.pop(item, None)
            return
        if self._chewing:
            self._chewing = False
            mon.done.add("berry")
            if item == "micleberry":
                self._start(line.arg(0), item)
            return
        mon.lose_item(item)
        if self._is_active(line.arg(0)):
            self._side(line.arg(0)).item_lost = True
        cause = line.origin[1]
        if (item != "airballoon" or cause == "fling") and cause not in _TAKING:
            mon.last_item = item
        if "eat" in line.tags:
            mon.done.add("berry")
        if item.endswith("berry"):
            if cause == "stealeat":
                thief = self._mon(line.tags.get("of", ""))
                if thief is not None:
                    if tables.is_eaten(item):
                        thief.done.add("berry")
                    if item == "micleberry":
                        self._start(line.tags["of"], item)
                    if self._moving is not None:
                        self._moving.stolen = (item, thief.name)
            elif cause == "fling" and self._moving is not None and self._moving.hit:
                target = self.battle.sides[1 - place_of(line.arg(0))[0]].mon
                if target is not None and not target.fainted and tables.is_eaten(item):
                    target.done.add("berry")
        if "eat" in line.tags and item.endswith("berry"):
            if item == "micleberry":
                self._start(line.arg(0), item)
            # For Cud Chew: eaten at the end of a turn, it comes up after the next one.
            self._start(line.arg(0), "eaten", 2, move=item)

    def _on_minus_ability(self, line: ProtocolLine) -> None:
        mon, ability = self._mon(line.arg(0)), to_id(line.arg(1))
        if mon is None:
            return
        kind, cause = line.origin
        self._absorbed(line.arg(0), ability)
        if ability == "mirrorarmor":
            self._prevented()
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
        if ability in tables.ONCE:
            mon.done.add(tables.ONCE[ability])

    def _on_minus_endability(self, line: ProtocolLine) -> None:
        self._start(line.arg(0), "gastroacid")
