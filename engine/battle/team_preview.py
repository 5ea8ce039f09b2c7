"""Team Preview: who begins, and who is brought, chosen by both sides before turn 1.

Showdown asks once and takes ``team 312`` (``Side.chooseTeam``).  Here each Pokémon that has to be
named is an action, ``ACTION_SWITCH`` + its index: the one that begins, then, in formats that bring
some of a team, the others by ascending index, since their order decides nothing that matters.
Neither side's information state tells what the other has named.

While it lasts, ``active`` counts the Pokémon that a side has named, ``order`` begins with them, and
``pokemon_left`` is how many it brings.  Then the members are those that were brought, in order.
"""

from typing import Any

from plywise.engine.battle import constants as c
from plywise.engine.battle.state import MON
from plywise.engine.battle.ties import tied
from plywise.engine.compile.jit import kernel
from plywise.engine.compile.stack import stack_array

_some_members = stack_array(MON, 6)


@kernel
def names_needed(b: Any, s: int) -> int:
    """Return how many Pokémon side ``s`` has to name in all."""
    side = b.sides[s]
    return 1 if side.pokemon_left == side.team_size else int(side.pokemon_left)


@kernel
def has_to_name(b: Any, s: int) -> bool:
    """Return whether side ``s`` has to name one more."""
    return int(b.sides[s].active) < names_needed(b, s)


@kernel
def nameable_set(b: Any, s: int) -> int:
    """Return the actions of side ``s``, as bits."""
    side = b.sides[s]
    named, missing = int(side.active), names_needed(b, s) - int(side.active)
    found, later = 0, 0
    for k in range(int(side.team_size)):
        i = int(side.team_size) - 1 - k
        free = named < 2 or i > int(side.order[named - 1])
        for j in range(named):
            if int(side.order[j]) == i:
                free = False
        if free:
            later += 1
            if named == 0 or later >= missing:
                found |= 1 << (c.ACTION_SWITCH + i)
    return found


@kernel
def _place(b: Any, s: int, i: int) -> int:
    for k in range(6):
        if int(b.sides[s].order[k]) == i:
            return k
    return 0


@kernel
def name_member(b: Any, s: int, i: int) -> None:
    """Put member ``i`` behind those that side ``s`` has named."""
    side = b.sides[s]
    named = int(side.active)
    for k in range(_place(b, s, i), named, -1):
        side.order[k] = side.order[k - 1]
    side.order[named] = i
    side.active = named + 1


@kernel
def bring_members(b: Any) -> None:
    """End Team Preview: keep the members that were brought, and draw ties of the line-ups.

    Showdown sorts the choices by place and Speed (``BattleQueue.sort`` of the actions ``team``).
    """
    for s in range(2):
        side = b.sides[s]
        members = _some_members()
        for k in range(6):
            members[k] = side.mons[k]
        brought = int(side.pokemon_left)
        for k in range(brought):
            side.mons[k] = members[int(side.order[k])]
        for k in range(brought, 6):
            side.mons[k].hp = 0
        for k in range(6):
            side.order[k] = k
        side.team_size = brought
        side.active = 0
    for k in range(min(int(b.sides[0].team_size), int(b.sides[1].team_size))):
        if int(b.sides[0].mons[k].stats[c.SPE]) == int(b.sides[1].mons[k].stats[c.SPE]):
            tied(b, k)
