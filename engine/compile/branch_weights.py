"""What LLVM is told of a program's branches: how often each is taken, as measured once.

Rules are full of cases that hardly ever come up, and LLVM cannot know which.  Told, it puts them
out of the way of what comes up all the time, inlines what is called often, and keeps registers for
it (profile-guided optimisation: Pettis and Hansen, *Profile Guided Code Positioning*, 1990).  That
makes 1.2 times as many iterations of the battle search (``docs/DESIGN.md``).

Branches are numbered in the order in which LLVM prints them, which depends on the sources and on
the versions of numba and LLVM alone.  Shares that were measured for other sources are no mistake:
they cost speed and nothing else.
"""

import re
from collections.abc import Sequence

NEVER = -1
"""The share of a branch that was never come to."""

WHOLE = 1000
"""The share of a branch that was taken always."""

COUNTERS = "plywise_branch_counters"
"""The array of a program that counts: two int64 for each branch, not taken and taken."""

_BRANCH = re.compile(r"^  br i1 (%[^,]+), label (%[^,\s]+), label (%[^,\s]+)(.*)$", re.M)
_NODE = re.compile(r"^!(\d+) = ", re.M)
_WEIGHTS = re.compile(r", !prof !\d+")


def weighted(text: str, shares: Sequence[int]) -> str | None:
    """Return a module, as text, that knows how often its branches are taken.

    Args:
        text: LLVM's assembly.
        shares: of each branch in its order, how often of ``WHOLE`` times it is taken, or ``NEVER``.

    Returns:
        None if the module has another number of branches.
    """
    first = 1 + max(map(int, _NODE.findall(text)), default=-1)
    nodes: list[str] = []
    left = iter(shares)

    def with_weights(found: re.Match[str]) -> str:
        share = next(left, None)
        if share is None or share == NEVER:
            return found[0]
        number = first + len(nodes)
        nodes.append(f'!{number} = !{{!"branch_weights", i32 {share}, i32 {WHOLE - share}}}\n')
        return f"{_WEIGHTS.sub('', found[0])}, !prof !{number}"

    body, count = _BRANCH.subn(with_weights, text)
    return f"{body}\n{''.join(nodes)}" if count == len(shares) else None


def counting(text: str, first: int) -> tuple[str, int]:
    """Return a module, as text, that counts its branches from number ``first`` on; and how many."""
    number = first

    def with_counter(found: re.Match[str]) -> str:
        nonlocal number
        n = number
        number += 1
        return (
            f"  %count.side.{n} = zext i1 {found[1]} to i64\n"
            f"  %count.pair.{n} = getelementptr i64, ptr @{COUNTERS}, i64 {2 * n}\n"
            f"  %count.place.{n} = getelementptr i64, ptr %count.pair.{n}, i64 %count.side.{n}\n"
            f"  %count.before.{n} = load i64, ptr %count.place.{n}\n"
            f"  %count.after.{n} = add i64 %count.before.{n}, 1\n"
            f"  store i64 %count.after.{n}, ptr %count.place.{n}\n"
            f"{found[0]}"
        )

    body = _BRANCH.sub(with_counter, text)
    return f"{body}\n@{COUNTERS} = external global [0 x i64]\n", number - first


def counters(branches: int) -> str:
    """Return the module, as text, that holds the counters of so many branches."""
    return f"@{COUNTERS} = global [{2 * branches} x i64] zeroinitializer\n"


def share(untaken: int, taken: int) -> int:
    """Return the share of a branch that was counted."""
    return round(WHOLE * taken / (untaken + taken)) if untaken + taken else NEVER
