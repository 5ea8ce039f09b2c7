"""Lines of Showdown's battle protocol (``sim/SIM-PROTOCOL.md``), split into their parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from plywise.datasets.showdown_data import load, to_id
from plywise.games.gen9.infostate import Previewed

_MADE_BY_OTHER = frozenset(
    """-damage -status -start -weather -fieldstart -boost -unboost -heal -fail -block -immune
    -curestatus cant""".split()
)
"""Lines that name the maker of an effect, if another than its victim, as ``[of]``."""


@dataclass(slots=True)  # frozen ones take four times as long to make
class ProtocolLine:
    """One line.

    Attributes:
        kind: what happens, such as ``move`` or ``-damage``; "" the empty line before a phase.
        args: the parts that follow, without tags.
        tags: ``[from]``, ``[of]``, ``[still]`` … -> their text, "" none.
    """

    kind: str
    args: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    def arg(self, index: int) -> str:
        """Return a part, "" where the line has fewer."""
        return self.args[index] if index < len(self.args) else ""

    @property
    def origin(self) -> tuple[str, str]:
        """Return kind (``item``, ``ability``, ``move`` or "") and id of what caused the event."""
        return effect_of(self.tags.get("from", ""))

    @property
    def owner(self) -> str:
        """Return whose item or ability, named as the origin, has caused the event."""
        if self.kind not in _MADE_BY_OTHER or "of" not in self.tags:
            return self.arg(0)
        if self.kind == "-heal" and self.origin[1] != "hospitality":
            return self.arg(0)
        return self.tags["of"]


def parse_line(text: str) -> ProtocolLine:
    """Return the parts of one line; text that is no line of the protocol has the kind ``chat``."""
    if not text.startswith("|"):
        return ProtocolLine("chat")
    parts = text.split("|")
    if "|[" not in text:
        return ProtocolLine(parts[1], tuple(parts[2:]))
    args: list[str] = []
    tags: dict[str, str] = {}
    for part in parts[2:]:
        if part.startswith("[") and "]" in part:
            name, _, rest = part[1:].partition("]")
            tags[name] = rest.strip()
        else:
            args.append(part)
    return ProtocolLine(parts[1], tuple(args), tags)


@lru_cache(4096)
def effect_of(text: str) -> tuple[str, str]:
    """Return kind and id of an effect: ``ability: Drizzle`` -> ``("ability", "drizzle")``."""
    kind, colon, name = text.partition(":")
    if colon and kind in ("item", "ability", "move"):
        return kind, to_id(name)
    return "", to_id(text)


@lru_cache(4096)
def place_of(ident: str) -> tuple[int, str]:
    """Return side and name of ``p1a: Name`` or ``p1: Name``; the side is -1 where there is none."""
    role, _, name = ident.partition(": ")
    return {"p1": 0, "p2": 1}.get(role[:2], -1), name


@lru_cache(4096)
def details_of(text: str) -> tuple[str, int, str, str]:
    """Return species id, level, gender and Tera type of ``Garchomp, L83, M, tera:Fire``."""
    species, *rest = text.split(", ")
    level, gender, tera = 100, "N", ""
    for part in rest:
        if part in ("M", "F"):
            gender = part
        elif part.startswith("tera:"):
            tera = part[5:]
        elif part[:1] == "L" and part[1:].isdigit():
            level = int(part[1:])
    return to_id(species), level, gender, tera


@lru_cache(4096)
def previewed_of(details: str) -> Previewed:
    """Return the Pokémon of a line ``poke``; ``Urshifu-*``: its forme is not shown.

    Raises:
        ValueError: there is no such Pokémon.
    """
    species, level, gender, _ = details_of(details)
    data = load()
    if data.cosmetic.get(species, species) not in data.species or not 1 <= level <= 100:
        raise ValueError(f"there is no such Pokémon: {details[:40]!r}")
    return Previewed(species, level, gender, hidden="-*" in details)


@lru_cache(4096)
def condition_of(text: str) -> tuple[int, int, str]:
    """Return HP, maximal HP (0: not said) and status of ``41/100 par`` or ``0 fnt``."""
    points, _, status = text.partition(" ")
    if "/" not in points:
        return 0, 0, ""
    now, most = points.split("/")
    return int(now), int(most.rstrip("ygr")), "" if status == "fnt" else status.split(" ")[0]


UNSHOWN_FORMES = {"greninjabond": "greninja", "rockruffdusk": "rockruff"}
"""Forme that neither lines nor requests tell -> what they say (``Pokemon.getUpdatedDetails``)."""


def shown_hp(hp: int, max_hp: int) -> int:
    """Return HP as Showdown shows them to opponents: percent rounded up, 100 only for full HP."""
    parts = -(-100 * hp // max_hp)
    return 99 if parts == 100 and hp < max_hp else parts


def channel(lines: Sequence[str], player: int | None) -> Iterator[str]:
    """Yield what one player (None: a spectator) is sent of a simulator's log.

    After ``|split|p1`` comes the line for that player, then the one for all others.
    """
    left = iter(lines)
    for line in left:
        if not line.startswith("|split|"):
            yield line
            continue
        private, public = next(left), next(left)
        yield private if line == f"|split|p{1 + (player if player is not None else -1)}" else public
