"""Names of accounts on a Showdown server: their ids, and names that no server accepts.

The rules are those of the server's ``users.js`` and of the login server: two names of one id are
one account, and an id has at most 18 characters with a letter among them.
"""

from __future__ import annotations

import re

_LONGEST = 18  # characters of an id
_KEPT = 40  # of what a server calls one
_SEPARATORS = ",|"  # of commands and of protocol lines
_AWAY = "@!"  # follows the name of somebody who is busy or idle


def user_id(name: str) -> str:
    """Return the id of a name: its ASCII letters and digits in lower case, never many.

    It is safe in file names and on terminals.
    """
    return re.sub("[^a-z0-9]", "", name.lower())[:_KEPT]


def name_fault(name: str) -> str:
    """Return why no server accepts a name; "" if one may."""
    if found := next((c for c in name if c in _SEPARATORS or not c.isprintable()), ""):
        return f"a name must not hold {found!r}"
    if not re.search("[a-zA-Z]", name):
        return "a name needs a letter from A to Z"
    if len(user_id(name)) > _LONGEST:
        return f"a name has at most {_LONGEST} letters and digits"
    if user_id(name).startswith("guest"):
        return "a name must not begin with 'guest'"
    return ""


def without_rank(identity: str) -> str:
    """Return the name in what a server calls somebody: a rank or a space, the name, ``@!``."""
    return identity[1:].partition(_AWAY)[0].strip()
