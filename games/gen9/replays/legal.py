"""What a player could choose, as far as a log tells: its known moves and its known Pokémon.

An action is left out only where a line has told what forbids it; one that is not known to exist (a
move that the battle never shows) is not there.  The rules are those of ``Pokemon.getMoves`` and
``Pokemon.getLockedMove`` in ``sim/pokemon.js``, and of what disables moves in ``data/``.
"""

from __future__ import annotations

from plywise.datasets.showdown_data import load
from plywise.games.gen9.infostate import FORCED, MOVE, SWITCH, TERA
from plywise.games.gen9.tracking import condition_tables as tables
from plywise.games.gen9.tracking.information import COPIED_PP, usual_pp
from plywise.games.gen9.tracking.known import KnownBattle, KnownMon, KnownSide

_TRAPPING = ("partiallytrapped", "trapped", "ingrain", "noretreat", "octolock")
_LOCKING_STREAKS = ("rollout", "iceball")
_SURELY_LOCKED = 2  # turns of Outrage and its like
_ONCE_ONLY = ("bloodmoon", "gigatonhammer")
_CONDITIONAL = (*_ONCE_ONLY, "belch")
_BINDING = frozenset([*tables.CHOICE_ITEMS, "assaultvest"])


def known_legal(
    known: KnownBattle,
    player: int,
    kind: str,
    *,
    reviving: bool = False,
    bound: bool | None = None,
    foe_ability: str | None = None,
) -> tuple[int, ...]:
    """Return the legal actions that are known, in the engine's numbering, ascending.

    Args:
        known: with the player's team as far as known.
        player: who chooses.
        kind: of its request: ``preview``, ``move`` or ``switch``.
        reviving: a Pokémon is chosen to be revived.
        bound: whether its choice was none, being that of the turn before; None: that is not told.
        foe_ability: of the opponent's active Pokémon, as far as it is told; None: it is not.
    """
    side = known.sides[player]
    if kind == "preview":
        return tuple(SWITCH + i for i in range(len(side.mons)))
    bench = tuple(
        SWITCH + i
        for i, mon in enumerate(side.mons)
        if i != side.active and mon.fainted == reviving
    )
    mon = side.mon
    if kind == "switch" or mon is None:
        return bench
    if "mustrecharge" in side.effects:
        return (FORCED,)
    moves = mon.moves if side.copy is None else mon.copied_moves
    locked = bound_move(side, bound)
    if locked:
        return (MOVE + moves.index(locked),) if locked in moves else (FORCED,)
    hindered = (
        bool(side.effects or known.conditions or mon.item in _BINDING)
        or "imprison" in known.sides[1 - player].effects
    )
    slots = [
        k
        for k, move in enumerate(moves[:4])
        if not _spent(move, side, mon)
        and not ((hindered or move in _CONDITIONAL) and _barred(move, known, player, mon))
    ]
    if not slots and len(moves) >= 4:
        slots = [-1]
    actions = [FORCED if slot < 0 else MOVE + slot for slot in slots]
    if not side.tera_used and FORCED not in actions:
        actions += [TERA + slot for slot in slots]
    if not _trapped(known, side, mon, foe_ability):
        actions += bench
    return tuple(sorted(actions))


def bound_move(side: KnownSide, bound: bool | None) -> str:
    """Return the one move of a Pokémon that can do nothing else; "" none.

    After two turns Outrage and its like may be over, which the player is told and no line says:
    ``bound`` does, if what was done is known.
    """
    locked = side.effects.get("lockedmove")
    if locked is not None and (bound or (bound is None and locked.count < _SURELY_LOCKED)):
        return locked.move
    if bound is False:
        return ""
    if "twoturnmove" in side.effects:
        return side.effects["twoturnmove"].move
    if "uproar" in side.effects:
        return "uproar"
    return next((name for name in _LOCKING_STREAKS if name in side.effects), "")


def _spent(move: str, side: KnownSide, mon: KnownMon) -> bool:
    """Return whether a move has no PP left."""
    if side.copy is None:
        return mon.uses.get(move, 0) >= (mon.full_pp.get(move) or usual_pp(move))
    return mon.copied_uses.get(move, 0) >= min(COPIED_PP, usual_pp(move))


def _barred(move: str, known: KnownBattle, player: int, mon: KnownMon) -> bool:
    """Return whether lines have told what else forbids a move."""
    side, foe = known.sides[player], known.sides[1 - player]
    effects, entry = side.effects, load().moves.get(move, {})
    flags = entry.get("flags", {})
    status = tables.is_status(move) and move != "mefirst"
    works = "magicroom" not in known.conditions and "embargo" not in effects
    works &= mon.ability not in (None, "klutz")
    held = mon.item if works else None
    return bool(
        ("encore" in effects and effects["encore"].move not in ("", move))
        or ("disable" in effects and effects["disable"].move == move)
        or ("taunt" in effects and status)
        or ("torment" in effects and side.last_move == move)
        or ("healblock" in effects and "heal" in flags)
        or ("throatchop" in effects and "sound" in flags)
        or ("gravity" in known.conditions and "gravity" in flags)
        or (move in _ONCE_ONLY and side.last_move == move)
        or (move == "belch" and "berry" not in mon.done)
        or ("imprison" in foe.effects and foe.mon is not None and move in foe.mon.uses)
        or (held == "assaultvest" and status)
        or (
            held in tables.CHOICE_ITEMS
            and held == mon.first_item
            and not side.item_lost
            and side.copy is None
            and side.last_move in mon.moves
            and side.last_move != move
        )
    )


def _trapped(known: KnownBattle, side: KnownSide, mon: KnownMon, foe_ability: str | None) -> bool:
    held = "fairylock" in known.conditions or not side.effects.keys().isdisjoint(_TRAPPING)
    if not held and foe_ability not in ("shadowtag", "magnetpull"):
        return False
    types = _types(side, mon)
    if "Ghost" in types or mon.item == "shedshell":
        return False
    if held:
        return True
    if foe_ability == "shadowtag":
        entry = load().species.get(load().cosmetic.get(mon.species, mon.species), {})
        own = mon.ability or ("shadowtag" if "Shadow Tag" in entry["abilities"].values() else "")
        return own != "shadowtag"
    return foe_ability == "magnetpull" and "Steel" in types


def _types(side: KnownSide, mon: KnownMon) -> tuple[str, ...]:
    if mon.terastallized and mon.tera_type:
        return (mon.tera_type,)
    return (*(side.types or tables.types_of_forme(mon.forme)), side.added_type)
