"""Every random draw of the battle kernels, sampled or fed from a script.

:func:`chance` is Showdown's ``randomChance(num, n)`` and :func:`roll` its ``random(lo, lo + n)``.
Sampled, both take the high word of Showdown's ``gen5`` generator, whose whole state is ``b.rng``.
Scripted (``FORMAT_SCRIPTED``), ``b.rng`` is the address of an int64 array made with
:func:`new_script`, each draw takes the next recorded result, and the first draw whose kind differs
from the record is noted.  A script must outlive the step and never be shared between threads.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import config
from numba.extending import intrinsic
from numpy.typing import NDArray

from plywise.engine.battle.constants import FORMAT_SCRIPTED
from plywise.engine.jit import kernel

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
_CURSOR, _LENGTH, _MISMATCHES, _POSITION, _SITE, _NUM, _LO, _N = range(8)
_HEADER = 8
_ENTRY = 4  # words of an entry: numerator, lo, n, result

_config: Any = config  # its settings are set at run time, unseen by type checkers
if _config.DISABLE_JIT:

    def _read(address: Any, index: Any) -> Any:
        return ctypes.c_int64.from_address(int(address) + 8 * int(index)).value

    def _write(address: Any, index: Any, value: Any) -> Any:
        ctypes.c_int64.from_address(int(address) + 8 * int(index)).value = int(value)

    def _advance(seed: Any) -> Any:
        return (int(seed) * 0x5D588B656C078965 + 0x269EC3) & 0xFFFF_FFFF_FFFF_FFFF

    def _scaled(seed: Any, n: int) -> Any:
        return ((int(seed) >> 32) * int(n)) >> 32

    def scramble(seed: Any) -> Any:
        """Return 64 well mixed bits for any seed (the finalizer of splitmix64)."""
        mask = 0xFFFF_FFFF_FFFF_FFFF
        x = (int(seed) + 0x9E3779B97F4A7C15) & mask
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
        return x ^ (x >> 31)

else:

    @intrinsic
    def _read(typingctx: Any, address: Any, index: Any) -> Any:
        """Return the int64 word ``index`` of the array at ``address``."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            words = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
            return builder.load(builder.gep(words, [args[1]]))

        return types.int64(types.uint64, types.int64), codegen

    @intrinsic
    def _write(typingctx: Any, address: Any, index: Any, value: Any) -> Any:
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
    def scramble(seed: Any) -> Any:
        """Return 64 well mixed bits for any seed (the finalizer of splitmix64)."""
        x = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


@kernel
def _draw(b: Any, site: int, num: int, lo: int, n: int) -> int:
    """Return a draw from ``lo .. lo + n - 1``; ``num`` only says which kind of draw it is."""
    if b.format & FORMAT_SCRIPTED == 0:
        b.rng = _advance(b.rng)
        return lo + int(_scaled(b.rng, n))
    script = b.rng
    cursor = _read(script, _CURSOR)
    there = cursor < _read(script, _LENGTH)
    at = _HEADER + _ENTRY * cursor
    if (
        not there
        or _read(script, at) != num
        or _read(script, at + 1) != lo
        or _read(script, at + 2) != n
    ):
        if _read(script, _MISMATCHES) == 0:
            _write(script, _POSITION, cursor)
            _write(script, _SITE, site)
            _write(script, _NUM, num)
            _write(script, _LO, lo)
            _write(script, _N, n)
        _write(script, _MISMATCHES, _read(script, _MISMATCHES) + 1)
    _write(script, _CURSOR, cursor + 1)
    if not there:
        return lo
    # The record may be of another kind of draw: never leave the range that the caller expects.
    result = int(_read(script, at + 3))
    return min(max(result, lo), lo + n - 1)


@kernel
def chance(b: Any, site: int, num: int, n: int) -> bool:
    """Return true in ``num`` of ``n`` cases: Showdown's ``randomChance``.  Always one draw."""
    return bool(_draw(b, site, num, 0, n) < num)


@kernel
def roll(b: Any, site: int, lo: int, n: int) -> int:
    """Return one of ``lo .. lo + n - 1``, all equally likely.  Always one draw."""
    return _draw(b, site, PLAIN, lo, n)


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


def new_script(draws: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Return a script of ``(numerator or PLAIN, lo, n, result)`` entries, to be replayed once."""
    script = np.zeros(_HEADER + _ENTRY * len(draws), np.int64)
    script[_LENGTH] = len(draws)
    script[_HEADER:] = np.asarray(draws, np.int64).reshape(-1)
    return script


def feed(state: Any, script: NDArray[np.int64]) -> None:
    """Let ``state`` (one element of a pool) draw from ``script``, which the caller keeps alive."""
    state["format"] |= FORMAT_SCRIPTED
    state["rng"] = script.ctypes.data


def unfeed(state: Any, seed: int = 0) -> None:
    """Let ``state`` draw from its own generator again."""
    state["format"] &= 0xFF ^ FORMAT_SCRIPTED
    state["rng"] = seed


def report(script: NDArray[np.int64]) -> ScriptReport:
    """Return how a script was used."""
    bad = int(script[_MISMATCHES])
    return ScriptReport(
        used=int(script[_CURSOR]),
        length=int(script[_LENGTH]),
        mismatches=bad,
        position=int(script[_POSITION]) if bad else -1,
        site=SITE_NAMES[int(script[_SITE])],
        got=(int(script[_NUM]), int(script[_LO]), int(script[_N])),
    )
