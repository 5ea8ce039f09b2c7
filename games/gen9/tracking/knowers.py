"""What both players know in an information state: the player all of it, the opponent its part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plywise.engine.battle.log.labels import Labels
from plywise.games.gen9.infostate import Condition, Entrance, InfoState, MonView, MoveView, SideView
from plywise.games.gen9.tracking.information import usual_pp
from plywise.games.gen9.tracking.known import (
    Doubt,
    Effect,
    EntryNotes,
    KnownBattle,
    KnownMon,
    KnownSide,
)
from plywise.games.gen9.tracking.wire import shown_hp

_MADE_BY_OPPONENT = ("futuremove",)  # of a side's and its slot's conditions


def known_by_player(info: InfoState, labels: Labels) -> KnownBattle:
    """Return what the player of ``info`` has been told; Pokémon are called as ``labels`` say."""
    views = (info.own, info.foe) if info.player == 0 else (info.foe, info.own)
    sides = [_side(v, info.ends, names) for v, names in zip(views, labels.names, strict=True)]
    return _battle(info, sides, seen_by=info.player)


def known_by_opponent(info: InfoState, labels: Labels) -> KnownBattle:
    """Return what the opponent has been told, in a world where its team is in order of appearance.

    It knows the player's Pokémon that came in, with their items, abilities and used moves.
    """
    own, foe = info.own, info.foe
    # Sampled worlds have no Illusion of the player's: the active Pokémon is revealed.
    shown = [i for i, mon in enumerate(own.mons) if mon.revealed or i == own.active]
    names = labels.names[info.player]
    number = {i: n for n, i in enumerate(shown)}
    mine = _side(
        replace(
            own,
            mons=tuple(_as_shown(own.mons[i]) for i in shown),
            active=None if own.active is None else number[own.active],
            fainted_now=None if own.fainted_now is None else number.get(own.fainted_now),
            fainted_before=None if own.fainted_before is None else number.get(own.fainted_before),
            conditions=_renumbered(own.conditions, number, but=_MADE_BY_OPPONENT),
            fainted_unseen=sum(mon.fainted for i, mon in enumerate(own.mons) if i not in number),
        ),
        info.ends,
        [names[i] for i in shown],
    )
    theirs = _side(
        replace(
            foe,
            volatiles=_renumbered(foe.volatiles, number),
            conditions={
                name: _renumbered({name: found}, number)[name]
                if name in _MADE_BY_OPPONENT
                else found
                for name, found in foe.conditions.items()
            },
        ),
        info.ends,
        labels.names[1 - info.player],
    )
    sides = [mine, theirs] if info.player == 0 else [theirs, mine]
    return _battle(info, sides, seen_by=1 - info.player)


def _renumbered(
    conditions: Mapping[str, Condition], number: Mapping[int, int], but: Sequence[str] = ()
) -> dict[str, Condition]:
    """Return conditions whose makers are numbered anew; one that has no number is not known."""
    return {
        name: found
        if name in but or found.source is None
        else replace(found, source=number.get(found.source))
        for name, found in conditions.items()
    }


def _battle(info: InfoState, sides: Sequence[KnownSide], seen_by: int) -> KnownBattle:
    who = {"own": info.player, "foe": 1 - info.player}
    events = (event.partition(", ") for event in info.history)
    battle = KnownBattle(
        (sides[0], sides[1]),
        turn=info.turn,
        ends=info.ends,
        weather=info.weather,
        terrain=info.terrain,
        conditions=_effects(info.field_conditions, info.ends),
        last_move=info.last_move,
        format=info.format,
        history=[(who[side], words) for side, _, words in events],
    )
    if seen_by != info.player:
        for effect in battle.conditions.values():
            if effect.source_side == info.player:
                effect.source = None
    return battle


def _effects(conditions: Mapping[str, Condition], ends: int) -> dict[str, Effect]:
    return {
        name: Effect(
            began=ends - found.passed,
            length=None if found.left is None else found.left + found.passed,
            count=found.count,
            move=found.move,
            source=found.source,
            source_side=found.source_side,
        )
        for name, found in conditions.items()
    }


def _side(view: SideView, ends: int, names: Sequence[str]) -> KnownSide:
    mons = [_mon(mon, ends, name) for mon, name in zip(view.mons, names, strict=False)]
    came, entry, notes = view.entrance, None, None
    if view.active is not None:
        entry = mons[view.active].snapshot()
    if came is not None and view.active is not None:
        entry = _mon(came.before, ends, names[view.active])
        notes = _notes(came)
        if came.earlier is not None:
            before = _mon(came.earlier.before, ends, entry.name)
            entry.doubt = Doubt(before, _notes(came.earlier))
    copy = None
    if view.copy is not None:
        copy = _mon(view.copy, ends, view.copy.species)
    return KnownSide(
        mons=mons,
        size=view.size,
        active=view.active,
        boosts=dict(view.boosts),
        effects=_effects(view.volatiles, ends),
        conditions=_effects(view.conditions, ends),
        types=view.types,
        added_type=view.added_type,
        copy=copy,
        last_move=view.last_move,
        last_used=view.last_used,
        turns=view.turns_out,
        actions=view.actions,
        acted=view.acted,
        failed_now=view.failed_now,
        failed_before=view.failed_before,
        loafing=view.loafing,
        item_lost=view.item_lost,
        item_started=view.item_started,
        streak=view.streak,
        stat_moves=view.stat_moves,
        moves_used=view.moves_used,
        fainted_now=view.fainted_now,
        fainted_before=view.fainted_before,
        fallen=view.fallen,
        down=sum(mon.fainted for mon in view.mons) + view.fainted_unseen,
        tera_used=not view.can_tera,
        entry=entry,
        notes=notes,
        previewed=view.previewed,
    )


def _notes(came: Entrance) -> EntryNotes:
    return EntryNotes(came.hp, came.status, came.silent, came.signs, came.places)


def _mon(view: MonView, ends: int, name: str) -> KnownMon:
    return KnownMon(
        name=name,
        species=view.base_species,
        level=view.level,
        gender=view.gender,
        forme=view.species,
        hp=view.hp,
        max_hp=view.max_hp,
        status=view.status,
        poisoned=ends - view.status_turns if view.status == "tox" else 0,
        slept=view.status_turns if view.status == "slp" else 0,
        rested=view.rested,
        uses={move.id: move.used for move in view.moves},
        full_pp=_unusual_pp(view.moves),
        copied_uses={move.id: move.used for move in view.copied},
        item=view.item,
        first_item=view.first_item,
        last_item=view.last_item,
        ability=view.ability,
        base_ability=view.base_ability,
        tera_type=view.tera_type,
        terastallized=view.terastallized,
        attacked=view.attacked,
        away=view.away,
        appeared=view.revealed,
        stats=view.stats,
        moves=_slots(view.moves),
        copied_moves=_slots(view.copied),
        done=set(view.done),
        excluded_items=view.excluded_items,
        excluded_abilities=view.excluded_abilities,
        deduced_item=view.deduced_item,
        speed=view.speed,
        orders=view.orders,
        hits=view.hits,
        highest=view.highest,
        odds=dict(view.odds),
    )


def _unusual_pp(moves: Sequence[MoveView]) -> dict[str, int]:
    return {m.id: m.max_pp for m in moves if m.max_pp not in (None, usual_pp(m.id))}


def _slots(moves: Sequence[MoveView]) -> tuple[str, ...]:
    """Return the ids of the player's own moves, which have slots; () of the opponent's."""
    return tuple(move.id for move in moves if move.pp is not None)


def _as_shown(mon: MonView) -> MonView:
    """Return a Pokémon as the opponent sees it."""
    used, copied = _used(mon.moves), _used(mon.copied)
    tera = mon.tera_type if mon.terastallized else None
    hp = shown_hp(mon.hp, mon.max_hp)
    return replace(mon, hp=hp, max_hp=100, moves=used, copied=copied, stats=None, tera_type=tera)


def _used(moves: Sequence[MoveView]) -> tuple[MoveView, ...]:
    return tuple(MoveView(move.id, move.used) for move in moves if move.used)
