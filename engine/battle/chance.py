"""Random draws of the battle kernels: sampled, replayed from a script, or enumerated.

:func:`chance` is Showdown's ``randomChance(num, n)`` and :func:`roll` its ``random(lo, lo + n)``.
Sampled, both take the high word of Showdown's ``gen5`` generator, whose whole state is ``b.rng``.
Under ``FORMAT_SCRIPTED``, ``b.rng`` is the address of a script, an int64 array of one of three
kinds.  *Replayed* (:func:`new_script`): each draw takes the next recorded result, and the first
draw whose kind differs from the record is noted.  *Sampled* (:func:`new_sampler`): draws come from
a generator in the script and are recorded as far as there is room.  *Explored*
(:func:`new_explorer`): draws follow a prefix, then take the first branch, and all are recorded, so
that :mod:`chance_tree` can visit every branch.  A script must outlive the step and is never shared
between threads.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from plywise.engine.battle.constants import FORMAT_LOGGED, FORMAT_SCRIPTED
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile.jit import COMPILED, kernel, kernel_of
from plywise.engine.kernels import signatures
from plywise.engine.mixing import scramble

_IN_STATE = types.int64(signatures(BATTLE).current.args[0], *[types.int64] * 4)

SITE_NAMES = [
    "other",
    "accuracy",
    "crit",
    "damage",
    "self boosts",
    "secondary",
    "hits",
    "stall",
    "paralysis",
    "freeze",
    "confusion",
    "confusion damage",
    "infatuation",
    "sleep time",
    "confusion time",
    "locked move time",
    "trap time",
    "phazing",
    "fractional priority",
    "ability",
    "item",
    "move",
    "speed tie",
]
(
    SITE_OTHER,
    SITE_ACCURACY,
    SITE_CRIT,
    SITE_DAMAGE,
    SITE_SELF_BOOSTS,
    SITE_SECONDARY,
    SITE_HITS,
    SITE_STALL,
    SITE_PARALYSIS,
    SITE_FREEZE,
    SITE_CONFUSION,
    SITE_CONFUSION_DAMAGE,
    SITE_INFATUATION,
    SITE_SLEEP_TIME,
    SITE_CONFUSION_TIME,
    SITE_LOCKED_MOVE_TIME,
    SITE_TRAP_TIME,
    SITE_PHAZING,
    SITE_FRACTIONAL_PRIORITY,
    SITE_ABILITY,
    SITE_ITEM,
    SITE_MOVE,
    SITE_SPEED_TIE,
) = range(23)

PLAIN = -1
"""The numerator that marks a plain draw, one that no ``randomChance`` made."""

# Words of a script before its entries.
(
    CURSOR,  # draws made
    LENGTH,  # draws that it prescribes
    _MISMATCHES,  # draws of another kind than prescribed, or for which there was no room
    _POSITION,  # where the first of them stands, and what it was
    _SITE,
    _NUM,
    _LO,
    _N,
    _KIND,  # REPLAYED ...
    _ROOM,  # entries that it can hold
    _GENERATOR,  # of a sampled one: its state
    _CLASSES,  # of an explored one: classes of damage rolls, 0: all that differ
    LOG,  # address of the events that are written down (log_events.py), 0: none
) = range(13)
HEADER = 13
# Words of an entry.  Bit k of its classes: a new class of results begins at ``lo + k``;
# 0: every result is one.
NUMERATOR, LOW, RANGE, RESULT, CLASSES = range(5)
ENTRY = 5

REPLAYED, SAMPLED, EXPLORED = range(3)

if not COMPILED:

    def read_word(address: Any, index: Any) -> Any:
        """Return the int64 word ``index`` of the array at ``address``."""
        return ctypes.c_int64.from_address(int(address) + 8 * int(index)).value

    def write_word(address: Any, index: Any, value: Any) -> Any:
        """Set the int64 word ``index`` of the array at ``address``."""
        ctypes.c_int64.from_address(int(address) + 8 * int(index)).value = int(value)

    def _advance(seed: Any) -> Any:
        return (int(seed) * 0x5D588B656C078965 + 0x269EC3) & 0xFFFF_FFFF_FFFF_FFFF

    def _scaled(seed: Any, n: int) -> Any:
        return ((int(seed) >> 32) * int(n)) >> 32

    def _unsigned(word: Any) -> Any:
        return int(word) & 0xFFFF_FFFF_FFFF_FFFF

    def _signed(word: Any) -> Any:
        return int(word)

else:

    @intrinsic
    def read_word(typingctx: Any, address: Any, index: Any) -> Any:
        """Return the int64 word ``index`` of the array at ``address``."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            words = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
            return builder.load(builder.gep(words, [args[1]]))

        return types.int64(types.uint64, types.int64), codegen

    @intrinsic
    def write_word(typingctx: Any, address: Any, index: Any, value: Any) -> Any:
        """Set the int64 word ``index`` of the array at ``address``."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            words = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
            builder.store(args[2], builder.gep(words, [args[1]]))
            return context.get_dummy_value()

        return types.void(types.uint64, types.int64, types.int64), codegen

    _MULTIPLIER = np.uint64(0x5D588B656C078965)
    _INCREMENT = np.uint64(0x269EC3)
    _HALF = np.uint64(32)

    @kernel
    def _advance(seed: Any) -> Any:
        return seed * _MULTIPLIER + _INCREMENT

    @kernel
    def _scaled(seed: Any, n: int) -> Any:
        return np.int64(((seed >> _HALF) * np.uint64(n)) >> _HALF)

    @kernel
    def _unsigned(word: Any) -> Any:
        return np.uint64(word)

    @kernel
    def _signed(word: Any) -> Any:
        return np.int64(word)


@kernel
def _replayed(script: Any, site: int, num: int, lo: int, n: int) -> int:
    """Return the next result of a replayed script, and compare the draw with the record."""
    cursor = read_word(script, CURSOR)
    there = cursor < read_word(script, LENGTH)
    at = HEADER + ENTRY * cursor
    if (
        not there
        or read_word(script, at + NUMERATOR) != num
        or read_word(script, at + LOW) != lo
        or read_word(script, at + RANGE) != n
    ):
        if read_word(script, _MISMATCHES) == 0:
            write_word(script, _POSITION, cursor)
            write_word(script, _SITE, site)
            write_word(script, _NUM, num)
            write_word(script, _LO, lo)
            write_word(script, _N, n)
        write_word(script, _MISMATCHES, read_word(script, _MISMATCHES) + 1)
    write_word(script, CURSOR, cursor + 1)
    if not there:
        return lo
    # The record may be of another kind of draw: never leave the range that the caller expects.
    result = int(read_word(script, at + RESULT))
    return min(max(result, lo), lo + n - 1)


@kernel
def _written_down(script: Any, site: int, num: int, lo: int, n: int) -> int:
    """Return a draw of a sampled or explored script, and write it down."""
    cursor = read_word(script, CURSOR)
    at = HEADER + ENTRY * cursor
    room = cursor < read_word(script, _ROOM)
    classes = 0
    if read_word(script, _KIND) == SAMPLED:
        seed = _advance(_unsigned(read_word(script, _GENERATOR)))
        write_word(script, _GENERATOR, _signed(seed))
        result = lo + int(_scaled(seed, n))
    elif cursor < read_word(script, LENGTH):
        result = int(read_word(script, at + RESULT))
        classes = read_word(script, at + CLASSES)
    else:
        # A randomChance's first branch is that it happens, where it can.
        result = lo + n - 1 if num == 0 else lo
        count = read_word(script, _CLASSES)
        if site == SITE_DAMAGE and count != 0:
            for k in range(count):
                classes |= 1 << (k * 16 // count)
            result = lo + (16 // count - 1) // 2
    if room:
        write_word(script, at + NUMERATOR, num)
        write_word(script, at + LOW, lo)
        write_word(script, at + RANGE, n)
        write_word(script, at + RESULT, result)
        write_word(script, at + CLASSES, classes)
    else:
        write_word(script, _MISMATCHES, read_word(script, _MISMATCHES) + 1)
    write_word(script, CURSOR, cursor + 1)
    return result


@kernel
def _scripted(b: Any, site: int, num: int, lo: int, n: int) -> int:
    """Return a draw of a state under a script."""
    script = b.rng
    if read_word(script, _KIND) == REPLAYED:
        return _replayed(script, site, num, lo, n)
    return _written_down(script, site, num, lo, n)


@kernel
def _draw(b: Any, site: int, num: int, lo: int, n: int) -> int:
    """Return a draw from ``lo .. lo + n - 1``; ``num`` is its kind (numerator or ``PLAIN``)."""
    if b.format & FORMAT_SCRIPTED == 0:
        b.rng = _advance(b.rng)
        return lo + int(_scaled(b.rng, n))
    return _scripted(b, site, num, lo, n)


@kernel
def chance(b: Any, site: int, num: int, n: int) -> bool:
    """Return true in ``num`` of ``n`` cases: Showdown's ``randomChance``.  Always one draw."""
    return bool(_draw(b, site, num, 0, n) < num)


@kernel
def roll(b: Any, site: int, lo: int, n: int) -> int:
    """Return one of ``lo .. lo + n - 1``, all equally likely.  Always one draw."""
    return _draw(b, site, PLAIN, lo, n)


@kernel_of(_IN_STATE)
def roll_in(pool: Any, i: int, site: int, lo: int, n: int) -> int:
    """Return a :func:`roll` of state ``i``: an entry point for tests of draws."""
    return roll(pool[i], site, lo, n)


@kernel_of(_IN_STATE)
def chance_in(pool: Any, i: int, site: int, num: int, n: int) -> int:
    """Return a :func:`chance` of state ``i``, 0 or 1: an entry point for tests of draws."""
    return int(chance(pool[i], site, num, n))


@kernel
def wants_classes(b: Any) -> bool:
    """Return whether a script asks which results of the last draw are equivalent.

    :func:`note_classes` answers.  Rare: everything else draws and goes on.
    """
    if b.format & FORMAT_SCRIPTED == 0:
        return False
    script = b.rng
    cursor = read_word(script, CURSOR)
    at = HEADER + ENTRY * (cursor - 1)
    return bool(
        read_word(script, _KIND) == EXPLORED
        and cursor > 0
        and cursor <= read_word(script, _ROOM)
        and read_word(script, at + NUMERATOR) == PLAIN
        and read_word(script, at + RANGE) == 16
        and read_word(script, at + CLASSES) == 0
    )


@kernel
def note_classes(b: Any, classes: int) -> None:
    """Note the classes of the last draw: bit k is set where result k differs from result k - 1."""
    script = b.rng
    write_word(script, HEADER + ENTRY * (read_word(script, CURSOR) - 1) + CLASSES, classes)


@dataclass(frozen=True)
class ScriptReport:
    """What happened to a script.

    Attributes:
        used: draws that were made, also those beyond the script's end.
        length: draws that the script holds.
        mismatches: draws of another kind than the record's, or beyond its end.
        position: index of the first of them; -1 if there is none.
        site: where it was made (one of ``SITE_NAMES``).
        got: what was drawn there as ``(numerator, lo, n)``.
    """

    used: int
    length: int
    mismatches: int
    position: int
    site: str
    got: tuple[int, int, int]

    @property
    def exact(self) -> bool:
        """Whether every draw was of the recorded kind and none was left over."""
        return not self.mismatches and self.used == self.length


def new_script(draws: Sequence[Sequence[float]]) -> NDArray[np.int64]:
    """Return a script of ``(numerator or PLAIN, lo, n, result)`` entries, to be replayed once.

    A numerator may be a fraction: a whole number is below it where it is below the next whole one.
    """
    script = np.zeros(HEADER + ENTRY * len(draws), np.int64)
    script[LENGTH] = script[_ROOM] = len(draws)
    script[HEADER:].reshape(-1, ENTRY)[:, :CLASSES] = np.ceil(
        np.asarray(draws, np.float64).reshape(-1, 4)
    )
    return script


def new_sampler(seed: int, room: int = 0) -> NDArray[np.int64]:
    """Return a script that samples, seeded as a state is, and writes ``room`` draws down."""
    script = np.zeros(HEADER + ENTRY * room, np.int64)
    script[_KIND], script[_ROOM] = SAMPLED, room
    script[_GENERATOR] = np.uint64(scramble(np.uint64(seed & 0xFFFF_FFFF_FFFF_FFFF))).astype(
        np.int64
    )
    return script


def new_explorer(room: int, classes: int = 0) -> NDArray[np.int64]:
    """Return a script that explores; ``classes`` of damage rolls (0: all that differ)."""
    script = np.zeros(HEADER + ENTRY * room, np.int64)
    script[_KIND], script[_ROOM], script[_CLASSES] = EXPLORED, room, classes
    return script


def written(script: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the draws that were written down: rows of (numerator or PLAIN, lo, n, result)."""
    made = min(int(script[CURSOR]), int(script[_ROOM]))
    return script[HEADER : HEADER + ENTRY * made].reshape(-1, ENTRY)[:, :CLASSES].copy()


def resumed(state: Any) -> NDArray[np.int64]:
    """Return a script that goes on with the generator of ``state`` and writes no draws down."""
    script = new_sampler(0)
    script[_GENERATOR] = np.uint64(state["rng"]).astype(np.int64)
    return script


def generator(script: NDArray[np.int64]) -> int:
    """Return the generator of a sampled script, as the ``rng`` of a state."""
    return int(script[_GENERATOR].astype(np.uint64))


def attach_script(
    state: Any, script: NDArray[np.int64], events: NDArray[np.int64] | None = None
) -> None:
    """Make ``state`` (one element of a pool) draw from ``script``, kept alive by the caller.

    With ``events`` (:func:`log_events.new_events`) what happens is written down as well.
    """
    state["format"] |= FORMAT_SCRIPTED
    state["rng"] = script.ctypes.data
    if events is not None:
        state["format"] |= FORMAT_LOGGED
        script[LOG] = events.ctypes.data


def detach_script(state: Any, seed: int = 0) -> None:
    """Make ``state`` draw from its own generator again, without a log."""
    state["format"] &= 0xFF ^ (FORMAT_SCRIPTED | FORMAT_LOGGED)
    state["rng"] = seed


def script_report(script: NDArray[np.int64]) -> ScriptReport:
    """Return how a script was used: draws made, mismatches."""
    bad = int(script[_MISMATCHES])
    return ScriptReport(
        used=int(script[CURSOR]),
        length=int(script[LENGTH]),
        mismatches=bad,
        position=int(script[_POSITION]) if bad else -1,
        site=SITE_NAMES[int(script[_SITE])],
        got=(int(script[_NUM]), int(script[_LO]), int(script[_N])),
    )
