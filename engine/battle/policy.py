"""Move priors: a log-linear model of how likely each legal action is to be chosen.

Each action has features; the model's probability of an action is the softmax of their weighted sum
plus a weight of the move itself.  The weights are data, fitted to the choices of deep searches in
self-play (``arena/fit/policy.py``).  A search uses the probabilities as priors.
"""

from typing import Any

import numba as nb
import numpy as np
from numba import types
from numpy.typing import NDArray

from plywise.datasets.fitted_weights import load_weights
from plywise.engine.battle import ability_ids as A
from plywise.engine.battle import constants as c
from plywise.engine.battle import item_ids as I
from plywise.engine.battle.matchups import EFFECTIVENESS, strikes
from plywise.engine.battle.names import MOVE_ID, MOVE_NAMES
from plywise.engine.battle.scratch import some_choices, some_hits
from plywise.engine.battle.state import BATTLE
from plywise.engine.battle.stats import action_speed, has_volatile
from plywise.engine.battle.tables import MOVES, SPECIES, frozen
from plywise.engine.compile.jit import kernel, kernel_of
from plywise.engine.kernels import signatures

ACTION_FEATURES = (
    # attacks
    "damage",  # what it takes of the foe's HP, at most 1
    "best",  # no other takes more
    "share",  # of what the best one takes
    "ko",  # it is enough
    "ko_first",  # and it comes before the foe acts
    "priority",
    "useless",  # an attack that takes nothing
    "pivot",  # the user leaves
    "drain",  # times missing HP
    "drop",  # lowers the user's own stats
    # status moves
    "status",
    "heal",  # times missing HP
    "heal_danger",  # times what the foe's best move takes
    "boost",
    "boost_hp",  # times the HP's share
    "boost_danger",
    "hazard",  # one that is not there yet
    "hazard_again",
    "inflict",  # a status, on a foe without one
    "inflict_again",
    "protect",
    "protect_again",
    "screen_again",
    "behind_substitute",  # status against a foe behind a substitute
    # Terastallization
    "tera",
    "tera_damage",  # what it adds to the damage, in parts of the foe's HP
    "tera_ko",  # turns the move into a KO
    "tera_safety",  # what it takes off the foe's best move, in parts of the own HP
    # switches of one's own accord
    "switch",
    "to_hp",
    "to_danger",  # what the foe's best move takes of the one that comes, at most 1
    "to_damage",  # what its own best move takes of the foe
    "to_faster",
    "to_strikes",  # faster and enough
    "to_hazards",  # part of its HP that hazards take
    "from_danger",  # what the foe's best move takes of the one that leaves
    "from_danger_slow",  # where the foe is faster
    "from_damage",  # what the best move of the one that leaves takes
    "from_boosts",  # its boosts, lowered ones negative
    "from_fresh",  # it has only just come
    "from_toxic",
    # replacements
    "next_hp",
    "next_danger",
    "next_danger_slow",
    "next_damage",
    "next_faster",
    "next_strikes",
    "next_hazards",
)
(
    DAMAGE,
    BEST,
    SHARE,
    KO,
    KO_FIRST,
    PRIORITY,
    USELESS,
    PIVOT,
    DRAIN,
    DROP,
    STATUS,
    HEAL,
    HEAL_DANGER,
    BOOST,
    BOOST_HP,
    BOOST_DANGER,
    HAZARD,
    HAZARD_AGAIN,
    INFLICT,
    INFLICT_AGAIN,
    PROTECT,
    PROTECT_AGAIN,
    SCREEN_AGAIN,
    BEHIND_SUBSTITUTE,
    TERA,
    TERA_DAMAGE,
    TERA_KO,
    TERA_SAFETY,
    SWITCH,
    TO_HP,
    TO_DANGER,
    TO_DAMAGE,
    TO_FASTER,
    TO_STRIKES,
    TO_HAZARDS,
    FROM_DANGER,
    FROM_DANGER_SLOW,
    FROM_DAMAGE,
    FROM_BOOSTS,
    FROM_FRESH,
    FROM_TOXIC,
    NEXT_HP,
    NEXT_DANGER,
    NEXT_DANGER_SLOW,
    NEXT_DAMAGE,
    NEXT_FASTER,
    NEXT_STRIKES,
    NEXT_HAZARDS,
) = range(len(ACTION_FEATURES))

IS_ATTACK, IS_HEAL, IS_BOOST, IS_HAZARD, IS_INFLICT, IS_PROTECT, IS_SIDE, IS_OTHER = range(8)
_HEALS = "morningsun moonlight synthesis shoreup strengthsap rest wish painsplit".split()
_BOOSTS = ("bellydrum", "curse", "filletaway", "clangoroussoul", "noretreat", "tidyup")


def _kinds() -> NDArray[np.uint8]:
    """Return per move what it is for."""
    kinds = np.full(len(MOVE_NAMES), IS_OTHER, np.uint8)
    for number, move in enumerate(MOVES):
        if number == 0:
            continue
        if int(move["category"]) != c.CATEGORY_STATUS:
            kinds[number] = IS_ATTACK
        elif int(move["heal_num"]) > 0 or MOVE_NAMES[number] in _HEALS:
            kinds[number] = IS_HEAL
        elif int(move["stalling"]):
            kinds[number] = IS_PROTECT
        elif MOVE_NAMES[number] in _BOOSTS or (
            int(move["has_boosts"]) and int(move["boosts"].max()) > 0
        ):
            kinds[number] = IS_BOOST
        elif c.FIRST_HAZARD <= int(move["side_condition"]) - 1 <= c.STICKY_WEB:
            kinds[number] = IS_HAZARD
        elif int(move["status"]) or number == MOVE_ID["yawn"]:
            kinds[number] = IS_INFLICT
        elif int(move["side_condition"]):
            kinds[number] = IS_SIDE
    return kinds


KIND = frozen(_kinds())
_LAYERS = np.ones(16, np.uint8)
_LAYERS[c.SPIKES], _LAYERS[c.TOXIC_SPIKES] = 3, 2
LAYERS = frozen(_LAYERS)
"""How many layers of a hazard there can be, by side condition."""

LOWERS = frozen((MOVES["self_has_boosts"] != 0) & (MOVES["self_boosts"].min(axis=1) < 0))
"""Per move: whether it lowers a stat of its user."""

FIT = load_weights("gen9_policy", ACTION_FEATURES)
ACTION_WEIGHTS = frozen(np.array([FIT.weights[name] for name in ACTION_FEATURES]))
MOVE_WEIGHTS = frozen(np.array([FIT.moves.get(name, 0.0) for name in MOVE_NAMES]))
"""In the order of :data:`ACTION_FEATURES`, and by move; fitted by ``plywise fit policy``."""

_OWN, _TERA, _FOE, _FOE_TERA, _BENCH = 0, 4, 8, 12, 16


@kernel
def _begin(out: Any, k: int) -> None:
    """Forget what is known of action ``k``."""
    if out.ndim == 2:
        for f in range(out.shape[1]):
            out[k, f] = 0.0
    else:
        out[k] = 0.0


@kernel
def _set_feature(out: Any, k: int, f: int, value: float) -> None:
    """Write feature ``f`` of action ``k``; where ``out`` has one number for it, add its weight.

    Most features of an action are 0: to add up all of them took longer than to find them.
    """
    if out.ndim == 2:
        out[k, f] = value
    else:
        out[k] += ACTION_WEIGHTS[f] * value


@kernel
def _hazard_share(b: Any, s: int, i: int) -> float:
    """Return what part of its full HP member ``i`` loses when it comes in."""
    side = b.sides[s]
    mon = side.mons[i]
    if int(mon.held_item) == I.heavydutyboots or int(mon.ability) == A.magicguard:
        return 0.0
    row = SPECIES[mon.species]
    first = int(row.types[0])
    second = int(row.types[1])
    lost = 0.0
    if int(side.conditions[c.STEALTH_ROCK]) != 0:
        lost += EFFECTIVENESS[c.TYPE_ROCK, first] * EFFECTIVENESS[c.TYPE_ROCK, second] / 8.0
    layers = int(side.conditions[c.SPIKES])
    if layers != 0 and first != c.TYPE_FLYING and second != c.TYPE_FLYING:
        if int(mon.ability) != A.levitate:
            lost += 1.0 / (10.0 - 2.0 * layers)
    return lost


@kernel
def _describe_move(
    b: Any,
    s: int,
    slot: int,
    tera: int,
    best: float,
    danger: float,
    faster: bool,
    hits: Any,
    out: Any,
    k: int,
) -> None:
    """Set the features of action ``k``: using the move in a slot."""
    side = b.sides[s]
    other = b.sides[1 - s]
    mon = side.mons[side.active]
    foe = other.mons[other.active]
    move = int(mon.moves[slot])
    row = MOVES[move]
    hp = float(max(1, int(foe.hp)))
    missing = 1.0 - float(int(mon.hp)) / max(1, int(mon.max_hp))
    kind = int(KIND[move])
    if kind == IS_ATTACK:
        damage = hits.taken[_OWN + slot]
        if tera != 0:
            with_tera = hits.taken[_TERA + slot]
            _set_feature(out, k, TERA_DAMAGE, min(1.0, with_tera / hp) - min(1.0, damage / hp))
            if with_tera >= hp and damage < hp:
                _set_feature(out, k, TERA_KO, 1.0)
            damage = with_tera
        _set_feature(out, k, DAMAGE, min(1.0, damage / hp))
        if damage <= 0.0:
            _set_feature(out, k, USELESS, 1.0)
        else:
            if damage >= best:
                _set_feature(out, k, BEST, 1.0)
            _set_feature(out, k, SHARE, min(1.0, damage / max(1.0, best)))
            if damage >= hp:
                _set_feature(out, k, KO, 1.0)
                if faster or int(row.priority) > 0:
                    _set_feature(out, k, KO_FIRST, 1.0)
        if int(row.priority) > 0:
            _set_feature(out, k, PRIORITY, 1.0)
        if int(row.drain_num) > 0:
            _set_feature(out, k, DRAIN, missing)
        if LOWERS[move]:
            _set_feature(out, k, DROP, 1.0)
    else:
        _set_feature(out, k, STATUS, 1.0)
        if has_volatile(b, 1 - s, c.V_SUBSTITUTE):
            _set_feature(out, k, BEHIND_SUBSTITUTE, 1.0)
    if int(row.self_switch) != 0:
        _set_feature(out, k, PIVOT, 1.0)
    if kind == IS_HEAL:
        _set_feature(out, k, HEAL, missing)
        _set_feature(out, k, HEAL_DANGER, danger)
    elif kind == IS_BOOST:
        _set_feature(out, k, BOOST, 1.0)
        _set_feature(out, k, BOOST_HP, 1.0 - missing)
        _set_feature(out, k, BOOST_DANGER, danger)
    elif kind == IS_HAZARD:
        condition = int(row.side_condition) - 1
        if int(other.conditions[condition]) < int(LAYERS[condition]):
            _set_feature(out, k, HAZARD, 1.0)
        else:
            _set_feature(out, k, HAZARD_AGAIN, 1.0)
    elif kind == IS_INFLICT:
        if int(foe.status) == c.NO_STATUS:
            _set_feature(out, k, INFLICT, 1.0)
        else:
            _set_feature(out, k, INFLICT_AGAIN, 1.0)
    elif kind == IS_PROTECT:
        _set_feature(out, k, PROTECT, 1.0)
        if int(side.stall_counter) > 0:
            _set_feature(out, k, PROTECT_AGAIN, 1.0)
    elif kind == IS_SIDE:
        if int(side.conditions[int(row.side_condition) - 1]) != 0:
            _set_feature(out, k, SCREEN_AGAIN, 1.0)


@kernel
def describe_actions(b: Any, s: int, legal: Any, count: int, out: Any) -> None:
    """Write the features of the first ``count`` actions in ``legal``, or their weighted sums.

    Args:
        b: the battle.
        s: whose actions they are.
        legal: int32, the actions.
        count: how many.
        out: float64 ``(at least count, len(ACTION_FEATURES))`` for features, ``(at least count,)``
            for their sums weighted by :data:`ACTION_WEIGHTS`.
    """
    side = b.sides[s]
    other = b.sides[1 - s]
    here = int(side.active)
    there = int(other.active)
    mon = side.mons[here]
    foe = other.mons[there]
    foe_up = int(foe.hp) > 0
    up = int(mon.hp) > 0
    hits = some_hits()[0]
    hits.taken[:] = 0.0
    best = 0.0
    threat = 0.0
    safety = 0.0
    if up and foe_up:
        best = strikes(b, s, here, there, 0, 0, hits, _OWN)
        threat = strikes(b, 1 - s, there, here, 0, 0, hits, _FOE)
        for k in range(count):
            if c.ACTION_TERA <= int(legal[k]) < c.ACTION_SWITCH:
                strikes(b, s, here, there, 1, 0, hits, _TERA)
                changed = strikes(b, 1 - s, there, here, 0, 1, hits, _FOE_TERA)
                hp = float(max(1, int(mon.hp)))
                safety = min(1.0, threat / hp) - min(1.0, changed / hp)
                break
    danger = min(1.0, threat / max(1, int(mon.hp)))
    damage = min(1.0, best / max(1, int(foe.hp)))
    own_speed = action_speed(b, s)
    foe_speed = action_speed(b, 1 - s)
    faster = up and own_speed > foe_speed
    boosts = 0.0
    for stat in range(5):
        boosts += float(int(side.boosts[stat]))
    for k in range(count):
        _begin(out, k)
        action = int(legal[k])
        if action < c.ACTION_TERA:
            _describe_move(b, s, action - c.ACTION_MOVE, 0, best, danger, faster, hits, out, k)
        elif action < c.ACTION_SWITCH:
            _set_feature(out, k, TERA, 1.0)
            _set_feature(out, k, TERA_SAFETY, safety)
            _describe_move(b, s, action - c.ACTION_TERA, 1, best, danger, faster, hits, out, k)
        elif action < c.ACTION_SWITCH + 6:
            i = action - c.ACTION_SWITCH
            new = side.mons[i]
            hp = float(max(1, int(new.hp)))
            to_danger = 0.0
            to_damage = 0.0
            if foe_up and int(new.hp) > 0:
                to_danger = min(1.0, strikes(b, 1 - s, there, i, 0, 0, hits, _BENCH) / hp)
                taken = strikes(b, s, i, there, 0, 0, hits, _BENCH)
                to_damage = min(1.0, taken / max(1, int(foe.hp)))
            quick = float(int(new.stats[4])) > float(foe_speed)
            share = hp / max(1, int(new.max_hp))
            hazards = min(1.0, _hazard_share(b, s, i) / max(0.01, share))
            if up:
                _set_feature(out, k, SWITCH, 1.0)
                _set_feature(out, k, TO_HP, share)
                _set_feature(out, k, TO_DANGER, to_danger)
                _set_feature(out, k, TO_DAMAGE, to_damage)
                _set_feature(out, k, TO_HAZARDS, hazards)
                _set_feature(out, k, FROM_DANGER, danger)
                if not faster:
                    _set_feature(out, k, FROM_DANGER_SLOW, danger)
                _set_feature(out, k, FROM_DAMAGE, damage)
                _set_feature(out, k, FROM_BOOSTS, boosts)
                if int(side.active_turns) <= 1:
                    _set_feature(out, k, FROM_FRESH, 1.0)
                if int(mon.status) == c.TOX:
                    _set_feature(out, k, FROM_TOXIC, float(min(4, int(mon.status_turns))))
                if quick:
                    _set_feature(out, k, TO_FASTER, 1.0)
                    if to_damage >= 1.0:
                        _set_feature(out, k, TO_STRIKES, 1.0)
            else:
                _set_feature(out, k, NEXT_HP, share)
                _set_feature(out, k, NEXT_DANGER, to_danger)
                _set_feature(out, k, NEXT_DAMAGE, to_damage)
                _set_feature(out, k, NEXT_HAZARDS, hazards)
                if quick:
                    _set_feature(out, k, NEXT_FASTER, 1.0)
                    if to_damage >= 1.0:
                        _set_feature(out, k, NEXT_STRIKES, 1.0)
                else:
                    _set_feature(out, k, NEXT_DANGER_SLOW, to_danger)


_POOL = types.Array(nb.from_dtype(BATTLE), 1, "C")


@kernel_of(
    types.void(
        _POOL,
        types.int64,
        types.int64,
        types.Array(types.int32, 1, "C"),
        types.int64,
        types.Array(types.float64, 2, "C"),
    )
)
def state_action_features(pool: Any, i: int, player: int, legal: Any, count: int, out: Any) -> None:
    """Write the features of a player's legal actions in state ``i``; see describe_actions."""
    describe_actions(pool[i], player, legal, count, out)


@kernel
def rate_actions(b: Any, s: int, count: int, choices: Any) -> None:
    """Write how likely side ``s`` is to choose each of the first ``count`` actions in ``choices``.

    The odds sum to 1.
    """
    if b.request == c.REQUEST_PREVIEW:
        for k in range(count):
            choices.odds[k] = 1.0 / count
        return
    side = b.sides[s]
    mon = side.mons[side.active]
    describe_actions(b, s, choices.action, count, choices.odds)
    largest = -1e30
    for k in range(count):
        action = int(choices.action[k])
        if action < c.ACTION_SWITCH:
            choices.odds[k] += MOVE_WEIGHTS[mon.moves[action & 3]]
        largest = max(largest, choices.odds[k])
    total = 0.0
    for k in range(count):
        choices.odds[k] = np.exp(choices.odds[k] - largest)
        total += choices.odds[k]
    for k in range(count):
        choices.odds[k] /= total


@kernel_of(signatures(BATTLE).priors)
def priors(pool: Any, i: int, player: int, legal: Any, count: int, out: Any) -> None:
    """Write how likely ``player`` is to choose each of its legal actions."""
    choices = some_choices()[0]
    for k in range(count):
        choices.action[k] = legal[k]
    rate_actions(pool[i], player, count, choices)
    for k in range(count):
        out[k] = choices.odds[k]
