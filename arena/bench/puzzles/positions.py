"""Positions of real play: battles of our search against itself, both teams known to both.

A position is taken as it is, or *reduced*: Pokémon that are not out are taken out of the battle as
if they had fainted, which leaves an endgame that a search can prove.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.engine.battle import constants as c
from plywise.engine.battle.chance_tree import canonical_states
from plywise.engine.battle.names import ABILITY_NAMES
from plywise.engine.battle.rules import RULES
from plywise.engine.battle.tables import MOVES
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS, TERMINAL
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import InfoState
from plywise.games.gen9.open_information import open_information, without_members
from plywise.games.gen9.option_facts import hits_on_target
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

FORMATS = ("gen9randombattle", "gen9ou")
PLAY_ITERATIONS = 100
"""Iterations of each decision of the battles; their positions matter here, not their strength."""

SIZES = ((1, 1), (1, 2), (2, 1), (2, 2))
"""Pokémon left on each side of a position that is tried."""

WAYS = 2
"""Pokémon with the fewest HP from which the one that stays is drawn."""

LETHAL = 0.7
"""Chance with which each active Pokémon knocks the other out, of positions that are tried."""

DECIDED = 0.9
"""Chance with which, of any two Pokémon of both sides, one knocks out the other."""

_ILLUSION = ABILITY_NAMES.index("illusion")


@dataclass(frozen=True)
class PlayedBattle:
    """A battle.

    Attributes:
        format: its format.
        seed: seed of teams and dice.
        actions: both sides' actions at each decision, in order.
        moments: numbers of the decisions in which both choose, after Team Preview.
        states: the states there.
    """

    format: str
    seed: int
    actions: list[tuple[int, int]]
    moments: list[int]
    states: list[NDArray[Any]]


@dataclass(frozen=True)
class Endgame:
    """A position of a battle.

    Attributes:
        moment: number of the decision.
        pool: the state, one element.
        taken: team indices of the Pokémon taken out of the battle, by side.
    """

    moment: int
    pool: NDArray[Any]
    taken: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def left(self) -> int:
        """Number of Pokémon that have not fainted, of both sides."""
        return int((self.pool["sides"]["mons"]["hp"] > 0).sum())


def playing_search(iterations: int) -> SimultaneousSearch:
    """Return the search that plays the battles."""
    return SimultaneousSearch(RULES, SimultaneousConfig(seconds=None, iterations=iterations))


def play(search: SimultaneousSearch, format: str, seed: int) -> PlayedBattle:
    """Play one battle of the search against itself, both sides knowing everything."""
    pool = Gen9Battle(format).new_initial_state(seed).flat()
    rng = Random(f"{seed} puzzles {format}")
    battle = PlayedBattle(format, seed, [], [], [])
    while (who := int(RULES.current(pool, 0))) != TERMINAL:
        if who == SIMULTANEOUS and int(pool[0]["request"]) == c.REQUEST_MOVE:
            battle.moments.append(len(battle.actions))
            battle.states.append(pool.copy())
        chosen = [NO_ACTION, NO_ACTION]
        for player in (0, 1) if who == SIMULTANEOUS else (who,):
            legal = RULES.legal_actions(pool, 0, player)
            number = rng.getrandbits(62)
            chosen[player] = legal[0]
            if len(legal) > 1:
                chosen[player] = search.decide(pool.copy(), None, player, number).action
        RULES.step(pool, 0, *chosen)
        battle.actions.append((chosen[0], chosen[1]))
    return battle


def endgames(battle: PlayedBattle, rng: Random) -> list[Endgame]:
    """Return the positions of a battle that may end soon, reduced to few Pokémon.

    That is where the strongest attack of each active Pokémon probably knocks the other out; those
    with the fewest HP stay beside them.
    """
    found = []
    for moment, pool in zip(battle.moments, battle.states, strict=True):
        state = pool[0]
        mons = state["sides"]["mons"]
        alive = [np.flatnonzero(mons[s]["hp"] > 0).tolist() for s in (0, 1)]
        active = [int(state["sides"][s]["active"]) for s in (0, 1)]
        if any(active[s] not in alive[s] for s in (0, 1)) or _illusions(state):
            continue
        if min(knock_out_chance(pool, s) for s in (0, 1)) < LETHAL:
            continue
        share = mons["hp"] / np.maximum(mons["max_hp"], 1)
        bench = [
            sorted((i for i in alive[s] if i != active[s]), key=lambda i: float(share[s, i]))
            for s in (0, 1)
        ]
        for size in SIZES:
            if any(len(alive[s]) < size[s] for s in (0, 1)):
                continue
            # Of two who may stay, one is drawn.
            kept = [rng.sample(bench[s][:WAYS], size[s] - 1) for s in (0, 1)]
            pair = tuple(tuple(sorted(i for i in bench[s] if i not in kept[s])) for s in (0, 1))
            taken = pair[0], pair[1]
            if all(
                _decided(pool, i, j) for i in (active[0], *kept[0]) for j in (active[1], *kept[1])
            ):
                found.append(Endgame(moment, reduced(pool, taken), taken))
    return found


def _decided(pool: NDArray[Any], first: int, second: int) -> bool:
    """Return whether one of two Pokémon, each a side's, would surely knock the other out."""
    faced = pool.copy()
    for side, index in zip(faced[0]["sides"], (first, second), strict=True):
        if int(side["active"]) != index:
            side["active"], side["boosts"] = index, 0
    return max(knock_out_chance(faced, side) for side in (0, 1)) >= DECIDED


def knock_out_chance(pool: NDArray[Any], side: int) -> float:
    """Return the chance that the strongest attack of a side's active Pokémon knocks out its target.

    Accuracy counts, critical hits and secondary effects do not.
    """
    state = pool[0]
    own = state["sides"][side]
    mon = own["mons"][int(own["active"])]
    best = 0.0
    for move, pp in zip(mon["moves"].tolist(), mon["pp"].tolist(), strict=True):
        row = MOVES[move]
        if not move or not pp or int(row["category"]) == c.CATEGORY_STATUS:
            continue
        ((rolls, target),) = hits_on_target(pool, side, move)
        hits = int(row["accuracy"]) / 100 or 1.0
        best = max(best, hits * float(np.mean(rolls >= int(target["hp"]))))
    return best


def _illusions(state: Any) -> bool:
    """Return whether a Pokémon may look like another."""
    mons = state["sides"]["mons"]
    return bool((mons["base_ability"] == _ILLUSION).any()) or bool(state["sides"]["illusion"].any())


def reduced(pool: NDArray[Any], taken: tuple[tuple[int, ...], tuple[int, ...]]) -> NDArray[Any]:
    """Return a state in which Pokémon that are not out have fainted, without any effect of it."""
    found = pool.copy()
    for side, members in zip(found[0]["sides"], taken, strict=True):
        for index in members:
            mon = side["mons"][index]
            mon["hp"] = mon["status"] = mon["status_turns"] = 0
            mon["flag_bits"] |= c.MON_FAINTED
        side["pokemon_left"] -= len(members)
        side["total_fainted"] += len(members)
    return found


def view_of(battle: PlayedBattle, position: Endgame, player: int) -> InfoState | None:
    """Return what a player knows in a position who is told both teams; None: it is not certain.

    The battle is played again, with what its players are told.
    """
    state = Gen9Battle(battle.format).new_initial_state(battle.seed)
    for pair in battle.actions[: position.moment]:
        state.apply_actions(pair)
    here = battle.states[battle.moments.index(position.moment)]
    if (canonical_states(state.flat()) != canonical_states(here)).any():
        return None
    try:
        info = open_information(
            state.information_state(player), state.information_state(1 - player)
        )
    except ValueError:
        return None
    info = without_members(info, position.taken[player], position.taken[1 - player])
    # Fewer Pokémon may leave fewer actions: the engine says which.
    legal = tuple(RULES.legal_actions(position.pool, 0, player))
    return _with_legal(info, legal)


def _with_legal(info: InfoState, legal: tuple[int, ...]) -> InfoState:
    switches = any(c.ACTION_SWITCH <= action < c.ACTION_FORCED for action in legal)
    return replace(info, legal=legal, trapped=info.trapped and not switches)
