"""Lines of who is there: entries, Illusions, faints, formes, Transform, Terastallization."""

from __future__ import annotations

from plywise.datasets.set_priors import base_species
from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.infostate import ANY_SPEED
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.disguises import exchanged, places_behind
from plywise.games.gen9.tracking.known import Doubt, Effect, EntryNotes, KnownMon, KnownSide
from plywise.games.gen9.tracking.reader import Reader
from plywise.games.gen9.tracking.wire import ProtocolLine, details_of, place_of

_TIED_TO_SOURCE = ("trapped", "attract", "octolock", "syrupbomb")


class Entries(Reader):
    """Reads them."""

    def _on_switch(self, line: ProtocolLine) -> None:
        self._enter(line)

    def _on_drag(self, line: ProtocolLine) -> None:
        self._enter(line)

    def _enter(self, line: ProtocolLine) -> None:
        s, name = place_of(line.arg(0))
        side = self.battle.sides[s]
        species, level, gender, tera = details_of(line.arg(1))
        if not species or not line.arg(2):
            raise ValueError("an entry without details or HP")
        passed = self._leave(
            side, baton=line.origin[1] == "batonpass", shed=line.origin[1] == "shedtail"
        )
        number = self._find(side, name, species, level, gender)
        mon = side.mons[number]
        if mon.fainted:
            mon = side.mons[number] = self._impostor(side, mon)
        side.entry = mon.snapshot()
        side.active = number
        self._moving = None
        mon.away, mon.appeared = "", True
        mon.forme = species
        mon.terastallized = bool(tera)
        if tera:
            mon.tera_type = tera
        # Pressure says that it is there; if it does not, an Illusion or a gas is.
        mon.ability = None if mon.base_ability == "pressure" else mon.base_ability
        self._condition(mon, line.arg(2), line.arg(0))
        side.notes = EntryNotes(mon.hp, mon.status, places=side.places, genuine=self._gas())
        side.places = exchanged(side.places, base_species(mon.species))
        mon.poisoned = self.battle.now
        verb = "was dragged in" if line.kind == "drag" else "came in"
        self.battle.note(s, f"{species} {verb}")
        side.boosts, side.effects = passed
        side.turns = side.actions = 0
        side.acted, side.loafing, side.item_lost, side.moves_used = True, False, False, ()
        side.failed_now = side.failed_before = False
        side.stat_moves, side.streak = (), ("", 0)
        side.item_started = "magicroom" not in self.battle.conditions
        self._free(1 - s)

    def _free(self, side: int) -> None:
        """End what the Pokémon opposite, which is gone, held on the active one of a side."""
        effects = self.battle.sides[side].effects
        for name in _TIED_TO_SOURCE:
            effects.pop(name, None)

    def _impostor(self, side: KnownSide, mon: KnownMon) -> KnownMon:
        """Return what was known of ``mon``, which did not faint: an Illusion of it did.

        The Pokémon behind it, if one with Illusion is known, is the one that fainted, and where all
        are known one that may have it.
        """
        full = len(side.mons) >= side.size
        other = next((m for m in side.mons if _imitates(m, perhaps=full)), None)
        if other is not None:
            other.hp, other.status = 0, ""
        return side.buried.pop(mon.name, mon)

    def _find(self, side: KnownSide, name: str, species: str, level: int, gender: str) -> int:
        """Return the number of a Pokémon that comes in; one not seen before is added."""
        same = [n for n, m in enumerate(side.mons) if m.name == name]
        equal = [n for n in same if side.mons[n].species == species]
        # A lasting change of forme has its line: another forme is another Pokémon if there may be.
        full = len(side.mons) >= side.size
        alike = [
            n for n in same if full and base_species(side.mons[n].species) == base_species(species)
        ]
        exact = [
            n
            for n in (*equal, *alike)
            if (side.mons[n].level, side.mons[n].gender) == (level, gender)
        ]
        # Another level of the same Pokémon is that of who hides behind an Illusion.
        found = exact or equal
        if found:
            return found[0]
        side.mons.append(KnownMon(name, species, level, gender, species))
        return len(side.mons) - 1

    def _leave(
        self, side: KnownSide, *, baton: bool, shed: bool
    ) -> tuple[dict[str, int], dict[str, Effect]]:
        """Undo what ends when the active Pokémon leaves; return what is handed on."""
        mon = side.mon
        boosts = dict(side.boosts) if baton else {}
        kept = {n: e for n, e in side.effects.items() if n in tables.PASSED_ON} if baton else {}
        if shed and "substitute" in side.effects:
            kept = {"substitute": side.effects["substitute"]}
        if mon is not None:
            mon.forme = mon.species
            if side.entry is not None and side.notes is not None:
                mon.doubt = Doubt.of(side.entry, side.notes)
            if not mon.fainted and mon.ability in (None, "regenerator"):
                mon.away = mon.ability or "unknown"
            mon.copied_uses = {}
            mon.ability = mon.base_ability
            if mon.status == "tox":
                mon.poisoned = self.battle.now
        side.types, side.added_type, side.copy = (), "", None
        side.last_move = side.last_used = ""
        return boosts, kept

    def _on_replace(self, line: ProtocolLine) -> None:
        """An Illusion ends: what was booked since the entry belongs to another Pokémon."""
        s, name = place_of(line.arg(0))
        species, level, gender, tera = details_of(line.arg(1))
        side = self.battle.sides[s]
        if side.active is not None:
            number = self._find(side, name, species, level, gender)
            self._unmask(side, number, tera)
            side.mons[number].forme = species
            side.mons[number].appeared = True

    def _unmask(self, side: KnownSide, number: int, tera: str) -> None:
        """Give what was booked since the entry of the active one to Pokémon ``number``."""
        worn, before, shown = side.mon, side.entry, side.active
        mon = side.mons[number]
        if worn is None or before is None or shown is None:
            side.active = number
            return
        mon.hp, mon.max_hp, mon.status = worn.hp, worn.max_hp, worn.status
        mon.poisoned, mon.slept, mon.rested = worn.poisoned, worn.slept, worn.rested
        for move, count in worn.uses.items():
            more = count - before.uses.get(move, 0)
            if more:
                mon.uses[move] = mon.uses.get(move, 0) + more
        if worn.item != before.item and worn.item is not None:
            mon.item = worn.item
            # That of its set, unless the one that it looked like had shown its own before.
            first = worn.first_item if before.first_item is None else worn.item or None
            mon.first_item = mon.first_item or first
        if worn.last_item != before.last_item:
            mon.last_item = worn.last_item
        mon.attacked += worn.attacked - before.attacked
        mon.done |= worn.done - before.done
        if worn.deduced_item != before.deduced_item:
            mon.deduced_item = worn.deduced_item
        mon.speed = (
            max(mon.speed[0], worn.speed[0] if worn.speed[0] != before.speed[0] else 0),
            min(mon.speed[1], worn.speed[1] if worn.speed[1] != before.speed[1] else ANY_SPEED[1]),
        )
        mon.exclude(set(worn.excluded_items) - set(before.excluded_items))
        if tera or (worn.terastallized and not before.terastallized):
            mon.terastallized, mon.tera_type = True, tera or worn.tera_type
        mon.learn_ability("illusion")
        if side.notes is not None:
            real, seen = base_species(mon.species), base_species(before.species)
            side.places = places_behind(side.notes.places, real, seen, side.size)
        if side.fainted_now == shown:
            side.fainted_now = number
        if number != shown:
            side.mons[shown] = before
        side.active, side.entry, side.notes = number, None, None

    def _on_faint(self, line: ProtocolLine) -> None:
        side = self._side(line.arg(0))
        mon = self._mon(line.arg(0))
        if mon is None:
            return
        if side.entry is not None and side.entry.name == mon.name:
            side.buried[mon.name] = side.entry
        mon.hp, mon.status, mon.terastallized = 0, "", False
        side.fallen += 1
        side.down += 1
        side.fainted_now = side.mons.index(mon)
        self.battle.note(place_of(line.arg(0))[0], f"{mon.forme or mon.species} fainted")
        if self._is_active(line.arg(0)):
            side.boosts, side.effects, side.copy = {}, {}, None
            side.types, side.added_type = (), ""
            mon.forme, mon.ability = mon.species, mon.base_ability
        self._free(1 - place_of(line.arg(0))[0])

    def _on_detailschange(self, line: ProtocolLine) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            species, _, _, tera = details_of(line.arg(1))
            mon.species, mon.forme, mon.speed = species, species, ANY_SPEED
            mon.hits, mon.orders = (), ()
            if mon.fainted and mon.first_max_hp:
                mon.max_hp = mon.first_max_hp  # Terapagos is itself again
            if tera:
                mon.terastallized, mon.tera_type = True, tera
            abilities = load().species[load().species_id(species)].get("abilities", {})
            if mon.fainted:
                mon.ability = mon.base_ability = None  # that of its set, again
            elif len(abilities) == 1:  # it comes with the forme
                mon.ability = mon.base_ability = to_id(abilities["0"])

    def _on_minus_formechange(self, line: ProtocolLine) -> None:
        mon = self._mon(line.arg(0))
        if mon is not None:
            mon.forme = to_id(line.arg(1))

    def _on_minus_transform(self, line: ProtocolLine) -> None:
        side, mon = self._side(line.arg(0)), self._mon(line.arg(0))
        model_side, model = self._side(line.arg(1)), self._mon(line.arg(1))
        if mon is None or model is None:
            return
        side.copy, side.moves_used, side.stat_moves = model.snapshot(), (), ()
        side.boosts = dict(model_side.boosts)
        side.types, side.added_type = model_side.types, model_side.added_type
        mon.forme = model.forme
        mon.ability = model.ability
        mon.attacked = model.attacked
        side.effects.pop("protean", None)
        for name in ("focusenergy", "dragoncheer"):
            side.effects.pop(name, None)
            if name in model_side.effects:
                side.effects[name] = Effect(self.battle.now)

    def _on_minus_terastallize(self, line: ProtocolLine) -> None:
        side, mon = self._side(line.arg(0)), self._mon(line.arg(0))
        if mon is not None:
            mon.terastallized, mon.tera_type = True, line.arg(1)
            if mon.forme.startswith("morpeko"):
                mon.species = mon.forme  # which it keeps
            side.tera_used = True
            side.added_type = ""


def _imitates(mon: KnownMon, *, perhaps: bool) -> bool:
    """Return whether a Pokémon that has not fainted has Illusion; ``perhaps``: or may have it."""
    if mon.fainted:
        return False
    abilities = load().species[load().species_id(mon.species)].get("abilities", {})
    may = perhaps and mon.base_ability is None and "Illusion" in abilities.values()
    return mon.base_ability == "illusion" or may
