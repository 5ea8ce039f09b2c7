"""Ratings that a server tells after a rated battle.

The ladder of this release and the official one write the same line into the battle's room:
``|raw|NAME's rating: 1000 &rarr; <strong>1025</strong><br />(+25 for winning)``.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_CHANGE = re.compile(
    r"(?P<name>.{1,200})'s rating: (?P<before>[0-9]{1,5}) (?:&rarr;|→) "
    r"<strong>(?P<after>[0-9]{1,5})</strong>.*",
    re.DOTALL,
)
_NO_ID = re.compile("[^a-z0-9]")
_LONGEST_ID = 40


def short_id(name: str) -> str:
    """Return the id of a name that a server tells (``names.user_id``), and never a long one.

    It is safe in file names and on terminals.
    """
    return _NO_ID.sub("", name.lower())[:_LONGEST_ID]


@dataclass(frozen=True)
class RatingChange:
    """A rating before and after a battle."""

    before: int
    after: int


def rating_change(text: str) -> tuple[str, RatingChange] | None:
    """Return the user's id and the change that a ``|raw|`` line tells; None: it is no such line."""
    found = _CHANGE.fullmatch(text)
    if found is None:
        return None
    change = RatingChange(int(found["before"]), int(found["after"]))
    return short_id(html.unescape(found["name"])), change
