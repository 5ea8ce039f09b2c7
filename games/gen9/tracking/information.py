"""A player's information state: what the lines of its channel and its last request have told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from plywise.engine.battle.border import teams
from plywise.engine.battle.names import MOVE_ID
from plywise.games.gen9.infostate import (
    MOVE,
    SWITCH,
    TERA,
    Condition,
    Entrance,
    InfoState,
    MonView,
    MoveView,
    SideView,
)
from plywise.games.gen9.tracking.known import Effect, EntryNotes, KnownBattle, KnownMon, KnownSide

COPIED_PP = 5
"""PP of a move that a transformed Pokémon has copied."""


def information_state(
    known: KnownBattle,
    player: int,
    legal: tuple[int, ...],
    request: str,
    *,
    maybe_trapped: bool = False,
    reviving: bool = False,
    named: tuple[int, ...] = (),
    to_name: int = 0,
) -> InfoState:
    """Return the information state of ``player``.

    Args:
        known: what the player has been told, its last request included.
        player: side of the player.
        legal, request, maybe_trapped, reviving, named, to_name: as in the information state.
    """
    choosing = request == "move"
    own, foe = known.sides[player], known.sides[1 - player]
    switches = any(SWITCH <= action < SWITCH + 6 for action in legal)
    waiting = any(not mon.fainted for i, mon in enumerate(own.mons) if i != own.active)
    return InfoState(
        player=player,
        turn=known.turn,
        own=side_view(own, known.ends, legal if choosing else None, own=True),
        foe=side_view(foe, known.ends, None, own=False),
        request=request,
        legal=legal,
        weather=known.weather,
        terrain=known.terrain,
        field_conditions=condition_views(known.conditions, known.ends),
        trapped=choosing and waiting and not switches,
        maybe_trapped=maybe_trapped,
        reviving=reviving,
        ends=known.ends,
        last_move=known.last_move,
        history=tuple(
            f"{'own' if side == player else 'foe'}, {words}" for side, words in known.history
        ),
        format=known.format,
        named=named,
        to_name=to_name,
    )


_View = TypeVar("_View", Condition, Entrance, MonView, SideView)


def _made(kind: type[_View], **values: Any) -> _View:
    """Return a frozen dataclass with all its fields, four times as fast as its own ``__init__``."""
    made = object.__new__(kind)
    made.__dict__.update(values)
    return made


class ViewKinds(NamedTuple):
    """Makers of the parts of a view, from all their fields by name.

    Others than the dataclasses' own make what is written as JSON at once and never read.
    """

    condition: Callable[..., Condition] = partial(_made, Condition)
    entrance: Callable[..., Entrance] = partial(_made, Entrance)
    mon: Callable[..., MonView] = partial(_made, MonView)
    side: Callable[..., SideView] = partial(_made, SideView)


_DATACLASSES = ViewKinds()


def condition_views(
    effects: Mapping[str, Effect], ends: int, kinds: ViewKinds = _DATACLASSES
) -> dict[str, Condition]:
    """Return conditions after ``ends`` ends of turn, by id."""
    if not effects:
        return {}
    return {
        name: kinds.condition(
            passed=max(0, ends - effect.began),
            left=effect.left(ends),
            count=effect.count,
            move=effect.move,
            source=effect.source,
            source_side=effect.source_side,
        )
        for name, effect in effects.items()
    }


def side_view(
    side: KnownSide,
    ends: int,
    legal: tuple[int, ...] | None,
    *,
    own: bool,
    mons: tuple[MonView, ...] | None = None,
    before: Callable[[KnownMon], MonView] | None = None,
    kinds: ViewKinds = _DATACLASSES,
) -> SideView:
    """Return a view of one side.

    Args:
        side: what is known of it.
        ends: ends of turn that are over.
        legal: the player's legal actions, where it is the player's and a move is asked for.
        own: it is the player's.
        mons: views of its Pokémon, where they are made elsewhere; None: made here.
        before: makes the view of what was known before an entry; None: made here.
        kinds: makers of the views.
    """

    def view(number: int, mon: KnownMon) -> MonView:
        active = number == side.active
        return mon_view(mon, side if active else None, ends, legal if active else None, own=own)

    return kinds.side(
        mons=tuple(view(number, mon) for number, mon in enumerate(side.mons))
        if mons is None
        else mons,
        active=side.active,
        boosts=dict(side.boosts),
        volatiles=condition_views(side.effects, ends, kinds),
        conditions=condition_views(side.conditions, ends, kinds),
        types=side.types,
        added_type=side.added_type,
        size=side.size,
        copy=None
        if side.copy is None
        else mon_view(side.copy, None, ends, None, own=False, kinds=kinds),
        last_move=side.last_move,
        last_used=side.last_used,
        turns_out=side.turns,
        actions=side.actions,
        loafing=side.loafing,
        item_lost=side.item_lost,
        item_started=side.item_started,
        streak=side.streak,
        stat_moves=side.stat_moves,
        moves_used=side.moves_used,
        fainted_now=side.fainted_now,
        fainted_before=side.fainted_before,
        acted=side.acted,
        failed_now=side.failed_now,
        failed_before=side.failed_before,
        fallen=side.fallen,
        fainted_unseen=0 if own else max(0, side.down - sum(mon.fainted for mon in side.mons)),
        can_tera=not side.tera_used,
        previewed=side.previewed,
        entrance=None if own else _entrance(side, before or partial(_bench_view, ends=ends), kinds),
    )


def _bench_view(mon: KnownMon, ends: int) -> MonView:
    return mon_view(mon, None, ends, None, own=False)


def _entrance(
    side: KnownSide, view: Callable[[KnownMon], MonView], kinds: ViewKinds
) -> Entrance | None:
    """Return how the active Pokémon came in; None: it is what it looks like, or has fainted."""
    notes, mon = side.notes, side.mon
    if notes is None or notes.genuine or side.entry is None or mon is None or mon.fainted:
        return None
    doubt = side.entry.doubt
    earlier = None if doubt is None else _entered(view(doubt.before), doubt.notes, None, kinds)
    return _entered(view(side.entry), notes, earlier, kinds)


def _entered(
    before: MonView, notes: EntryNotes, earlier: Entrance | None, kinds: ViewKinds
) -> Entrance:
    return kinds.entrance(
        before=before,
        hp=notes.hp,
        status=notes.status,
        silent=notes.silent,
        signs=notes.signs,
        places=notes.places,
        earlier=earlier,
    )


def mon_view(
    mon: KnownMon,
    out: KnownSide | None,
    ends: int,
    legal: tuple[int, ...] | None,
    *,
    own: bool,
    kinds: ViewKinds = _DATACLASSES,
) -> MonView:
    """Return a view of one Pokémon; ``out``: the side whose active one it is."""
    copied = out is not None and out.copy is not None
    if mon.status == "tox":
        turns = min(15, ends - mon.poisoned) if out is not None else 0
    else:
        turns = mon.slept if mon.status == "slp" else 0
    return kinds.mon(
        species=mon.forme or mon.species,
        base_species=mon.species,
        level=mon.level,
        gender=mon.gender,
        hp=mon.hp,
        max_hp=mon.max_hp,
        status=mon.status,
        status_turns=turns,
        rested=mon.rested and mon.status == "slp",
        moves=_own_moves(mon.moves, mon.uses, None if copied else legal, full_pp=mon.full_pp)
        if own
        else _seen_moves(mon.uses),
        copied=()
        if not copied
        else _own_moves(mon.copied_moves, mon.copied_uses, legal, COPIED_PP)
        if own
        else _seen_moves(mon.copied_uses),
        item=mon.item,
        first_item=mon.first_item,
        last_item=mon.last_item,
        ability=mon.ability,
        base_ability=mon.base_ability,
        tera_type=mon.tera_type,
        terastallized=mon.terastallized,
        stats=mon.stats,
        revealed=mon.appeared,
        attacked=mon.attacked,
        away=mon.away,
        done=tuple(sorted(mon.done)),
        excluded_items=mon.excluded_items,
        excluded_abilities=mon.excluded_abilities,
        deduced_item=mon.deduced_item,
        speed=mon.speed,
        orders=mon.orders,
        hits=mon.hits,
        highest=mon.highest,
        odds=tuple(sorted(mon.odds.items())) if mon.odds else (),
    )


_move = lru_cache(50_000)(MoveView)  # the same few thousand again and again


@cache
def usual_pp(move: str) -> int:
    """Return the most PP that a move has in every battle, by its id.

    Raises:
        UnknownNameError: there is no such move.
    """
    return teams.max_pp(teams.number(MOVE_ID, move, "move"))


def _seen_moves(uses: Mapping[str, int]) -> tuple[MoveView, ...]:
    return tuple(_move(name, used) for name, used in uses.items())


def _own_moves(
    names: tuple[str, ...],
    uses: Mapping[str, int],
    legal: tuple[int, ...] | None,
    most_pp: int = 99,
    full_pp: Mapping[str, int] = MappingProxyType({}),
) -> tuple[MoveView, ...]:
    views = []
    for slot, name in enumerate(names):
        used, most = uses.get(name, 0), full_pp.get(name) or min(most_pp, usual_pp(name))
        barred = legal is not None and MOVE + slot not in legal and TERA + slot not in legal
        left = max(0, most - used)
        views.append(_move(name, used, left, most, barred and left > 0))
    return tuple(views)
