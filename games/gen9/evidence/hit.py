"""A hit between a player's Pokémon and the opponent's, with all that decides its damage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Fighter:
    """One of the two Pokémon of a hit, as it was when the move struck.

    Attributes:
        species: its forme.
        level, gender, status: as in ``MonView``.
        hp, max_hp: HP for the player's Pokémon, percent for the opponent's.
        item, ability: those that it had; None: those of its set, which is not known.
        types: current ones if a move or ability changed them; () otherwise; ``added_type``: a third
            one, "" none.
        tera_type: into which it has terastallized; "" not.
        stats: of the player's: atk, def, spa, spd, spe without stages; () of the opponent's.
        boosts: stages, by name.
        effects: its conditions that may change damage: (id, the stat of a Protosynthesis or "").
        conditions: those of its side that may.
        fallen: Pokémon of its side that have fainted; ``overlord``: those that counted for Supreme
            Overlord as it came in.
        attacked: times that it was hit (Rage Fist).
        turns: turns that it has started.
        waiting: its move of this turn is still to come.
        repeats: how often in succession it had tried its move before (item Metronome).
    """

    species: str
    level: int
    gender: str
    hp: int
    max_hp: int
    status: str
    item: str | None
    ability: str | None
    types: tuple[str, ...] = ()
    added_type: str = ""
    tera_type: str = ""
    stats: tuple[int, ...] = ()
    boosts: tuple[tuple[str, int], ...] = ()
    effects: tuple[tuple[str, str], ...] = ()
    conditions: tuple[str, ...] = ()
    fallen: int = 0
    overlord: int = 0
    attacked: int = 0
    turns: int = 0
    waiting: bool = False
    repeats: int = 0


@dataclass(frozen=True, eq=False)
class Hit:
    """A hit between a player's Pokémon and the opponent's, whose set is not known.

    Attributes:
        dealt: by the player's; else taken by it.
        move: its id; ``number``: which hit of it, from 1.
        critical: it was critical.
        own, foe: the two Pokémon.
        left: HP (percent for the opponent's) that the target had after it; 0: it fainted.
        weather, terrain: ids, "" none; ``rooms``: pseudo-weathers.
    """

    dealt: bool
    move: str
    number: int
    critical: bool
    own: Fighter
    foe: Fighter
    left: int
    weather: str = ""
    terrain: str = ""
    rooms: tuple[str, ...] = ()

    @cached_property
    def _key(self) -> tuple[object, ...]:
        return (
            *(self.dealt, self.move, self.number, self.critical, self.own, self.foe),
            *(self.left, self.weather, self.terrain, self.rooms),
        )

    @cached_property
    def _hash(self) -> int:
        return hash(self._key)

    def __getstate__(self) -> dict[str, object]:
        # Hashes of text differ from process to process.
        return {k: v for k, v in self.__dict__.items() if k not in ("_key", "_hash")}

    def __hash__(self) -> int:
        return self._hash  # two Fighters are long to hash, and hits are looked up often

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hit) and self._key == other._key
