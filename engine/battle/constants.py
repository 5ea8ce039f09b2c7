"""Numbers shared by kernels and Python code: volatiles, weathers, flags, actions.

Names read like Showdown's.  Kernels ``from plywise.engine.battle import constants as c``; numba
freezes what they name.  Ids of moves, abilities, items, species and types come from :mod:`names`.
"""

from plywise.engine.battle.names import TYPE_ID

# ------------------------------------------------------------------------------------- actions
ACTION_MOVE = 0  # 0-3: the move in that slot
ACTION_TERA = 4  # 4-7: Terastallize, then the move in slot action - 4
ACTION_SWITCH = 8  # 8-13: switch to team index action - 8 (Revival Blessing: the one to revive)
ACTION_FORCED = 14  # the only option: Struggle, recharge, a locked move that is in no slot
ACTION_PASS = 15  # a switch is required and no Pokémon is left
NUM_ACTIONS = 16

# ------------------------------------------------------------------------------------ requests
REQUEST_NONE = 0  # the battle is over
REQUEST_MOVE = 1
REQUEST_SWITCH = 2  # the sides whose switch_flag is set decide
REQUEST_PREVIEW = 3  # Team Preview (team_preview.py)

WINNER_NONE = -1
WINNER_TIE = 2  # 0 and 1 are the sides

# ------------------------------------------------------------------------- types, in TYPE_NAMES
TYPE_NONE = 0
TYPE_UNKNOWN = TYPE_ID["???"]
TYPE_BUG = TYPE_ID["Bug"]
TYPE_DARK = TYPE_ID["Dark"]
TYPE_DRAGON = TYPE_ID["Dragon"]
TYPE_ELECTRIC = TYPE_ID["Electric"]
TYPE_FAIRY = TYPE_ID["Fairy"]
TYPE_FIGHTING = TYPE_ID["Fighting"]
TYPE_FIRE = TYPE_ID["Fire"]
TYPE_FLYING = TYPE_ID["Flying"]
TYPE_GHOST = TYPE_ID["Ghost"]
TYPE_GRASS = TYPE_ID["Grass"]
TYPE_GROUND = TYPE_ID["Ground"]
TYPE_ICE = TYPE_ID["Ice"]
TYPE_NORMAL = TYPE_ID["Normal"]
TYPE_POISON = TYPE_ID["Poison"]
TYPE_PSYCHIC = TYPE_ID["Psychic"]
TYPE_ROCK = TYPE_ID["Rock"]
TYPE_STEEL = TYPE_ID["Steel"]
TYPE_STELLAR = TYPE_ID["Stellar"]
TYPE_WATER = TYPE_ID["Water"]

# ------------------------------------------------------------------- statuses, in STATUS_NAMES
NO_STATUS, BRN, PAR, PSN, TOX, SLP, FRZ = range(7)

# ------------------------------------------------------------ stats and boosts, in BOOST_NAMES
ATK, DEF, SPA, SPD, SPE, ACCURACY, EVASION = range(7)

CATEGORY_STATUS, CATEGORY_PHYSICAL, CATEGORY_SPECIAL = range(3)

# ---------------------------------------------------------------------------- weather, terrain
WEATHER_NAMES = [
    "",
    "raindance",
    "primordialsea",
    "sunnyday",
    "desolateland",
    "sandstorm",
    "hail",
    "snowscape",
    "deltastream",
]
(
    NO_WEATHER,
    RAIN_DANCE,
    PRIMORDIAL_SEA,
    SUNNY_DAY,
    DESOLATE_LAND,
    SANDSTORM,
    HAIL,
    SNOWSCAPE,
    DELTA_STREAM,
) = range(9)

TERRAIN_NAMES = ["", "electricterrain", "grassyterrain", "mistyterrain", "psychicterrain"]
NO_TERRAIN, ELECTRIC_TERRAIN, GRASSY_TERRAIN, MISTY_TERRAIN, PSYCHIC_TERRAIN = range(5)

# Pseudo-weathers, index into `state.pseudo_weather` (turns left, 0: not there).
PSEUDO_WEATHER_NAMES = [
    "trickroom",
    "gravity",
    "magicroom",
    "wonderroom",
    "fairylock",
    "iondeluge",
    "echoedvoice",
]
ROOM_FRESH = 1 << 4  # in Wonder Room's count: none of its handlers has run yet
(TRICK_ROOM, GRAVITY, MAGIC_ROOM, WONDER_ROOM, FAIRY_LOCK, ION_DELUGE, ECHOED_VOICE) = range(7)

# Side conditions, index into `side.conditions`: turns left, or layers for the hazards.
SIDE_CONDITION_NAMES = [
    "reflect",
    "lightscreen",
    "auroraveil",
    "tailwind",
    "safeguard",
    "mist",
    "spikes",
    "toxicspikes",
    "stealthrock",
    "stickyweb",
    "quickguard",  # these two are flags of the side, for one turn
    "wideguard",
]
(
    REFLECT,
    LIGHT_SCREEN,
    AURORA_VEIL,
    TAILWIND,
    SAFEGUARD,
    MIST,
    SPIKES,
    TOXIC_SPIKES,
    STEALTH_ROCK,
    STICKY_WEB,
    QUICK_GUARD,
    WIDE_GUARD,
) = range(12)
FIRST_HAZARD = SPIKES
NUM_SIDE_CONDITIONS = 10  # those with a counter

# ----------------------------------------------------------------------------------- volatiles
# Bit numbers in `side.volatiles`.  What a volatile counts stands in fields of its own (state.py).
VOLATILE_NAMES = [
    "confusion",
    "flinch",
    "substitute",
    "choicelock",
    "stall",
    "lockedmove",
    "twoturnmove",
    "mustrecharge",
    "leechseed",
    "taunt",
    "encore",
    "disable",
    "healblock",
    "throatchop",
    "partiallytrapped",
    "trapped",
    "trapper",
    "protosynthesis",
    "quarkdrive",
    "yawn",
    "perishsong",
    "saltcure",
    "charge",
    "truant",
    "noretreat",
    "unburden",
    "magnetrise",
    "smackdown",
    "glaiverush",
    "minimize",
    "destinybond",
    "attract",
    "curse",
    "flashfire",
    "roost",
    "stockpile",
    "focusenergy",
    "focuspunch",
    "protect",
    "banefulbunker",
    "burningbulwark",
    "spikyshield",
    "silktrap",
    "endure",
    "beakblast",
    "counter",
    "mirrorcoat",
    "fly",
    "bounce",
    "dig",
    "dive",
    "phantomforce",
    "shadowforce",
    "aquaring",
    "ingrain",
    "torment",
    "gastroacid",
    "imprison",
    "syrupbomb",
    "tarshot",
    "micleberry",
    "lockon",
    "powertrick",
    "uproar",
    "furycutter",
    "rollout",
    "rolloutstorage",
    "defensecurl",
    "dragoncheer",
    "chillyreception",
    "metronome",
    "zenmode",
    "commanded",
    "commanding",
    "helpinghand",
    "followme",
    "ragepowder",
    "allyswitch",
    "gem",
    "fling",
]
(
    V_CONFUSION,
    V_FLINCH,
    V_SUBSTITUTE,
    V_CHOICELOCK,
    V_STALL,
    V_LOCKEDMOVE,
    V_TWOTURNMOVE,
    V_MUSTRECHARGE,
    V_LEECHSEED,
    V_TAUNT,
    V_ENCORE,
    V_DISABLE,
    V_HEALBLOCK,
    V_THROATCHOP,
    V_PARTIALLYTRAPPED,
    V_TRAPPED,
    V_TRAPPER,
    V_PROTOSYNTHESIS,
    V_QUARKDRIVE,
    V_YAWN,
    V_PERISHSONG,
    V_SALTCURE,
    V_CHARGE,
    V_TRUANT,
    V_NORETREAT,
    V_UNBURDEN,
    V_MAGNETRISE,
    V_SMACKDOWN,
    V_GLAIVERUSH,
    V_MINIMIZE,
    V_DESTINYBOND,
    V_ATTRACT,
    V_CURSE,
    V_FLASHFIRE,
    V_ROOST,
    V_STOCKPILE,
    V_FOCUSENERGY,
    V_FOCUSPUNCH,
    V_PROTECT,
    V_BANEFULBUNKER,
    V_BURNINGBULWARK,
    V_SPIKYSHIELD,
    V_SILKTRAP,
    V_ENDURE,
    V_BEAKBLAST,
    V_COUNTER,
    V_MIRRORCOAT,
    V_FLY,
    V_BOUNCE,
    V_DIG,
    V_DIVE,
    V_PHANTOMFORCE,
    V_SHADOWFORCE,
    V_AQUARING,
    V_INGRAIN,
    V_TORMENT,
    V_GASTROACID,
    V_IMPRISON,
    V_SYRUPBOMB,
    V_TARSHOT,
    V_MICLEBERRY,
    V_LOCKON,
    V_POWERTRICK,
    V_UPROAR,
    V_FURYCUTTER,
    V_ROLLOUT,
    V_ROLLOUTSTORAGE,
    V_DEFENSECURL,
    V_DRAGONCHEER,
    V_CHILLYRECEPTION,
    V_METRONOME,
    V_ZENMODE,
    V_COMMANDED,
    V_COMMANDING,
    V_HELPINGHAND,
    V_FOLLOWME,
    V_RAGEPOWDER,
    V_ALLYSWITCH,
    V_GEM,
    V_FLING,
) = range(80)

# ------------------------------------------------------------------------ flags of a team member
MON_FAINTED = 1 << 0
MON_TERASTALLIZED = 1 << 1  # its type is `tera_type`
MON_ATE_BERRY = 1 << 2
MON_TRANSFORMED = 1 << 3  # the active one only: base moves stand in `side.base_moves`
MON_SWORD_BOOST = 1 << 4  # Intrepid Sword was used
MON_SHIELD_BOOST = 1 << 5  # Dauntless Shield was used
MON_SYRUP_TRIGGERED = 1 << 6  # Supersweet Syrup was used
MON_HERO_MESSAGE = 1 << 7  # Palafin's Hero message was shown
MON_KEPT_FALSE = 1 << 8  # with MON_KEPT_TRUE: moveThisTurnResult of one that left fainted
MON_BOND_TRIGGERED = 1 << 9  # Battle Bond was used
MON_USED_ITEM = 1 << 10  # usedItemThisTurn
MON_STATUS_BY_FOE = 1 << 12  # its status came from the other side (Sleep Clause)
MON_MALE = 1 << 13
MON_FEMALE = 1 << 14  # neither: no gender
GENDER_NONE, GENDER_MALE, GENDER_FEMALE = 0, MON_MALE, MON_FEMALE  # bits of `mon.flag_bits`
MON_GENDER = MON_MALE | MON_FEMALE
MON_KEPT_TRUE = 1 << 15  # both bits: null
# `mon.times_attacked` above its counter: what the Endless Battle Clause asks
STALE_ITEM = 1 << 3  # pendingStaleness: a berry that it got back would make it stale
STALE_INTERNAL = 1 << 4  # staleness, at most one of both
STALE_EXTERNAL = 1 << 5
SET_HAS_BERRY = 1 << 6  # its set's item is a berry that heals or brings PP back
SET_CYCLES = 1 << 7  # its set can get an item back (Harvest, Pickup, Recycle)
# In `side.stellar_types`, above the bits of all types: the ability of an Ogerpon before it
# Terastallized, which it takes again when it faints.
TERA_ABILITY_SHIFT = 21
SPREAD = 127  # IV + EV // 4 in `mon.spread`; above it in three of them: an Illusion that is kept
MON_TERA_LOST = 1 << 11  # canTerastallize is null for good (its forme came from an item)

# ---------------------------------------------------------------------- flags of a side's active
SIDE_NEWLY_SWITCHED = 1 << 0
SIDE_STATS_RAISED = 1 << 1  # statsRaisedThisTurn
SIDE_STATS_LOWERED = 1 << 2
SIDE_FORCE_SWITCH = 1 << 3  # forceSwitchFlag: dragged out after this action
SIDE_SKIP_BEFORE_SWITCH_OUT = 1 << 4
SIDE_BEING_CALLED_BACK = 1 << 5
SIDE_MAYBE_TRAPPED = 1 << 6
SIDE_FROM_BOOSTER = 1 << 7  # Protosynthesis or Quark Drive runs on a Booster Energy
SIDE_LOST_FOCUS = 1 << 8  # Focus Punch
SIDE_ATTACKED_THIS_TURN = 1 << 9  # `attacked_*` are of this turn
SIDE_IS_STARTED = 1 << 10  # its switch-in effects have run
SIDE_FAINT_QUEUED = 1 << 11
SIDE_TERA_USED = 1 << 12  # for the whole battle; no clearing on a switch
SIDE_HEALING_WISH = 1 << 13  # slot conditions: stay when the active one leaves
SIDE_LUNAR_DANCE = 1 << 14
SIDE_REVIVAL_BLESSING = 1 << 15
SIDE_LUNAR_DANCE_FIRST = 1 << 16  # it is older than a Healing Wish
SIDE_QUICK_GUARD = 1 << 18  # for this turn
SIDE_WIDE_GUARD = 1 << 19
SIDE_MIMICKED = 1 << 20  # Mimic has put a move in a slot: the true ones stand in base_moves
SIDE_FURY_CUTTER_KEPT = 1 << 21  # Fury Cutter and Rollout: used this turn, so not over at its end
SIDE_ROLLOUT_KEPT = 1 << 22
SIDE_STALE = 1 << 23  # volatileStaleness, which is always external
WISHER_SHIFT = 24  # bits 24-26: 1 + team index of who made the wish, which the log names
SIDE_WISHER = 7 << WISHER_SHIFT
SIDE_TYPES_UNSEEN = 1 << 27  # its types are not what the log has told (Reflect Type)
SIDE_TERA_SEEN = 1 << 28  # the log takes the Tera type of its Terastallized one for its type
SIDE_CANNOT_TERASTALLIZE = 1 << 17  # until it leaves: transformed Ogerpon or Terapagos
SIDE_LASTING = (
    SIDE_TERA_USED
    | SIDE_HEALING_WISH
    | SIDE_LUNAR_DANCE
    | SIDE_LUNAR_DANCE_FIRST
    | SIDE_REVIVAL_BLESSING
    | SIDE_QUICK_GUARD
    | SIDE_WIDE_GUARD
    | SIDE_WISHER
    | SIDE_TERA_SEEN
)  # what survives clear_volatile

# `side.switch_flag`: 0 none, SWITCH_TRUE, or the id of the move whose user leaves
SWITCH_TRUE = 0xFFFF

# Showdown's moveLastTurnResult / moveThisTurnResult
RESULT_UNDEFINED, RESULT_NULL, RESULT_FALSE, RESULT_TRUE = range(4)

NEVER = 255  # `wish_duration`, `future_duration`: it stays and never acts

# `side.trapped`
NOT_TRAPPED, TRAPPED, TRAPPED_HIDDEN = range(3)

# ---------------------------------------------------------------- flags of the ability's own state
ABILITY_STARTED = 1 << 0
ABILITY_UNNERVED = 1 << 1
ABILITY_ENDING = 1 << 2
ABILITY_CHECKED = 1 << 3  # Berserk, Anger Shell: checkedBerserk / checkedAngerShell
ABILITY_TYPE_CHANGED = 1 << 4  # Libero and Protean: once per switch-in
ABILITY_BUSTED = 1 << 5  # Disguise, Ice Face
ABILITY_EMBODIED = 1 << 6  # Embody Aspect
ABILITY_RESISTED = 1 << 7  # Tera Shell, for the rest of this move
ABILITY_SEEK = 1 << 8  # Trace found nothing to copy yet
ABILITY_GLUTTONY = 1 << 9
ABILITY_PENDING_BOOSTS = 1 << 10  # Opportunist has boosts in `pending_boosts`
ABILITY_UNCHECKED = 1 << 11  # checkedBerserk is false, not just unset: healing berries must wait
ABILITY_BERRY_WEAKEN = 1 << 12  # Ripen: a berry that weakens the next hit was eaten

ITEM_STARTED = 1 << 0  # Booster Energy
ITEM_EJECT = 1 << 1  # Eject Pack is about to work
ITEM_READY = 1 << 2  # Mirror Herb is about to work
ITEM_INACTIVE = 1 << 3  # Utility Umbrella under a suppressed item

# ----------------------------------------------------------------------------- the action queue
(
    QUEUE_NONE,
    QUEUE_INSTASWITCH,
    QUEUE_BEFORE_TURN_MOVE,  # Counter, Mirror Coat
    QUEUE_REVIVAL_BLESSING,
    QUEUE_RUN_SWITCH,
    QUEUE_SWITCH,
    QUEUE_TERASTALLIZE,
    QUEUE_PRIORITY_CHARGE,
    QUEUE_MOVE,
    QUEUE_PRIORITIZED_MOVE,  # a move that another effect put first (Instruct, Round)
) = range(10)
BEHIND_ROUND, BEHIND_ROUND_IGNORING = 1, 2  # its `target` where Round did; the latter: abilities
QUEUE_SIZE = 6

# ------------------------------------------------------------------------ what an effect came from
# The pair (kind, id) stands where Showdown passes `sourceEffect`: id is a move, ability, item,
# status, weather, side condition or volatile number, by kind.
(
    EFFECT_NONE,
    EFFECT_MOVE,
    EFFECT_ABILITY,
    EFFECT_ITEM,
    EFFECT_STATUS,
    EFFECT_WEATHER,
    EFFECT_TERRAIN,
    EFFECT_VOLATILE,
    EFFECT_SIDE_CONDITION,
    EFFECT_RECOIL,  # Showdown's pseudo-effects: recoil, strugglerecoil, drain, ...
    EFFECT_STRUGGLE_RECOIL,
    EFFECT_DRAIN,
    EFFECT_CONFUSED,  # the hit of a confused one on itself: a move without type
    EFFECT_WISH,
    EFFECT_LEECH_SEED,
    EFFECT_BINDING,  # a partial trap: id is the move
) = range(16)

# ----------------------------------------------------------- flags of the move being used, `b.move`
MOVE_IGNORE_ABILITY = 1 << 0  # Mold Breaker and such
MOVE_SHEER_FORCE = 1 << 1  # hasSheerForce
MOVE_PRANKSTER = 1 << 2  # pranksterBoosted
MOVE_EXTERNAL = 1 << 3  # Dancer, Instruct: no PP, no lock
MOVE_BOUNCED = 1 << 4
MOVE_INFILTRATES = 1 << 5
MOVE_CONTACT = 1 << 6  # makes contact here (Long Reach, Punching Glove took it away)
MOVE_CRIT = 1 << 7  # the last hit was critical
MOVE_USER_AWAY = 1 << 8  # a future move whose user is not active
MOVE_SELF_DROPPED = 1 << 9
MOVE_TYPE_CHANGED = 1 << 10  # an -ate ability changed the type: typeChangerBoosted
MOVE_FORCE_STAB = 1 << 11
MOVE_STELLAR_BOOSTED = 1 << 12  # Tera Stellar boosts all hits of this move
MOVE_IGNORE_IMMUNITY = 1 << 13  # hits whatever the type chart
MOVE_IGNORE_GHOST = 1 << 14  # Scrappy, Mind's Eye: Normal and Fighting hit Ghosts
MOVE_PARENTAL_BOND = 1 << 15

CLEANSING_HIT = 255  # as `b.move.hit`: Sparkling Aria has hit (the volatile sparklingaria)

# ----------------------------------------------------------------------- rules of the format
FORMAT_SLEEP_CLAUSE = 1 << 0
FORMAT_KEEP_TIES = 1 << 1  # speed ties: side 0 first, no draw (corpora recorded so)
FORMAT_SCRIPTED = 1 << 2  # chance.py: draws come from a script and are compared with it
FORMAT_LOGGED = 1 << 7  # log_events.py: what happens is written down; scripted only
FORMAT_ENDLESS_BATTLE_CLAUSE = 1 << 3
FORMAT_NO_ARENA_TRAP = 1 << 4  # it is banned
FORMAT_NO_SHADOW_TAG = 1 << 5  # it is banned
