"""Kinds of puzzles: what makes a position one of a kind, proven or read from the rules' tables.

A puzzle is about a mechanic if its player loses ``LEAST_MARGIN`` or more without the actions that
use it (``PuzzleSolution.needed``).  ``1v1`` and ``2v2`` are about any action with so many Pokémon
left; where the attack that does most damage is one of the best actions, it is no puzzle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.bench.puzzles.solving import LEAST_MARGIN, PuzzleSolution, battle_outcomes
from plywise.datasets.showdown_data import load
from plywise.engine.battle import constants as c
from plywise.engine.battle.names import MOVE_ID, MOVE_NAMES
from plywise.games.gen9.option_facts import hits_on_target

PRIORITY = "priority"
TERA = "tera"
HAZARDS = "hazards"
SPEED = "speed"
SACRIFICE = "sacrifice"
SETUP = "setup"
PROTECT = "protect"
SUBSTITUTE = "substitute"
ONE, TWO = "1v1", "2v2"

KIND_WORDS = {
    ONE: "one Pokémon left on each side; the strongest attack is not best",
    TWO: "two left on each side; the strongest attack is not best",
    PRIORITY: "a move of higher priority is needed",
    TERA: "Terastallization is needed",
    HAZARDS: "setting or removing entry hazards is needed",
    SPEED: "a move is needed that makes the slower side the faster one",
    SACRIFICE: "sending in a Pokémon that faints in this turn is needed",
    SETUP: "a status move that raises the user's stats is needed",
    PROTECT: "Protect, or a move like it, is needed",
    SUBSTITUTE: "Substitute is needed",
}

_HAZARDS = ("stealthrock", "spikes", "toxicspikes", "stickyweb")
_SETS = (*_HAZARDS, "ceaselessedge", "stoneaxe")
_REMOVES = ("rapidspin", "mortalspin", "defog", "tidyup", "courtchange")
_SLOWS = ("tailwind", "trickroom")
_FAINTS = 0.95  # probability with which the Pokémon that is sacrificed faints


def left(state: Any, side: int) -> int:
    """Return how many Pokémon of a side have not fainted."""
    return int((state["sides"][side]["mons"]["hp"] > 0).sum())


def move_of(state: Any, side: int, action: int) -> str:
    """Return the id of the move that an action uses; "" for a switch or a forced move."""
    if not c.ACTION_MOVE <= action < c.ACTION_SWITCH:
        return ""
    own = state["sides"][side]
    return MOVE_NAMES[int(own["mons"][int(own["active"])]["moves"][action % 4])]


@cache
def _raises(move: str, stat: str | None = None) -> bool:
    """Return whether a move surely raises a stat of its user."""
    found = load().moves[move]
    effects = [found] if found["target"] == "self" else []
    secondary = found.get("secondary") or {}
    for one in (found, secondary if secondary.get("chance") == 100 else {}):
        effects.append(one.get("self") or {})
    boosts = [effect.get("boosts") or {} for effect in effects]
    return any(up > 0 and stat in (None, name) for one in boosts for name, up in one.items())


@cache
def _slows(move: str) -> bool:
    """Return whether a move surely slows the target, where it hits and is not resisted."""
    found = load().moves[move]
    secondary = found.get("secondary") or {}
    effects = [found] if found["target"] not in ("self", "foeSide", "allySide") else []
    effects += [secondary] if secondary.get("chance") == 100 else []
    return any(
        e.get("status") == "par" or (e.get("boosts") or {}).get("spe", 0) < 0 for e in effects
    )


def strongest_attack(pool: NDArray[Any], player: int, legal: Sequence[int]) -> int | None:
    """Return the action that takes most HP on average, without Terastallization; None: no attack.

    More HP than the target has do not count; accuracy does.
    """
    most, found = 0.0, None
    for action in legal:
        move = move_of(pool[0], player, action)
        if not move or action >= c.ACTION_TERA or load().moves[move]["category"] == "Status":
            continue
        ((rolls, target),) = hits_on_target(pool, player, MOVE_ID[move])
        accuracy = load().moves[move]["accuracy"]
        chance = 1.0 if accuracy is True else accuracy / 100
        damage = chance * float(np.minimum(rolls, int(target["hp"])).mean())
        if damage > most:
            most, found = damage, action
    return found


def _hazards_on(state: Any, side: int) -> bool:
    conditions = state["sides"][side]["conditions"]
    return any(int(conditions[c.SIDE_CONDITION_NAMES.index(name)]) for name in _HAZARDS)


def uses(kind: str, pool: NDArray[Any], player: int, legal: list[int]) -> tuple[int, ...]:
    """Return the legal actions of a player that use a mechanic; () for ``1v1`` and ``2v2``."""
    state = pool[0]

    def chosen(fits: Callable[[str], bool]) -> tuple[int, ...]:
        found = ((a, move_of(state, player, a)) for a in legal)
        return tuple(a for a, move in found if move and fits(move))

    moves = load().moves
    if kind == PRIORITY:
        return chosen(lambda m: moves[m]["priority"] > 0 and not moves[m].get("stallingMove"))
    if kind == TERA:
        return tuple(a for a in legal if c.ACTION_TERA <= a < c.ACTION_SWITCH)
    if kind == HAZARDS:
        lie = _hazards_on(state, 0) or _hazards_on(state, 1)
        return chosen(lambda m: m in _SETS or (lie and m in _REMOVES))
    if kind == SPEED:
        if _first(state, player):
            return ()
        return chosen(lambda m: m in _SLOWS or _raises(m, "spe") or _slows(m))
    if kind == SACRIFICE:
        return tuple(a for a in legal if c.ACTION_SWITCH <= a < c.ACTION_FORCED)
    if kind == SETUP:
        return chosen(lambda m: moves[m]["category"] == "Status" and _raises(m))
    if kind == PROTECT:
        return chosen(lambda m: bool(moves[m].get("stallingMove")) and m != "endure")
    if kind == SUBSTITUTE:
        return chosen(lambda m: m in ("substitute", "shedtail"))
    return ()


def possible(
    kinds: list[str], pool: NDArray[Any], player: int, legal: list[int]
) -> dict[str, tuple[int, ...]]:
    """Return those kinds of which this may be a puzzle, with the actions that must be needed."""
    state = pool[0]
    sizes = left(state, player), left(state, 1 - player)
    found: dict[str, tuple[int, ...]] = {}
    for kind in kinds:
        if kind in (ONE, TWO):
            if sizes == ((1, 1) if kind == ONE else (2, 2)):
                found[kind] = ()
            continue
        actions = uses(kind, pool, player, legal)
        if actions and len(actions) < len(legal):
            found[kind] = actions
    return found


def earned(
    kind: str, actions: tuple[int, ...], solution: PuzzleSolution, pool: NDArray[Any], player: int
) -> bool:
    """Return whether a solved position is a puzzle of a kind.

    Args:
        actions: those of :func:`uses`.
    """
    if not solution.is_puzzle():
        return False
    if kind in (ONE, TWO):
        return strongest_attack(pool, player, solution.actions) not in solution.best
    if solution.needed(actions) < LEAST_MARGIN:
        return False
    if kind == SPEED:
        return any(
            _turns_the_order(pool, player, a, solution) for a in solution.best if a in actions
        )
    if kind == SACRIFICE:
        falls = tuple(a for a in actions if _falls(pool, player, a, solution) >= _FAINTS)
        return bool(falls) and solution.needed(falls) >= LEAST_MARGIN
    return True


def _first(state: Any, player: int) -> bool:
    """Return whether a player's active Pokémon acts first, in moves of equal priority."""
    own, foe = int(state["sides"][player]["speed"]), int(state["sides"][1 - player]["speed"])
    return own != foe and (own > foe) != bool(state["pseudo_weather"][c.TRICK_ROOM])


def _against_best(pool: NDArray[Any], player: int, action: int, solution: PuzzleSolution) -> Any:
    """Return the outcomes of an action against the opponent's best reply to it."""
    row = solution.actions.index(action)
    reply = solution.replies[int(solution.low[row].argmin())]
    pair = (action, reply) if player == 0 else (reply, action)
    return battle_outcomes(pool, *pair)


def _turns_the_order(
    pool: NDArray[Any], player: int, action: int, solution: PuzzleSolution
) -> bool:
    """Return whether the player most probably acts first after an action, as it did not before."""
    found = _against_best(pool, player, action, solution)
    if found is None:
        return False
    sides = found.states["sides"]
    lasts = [
        k
        for k in range(len(found.states))
        if all(int(sides[k][s]["mons"][int(sides[k][s]["active"])]["hp"]) > 0 for s in (0, 1))
        and all(int(sides[k][s]["active"]) == int(pool[0]["sides"][s]["active"]) for s in (0, 1))
    ]
    total = float(found.probabilities[lasts].sum())
    turned = [k for k in lasts if _first(found.states[k], player)]
    return total > 0 and float(found.probabilities[turned].sum()) > total / 2


def _falls(pool: NDArray[Any], player: int, action: int, solution: PuzzleSolution) -> float:
    """Return the probability that the Pokémon sent in faints, against the best reply."""
    found = _against_best(pool, player, action, solution)
    if found is None:
        return 0.0
    hp = found.states["sides"]["mons"]["hp"][:, player, action - c.ACTION_SWITCH]
    return float(found.probabilities[hp <= 0].sum())
