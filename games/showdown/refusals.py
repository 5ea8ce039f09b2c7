"""Refusals of a Showdown server: which of its words are one, and what to do about it.

The texts are those of Showdown's ``users.js``, ``ladders.js``, ``monitor.js`` and
``chat-commands/core.js``.  Any other popup is news of the server and refuses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_WORDS = 200  # characters of a server's words in a message of ours


@dataclass(frozen=True)
class Refusal:
    """A request that the server did not grant.

    Attributes:
        words: the server's words.
        advice: what to do about it.
        wait: seconds after which to ask again; None: it will not help.
    """

    words: str
    advice: str
    wait: float | None = None

    def __str__(self) -> str:
        return f"the server says: {self.words} ({self.advice})"


_OTHER_NAME = "choose another server.username"
_WRONG_LOGIN_SERVER = "server.login_url is not the login server that this server trusts"
_NAME_ADVICE = (  # in what follows |nametaken|
    (
        r"already using the name",
        f"{_OTHER_NAME}, or give its password (server.password_env) if it is yours",
    ),
    (
        r"token was invalid",
        "this server wants names signed: choose server=showdown or server=pokeagent, or give its "
        "login server (server.login_url)",
    ),
    (r"wrong server|signature|[Aa]ssertion", _WRONG_LOGIN_SERVER),
    (r"You must wait|trusted user", "wait, or give the password of a registered name"),
)
_POPUPS: tuple[tuple[str, str, float | None], ...] = (
    (r"seconds after your last challenge", "challenges need 10 s between them", 10.5),
    (r"limited to 12 battles", "fewer battles at a time: wait 3 minutes", 180.0),
    (r"limited to 5 games", "choose concurrency=5 or less", None),
    (r"[Tt]eam was rejected", "the team is not legal in this format on this server", None),
    (r"selected format is invalid|is not ladderable", "choose a format that this server has", None),
    (r"is not accepting challenges", "ask that user to allow challenges", None),
    (r"^The user '.*' was not found", "not on the server now; it is asked again", 5.0),
    (r"already has 3 pending challenges", "it is asked again", 30.0),
    (
        r"[Yy]ou are locked|banned from battling|barred from starting",
        "the account may not battle there",
        None,
    ),
    (r"requires you to be rank", "the account has no right to challenge there", None),
    (r"must choose a username", "the account is not logged in", None),
    (r"can't battle yourself", "both players have the same account", None),
    (r"already challenging someone|already a challenge", "an earlier challenge is open", 10.0),
    (r"must register your account", "register the name to play on this ladder", None),
    (r"opponent .* went offline", "that user has left", 5.0),
    (r"server (?:is|will be) (?:restarting|under attack)", "it is asked again", 60.0),
)


def shortened(words: str) -> str:
    """Return a server's words for a message: without markup, in one line, and not long."""
    words = re.sub(r"^\|(?:html|modal|wide)\||<[^>]*>", " ", words[: 10 * _MAX_WORDS])
    words = " ".join(words.replace("||", " ").split())
    return words if len(words) <= _MAX_WORDS else f"{words[: _MAX_WORDS - 1]}…"


def name_advice(words: str) -> str:
    """Return what to do about the words with which a server refused a name."""
    return next((advice for form, advice in _NAME_ADVICE if re.search(form, words)), _OTHER_NAME)


def refusal(popup: str) -> Refusal | None:
    """Return what a popup refuses; None if it refuses nothing that is known."""
    words = shortened(popup)
    for form, advice, wait in _POPUPS:
        if re.search(form, words):
            return Refusal(words, advice, wait)
    return None
