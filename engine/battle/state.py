"""The flat state of one battle: one nested record of at most 1 KiB.

``BATTLE`` holds all that decides the future of a Gen 9 singles battle.  A pool of states is an
array of it; kernels take ``(pool, i)`` and pass the record ``b = pool[i]`` on, by reference.
Names read like Showdown's.  ``sides[s].mons[i]`` is what a Pokémon keeps on the bench,
``sides[s]`` what belongs to the side or to its active Pokémon and is lost on a switch.

Conventions: *team index* 0-5 numbers a side's Pokémon for the whole battle, ``active`` is one;
``x_source`` and similar references are team index + 1, 0 for none.  Durations count like
Showdown's ``duration``, 0 where the condition is absent.  All zeros but ``winner`` is a harmless
empty state.  No field may have the name of an attribute of ``np.void`` (``flags``, ``item``,
``size`` ...): without JIT that attribute would hide it; :func:`_record` refuses it.
"""

from typing import Any

import numpy as np

from plywise.engine.battle.constants import NUM_SIDE_CONDITIONS, QUEUE_SIZE


def _record(fields: list[tuple[Any, ...]]) -> np.dtype[Any]:
    hidden = [name for name, *_ in fields if hasattr(np.void, name)]
    if hidden:
        raise ValueError(f"np.void hides fields named {hidden}")
    return np.dtype((np.record, fields))


MON = _record(
    [
        ("species", "<u2"),  # as it plays now (forme, Transform)
        ("base_species", "<u2"),  # what it returns to when it leaves
        ("hp", "<i2"),
        ("max_hp", "<i2"),
        ("ability", "<u2"),
        ("base_ability", "<u2"),
        ("stats", "<i2", (5,)),  # storedStats: atk def spa spd spe, without boosts
        ("moves", "<u2", (4,)),  # 0: empty slot
        ("pp", "u1", (4,)),  # the maximum is `stats.max_pp_of_slot(b, s, i, slot)`
        ("held_item", "u1"),
        ("last_item", "u1"),
        ("level", "u1"),
        ("tera_type", "u1"),
        (
            "nature",
            "u1",
        ),  # index in tables.NATURES, + 1; from bit 5 on: 1 + the slot that Sketch filled
        # IV + EV // 4 of hp atk def spa spd spe; bit 7 of atk, def, spa: 1 + the member that it
        # looked like when it left (Illusion), lowest bit first
        ("spread", "u1", (6,)),
        ("status", "u1"),  # BRN ...
        ("status_turns", "u1"),  # slp: turns left (`time`); tox: `stage`
        ("times_attacked", "u1"),  # bits 0-2, to 7 (Rage Fist); 3-7: STALE_*, Endless Battle Clause
        ("flag_bits", "<u2"),  # MON_*
    ]
)

SIDE = _record(
    [
        # --- the active Pokémon's
        ("volatiles", "<u4", (3,)),  # bit set over V_*
        ("volatile_order", "<i8"),  # in which order some of them came: volatile_order.py
        ("flag_bits", "<u4"),  # SIDE_*
        ("speed", "<i2"),  # `pokemon.speed`: as it was last updated
        ("substitute_hp", "<i2"),
        ("stall_counter", "u1"),  # successes in a row: Showdown's counter is 3 to this power
        ("locked_move", "<u2"),  # Outrage ... (V_LOCKEDMOVE)
        ("two_turn_move", "<u2"),  # the move being charged (V_TWOTURNMOVE)
        ("choice_lock", "<u2"),  # V_CHOICELOCK's move
        ("encore_move", "<u2"),
        ("disable_move", "<u2"),
        ("ability_data", "<u2"),  # Gorilla Tactics: choiceLock; Cud Chew: the berry
        ("metronome_move", "<u2"),  # the item Metronome's lastMove
        ("counter_damage", "<u2"),  # Counter, Mirror Coat: `damage`
        ("last_move", "<u2"),
        ("last_move_used", "<u2"),  # bits 10-15: the type that it had
        ("hurt_this_turn", "<u2"),  # 1 + hp after it, 0: not hurt this turn
        (
            "attacked_damage",
            "<u2",
        ),  # of the last entry of `attackedBy` that did damage, as a number
        ("switch_flag", "<u2"),  # 0, SWITCH_TRUE, or the move that makes it leave
        ("ability_flags", "<u2"),  # ABILITY_*
        ("base_moves", "<u2", (4,)),  # only while it is transformed or has used Mimic
        ("base_pp", "u1", (4,)),
        ("boosts", "i1", (7,)),
        ("pending_boosts", "<u4"),  # Opportunist, Mirror Herb: 4 bits a stat
        ("types", "u1", (2,)),  # before Terastallization; second 0: only one
        ("added_type", "u1"),
        ("illusion", "u1"),  # the member that it looks like
        ("confusion_time", "u1"),
        ("stall_duration", "u1"),
        ("locked_move_duration", "u1"),
        ("locked_move_true_duration", "i1"),
        ("two_turn_duration", "u1"),
        ("encore_duration", "u1"),
        ("disable_duration", "u1"),
        ("taunt_duration", "u1"),
        ("heal_block_duration", "u1"),
        ("throat_chop_duration", "u1"),
        ("yawn_duration", "u1"),
        ("perish_duration", "u1"),
        ("magnet_rise_duration", "u1"),
        ("must_recharge_duration", "u1"),
        ("lock_on_duration", "u1"),
        ("lock_on_source", "u1"),  # of the foe's team: the one it has locked on to
        ("syrup_bomb_duration", "u1"),
        ("syrup_bomb_source", "u1"),  # of the foe's team
        ("uproar_duration", "u1"),
        ("attract_source", "u1"),  # of the foe's team
        ("partial_trap_duration", "u1"),
        ("partial_trap_divisor", "u1"),  # bits 0-3; 4-7: its move, `tables.BINDING_MOVES`
        ("partial_trap_source", "u1"),  # of the foe's team
        ("paradox_stat", "u1"),  # Protosynthesis, Quark Drive: 1 + ATK ... SPE
        ("stockpile_layers", "u1"),
        ("stockpile_def", "i1"),
        ("stockpile_spd", "i1"),
        ("move_streak", "u1"),  # bits 0-2 Fury Cutter's multiplier, 4-6 Rollout's hits
        ("ally_switch", "u1"),  # bits 0-2 successes in a row (as stall_counter), 4-5 duration
        ("metronome_count", "u1"),
        ("micle_duration", "u1"),
        ("ability_counter", "u1"),  # Slow Start, Supreme Overlord's `fallen`, Cud Chew
        ("item_flags", "u1"),  # ITEM_*
        ("move_last_turn_result", "u1"),  # RESULT_*
        ("move_this_turn_result", "u1"),
        ("attackers", "u1"),  # bits of the foe's team: those that did damage this turn
        ("active_turns", "u1"),  # stops at 255
        ("active_move_actions", "u1"),  # stops at 255
        ("trapped", "u1"),  # NOT_TRAPPED ...
        ("used_moves", "u1"),  # bits of slots: used since it came in
        ("disabled_moves", "u1"),  # bits 0-3 disabled, 4-7 disabled and hidden
        # --- the side's
        ("active", "u1"),  # team index; still set while it has fainted
        ("order", "u1", (6,)),  # team indices in Showdown's `side.pokemon` order
        ("team_size", "u1"),  # Pokémon in the team
        ("pokemon_left", "u1"),
        ("total_fainted", "u1"),
        ("fainted_this_turn", "u1"),  # team index + 1
        ("fainted_last_turn", "u1"),
        (
            "stellar_types",
            "<u4",
        ),  # bits 0-20: what Tera Stellar has boosted; 21-: TERA_ABILITY_SHIFT
        ("conditions", "u1", (NUM_SIDE_CONDITIONS,)),  # turns left; layers of hazards
        ("hazard_order", "<u2"),  # 4 bits each, first set lowest: hazard - SPIKES + 1, 0: none
        ("wish_hp", "<u2"),  # the wisher's maximal HP (it heals half of it); 0: no wish
        ("wish_duration", "u1"),  # residuals until it heals: 2 when it is made
        ("future_duration", "u1"),  # residuals until it hits: 3 when it is made
        ("future_move", "<u2"),
        ("future_source", "u1"),  # of the foe's team
        ("mons", MON, (6,)),
    ]
)

QUEUED = _record(
    [
        ("actor", "u1"),  # bits 0-2: team index, 3: side, 4-7: QUEUE_* (queue_entries.py)
        ("target", "u1"),  # switches: team index of the one that comes; moves: BEHIND_ROUND*
        ("move", "<u2"),
        ("speed", "<i2"),
        ("priority", "i1"),  # 10 * (priority + fractional)
        ("fractional", "i1"),  # +1 Quick Claw, -1 Lagging Tail and such
    ]
)

FAINT = _record(
    [
        ("cause", "u1"),  # bit 0: side; 1-2: source, 0 none, 1 + side; 3-7: EFFECT_*
        ("effect_id", "<u2"),
    ]
)

# The move that is being used (Showdown's activeMove, activePokemon): set and cleared inside one
# action, so it never decides anything between two decisions.
ACTIVE_MOVE = _record(
    [
        ("id", "<u2"),  # 0: no move is being used
        ("base_power", "<i2"),
        ("total_damage", "<i2"),
        ("source_effect", "<u2"),  # the move that called it (Sleep Talk), 0: none
        ("flag_bits", "<u2"),  # MOVE_*
        ("side", "u1"),  # the user's
        ("type", "u1"),
        ("category", "u1"),
        ("priority", "i1"),
        ("hit", "u1"),  # number of this hit, from 1
        ("type_mod", "i1"),
    ]
)

BATTLE = _record(
    [
        ("rng", "<u8"),  # FORMAT_SCRIPTED: address of the script (chance.py)
        ("sides", SIDE, (2,)),
        ("turn", "<u2"),
        ("last_move", "<u2"),
        ("last_successful_move", "<u2"),  # lastSuccessfulMoveThisTurn
        ("request", "u1"),  # REQUEST_*
        ("winner", "i1"),  # WINNER_*, or the side
        ("mid_turn", "u1"),
        ("format", "u1"),  # FORMAT_*
        ("weather", "u1"),
        ("weather_duration", "u1"),  # bits 0-3; 4-7: who made it, 1 + 6 * side + member
        ("terrain", "u1"),
        ("terrain_duration", "u1"),
        (
            "pseudo_weather",
            "u1",
            (7,),
        ),  # turns left; 4-7: its maker, or ROOM_FRESH
        ("echoed_voice", "u1"),  # its multiplier
        ("speed_order", "u1"),  # side that came first when actives were last sorted
        # Actions still to come; filled between decisions only in the middle of a turn.
        ("queue_length", "u1"),
        ("residual_pending", "u1"),  # the residual action follows the queued ones
        ("queue", QUEUED, (QUEUE_SIZE,)),
        # Scratch, empty between decisions.
        ("faint_length", "u1"),
        ("faint_queue", FAINT, (2,)),
        ("move", ACTIVE_MOVE),
    ]
)
