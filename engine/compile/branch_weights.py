"""Branch weights for LLVM: how often each branch of a program is taken, measured once.

Most cases of the rules are rare, and LLVM cannot know which.  With weights it moves rare code out
of the way, inlines what is called often, and keeps registers for it (profile-guided optimisation:
Pettis and Hansen, *Profile Guided Code Positioning*, 1990).  The battle search then makes 1.2 times
as many iterations (``docs/DESIGN.md``).

Branches are numbered in the order in which LLVM prints them, which depends on the sources and on
the versions of numba and LLVM only.  Shares measured for other sources cost speed, never
correctness.
"""

import re
from collections.abc import Sequence

NEVER = -1
"""The share of a branch that was never reached."""

WHOLE = 1000
"""The share of a branch that was always taken."""

COUNTERS = "plywise_branch_counters"
"""Symbol of the counters: two int64 for each branch, times not taken and times taken."""

_BRANCH = re.compile(r"^  br i1 (%[^,]+), label (%[^,\s]+), label (%[^,\s]+)(.*)$", re.M)
_NODE = re.compile(r"^!(\d+) = ", re.M)
_WEIGHTS = re.compile(r", !prof !\d+")


def with_weights(text: str, shares: Sequence[int]) -> str | None:
    """Return the module ``text`` (LLVM's assembly) with weights at its branches.

    Args:
        shares: for each branch in order, how often in ``WHOLE`` times it is taken, or ``NEVER``.

    Returns:
        None if the module has another number of branches.
    """
    first = 1 + max(map(int, _NODE.findall(text)), default=-1)
    nodes: list[str] = []
    left = iter(shares)

    def weighted(found: re.Match[str]) -> str:
        share = next(left, None)
        if share is None or share == NEVER:
            return found[0]
        number = first + len(nodes)
        nodes.append(f'!{number} = !{{!"branch_weights", i32 {share}, i32 {WHOLE - share}}}\n')
        return f"{_WEIGHTS.sub('', found[0])}, !prof !{number}"

    body, count = _BRANCH.subn(weighted, text)
    return f"{body}\n{''.join(nodes)}" if count == len(shares) else None


def with_counters(text: str, first: int) -> tuple[str, int]:
    """Return the module ``text`` with a counter at each branch, and the number of branches.

    Args:
        first: number of the module's first branch in the program.
    """
    number = first

    def counted(found: re.Match[str]) -> str:
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

    body = _BRANCH.sub(counted, text)
    return f"{body}\n@{COUNTERS} = external global [0 x i64]\n", number - first


def counters_module(branches: int) -> str:
    """Return the module, as text, that holds the counters of ``branches`` branches."""
    return f"@{COUNTERS} = global [{2 * branches} x i64] zeroinitializer\n"


def share(untaken: int, taken: int) -> int:
    """Return the share of a branch from its two counters."""
    return round(WHOLE * taken / (untaken + taken)) if untaken + taken else NEVER
