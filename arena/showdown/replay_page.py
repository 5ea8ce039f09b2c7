"""The replay of a battle on a server as a page: every turn in words, and Showdown's protocol.

The lines come from the server and hold names that others chose.  The page has no script and asks
for nothing (``arena/output/html.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from plywise.arena.output.files import write_whole
from plywise.arena.output.html import html_page, html_text
from plywise.arena.output.text import single_line

_WORDS = {
    "player": "{0} is {1}",
    "switch": "{0} comes out: {1}, {2}",
    "drag": "{0} is dragged out: {1}, {2}",
    "replace": "{0} was {1} in disguise",
    "detailschange": "{0} becomes {1}",
    "-formechange": "{0} becomes {1}",
    "-transform": "{0} becomes a copy of {1}",
    "-terastallize": "{0} terastallizes: {1}",
    "move": "{0} uses {1}",
    "cant": "{0} cannot move: {1}",
    "faint": "{0} faints",
    "-damage": "{0} falls to {1}",
    "-heal": "{0} rises to {1}",
    "-status": "{0}: {1}",
    "-curestatus": "{0} is cured of {1}",
    "-boost": "{0}: {1} +{2}",
    "-unboost": "{0}: {1} −{2}",
    "-setboost": "{0}: {1} is now {2}",
    "-weather": "weather: {0}",
    "-fieldstart": "{0} begins",
    "-fieldend": "{0} ends",
    "-sidestart": "{1} on the side of {0}",
    "-sideend": "{1} ends on the side of {0}",
    "-start": "{0}: {1} begins",
    "-end": "{0}: {1} ends",
    "-singleturn": "{0}: {1}",
    "-activate": "{0}: {1}",
    "-ability": "{0} has {1}",
    "-item": "{0} holds {1}",
    "-enditem": "{0} loses {1}",
    "-crit": "a critical hit on {0}",
    "-supereffective": "it is super effective on {0}",
    "-resisted": "{0} resists it",
    "-immune": "it does not affect {0}",
    "-miss": "{0} misses",
    "-fail": "it fails: {0}",
    "-message": "{0}",
    "win": "{0} wins",
    "tie": "a tie",
}
_SIDE = re.compile(r"(?:p1|p2)(?=[a-z]?: )")
_HP = re.compile(r"([0-9]{1,4})(?:/([0-9]{1,4}))?")
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; }
h2 { font-size: 1.05em; margin: 1.4em 0 .3em; }
ul { margin: .2em 0; padding-left: 1.2em; }
li.p1 { color: #1c5fa8; } li.p2 { color: #a8481c; }
p.active { margin: 0; } meter { width: 9em; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def write_battle_page(path: Path, lines: Sequence[Sequence[str]], title: str) -> None:
    """Write the page of a battle.

    Args:
        path: the page.
        lines: fields of the protocol's lines, as poke-env keeps them: ``["", "move", …]``.
        title: of the page.

    Raises:
        RecordFileError: the disk refuses it.
    """
    write_whole(path, battle_page(lines, title))


def battle_page(lines: Sequence[Sequence[str]], title: str) -> str:
    """Return the page of a battle."""
    protocol = "\n".join(single_line("|".join(line)) for line in lines)
    body = [f"<h1>{html_text(title)}</h1>", *_turns(lines)]
    body.append(f"<details><summary>Protocol</summary><pre>{html_text(protocol)}</pre></details>")
    return html_page(title, "\n".join(body), _STYLE)


def _turns(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the markup of each turn: who is active with which HP, and the lines in words."""
    active: dict[str, tuple[str, str]] = {}  # name and HP, by side
    open_list = False
    for line in lines:
        kind, fields = (line[1], line[2:]) if len(line) > 1 else ("", ())
        side = _side(fields)
        name, hp = active.get(side, ("", ""))
        if kind in ("switch", "drag") and len(fields) > 2:
            active[side] = fields[0], fields[2]
        elif kind == "replace" and fields:
            active[side] = fields[0], hp
        elif kind in ("-damage", "-heal", "-sethp") and len(fields) > 1:
            active[side] = name, fields[1]
        if kind == "turn":
            yield f"{'</ul>' if open_list else ''}<h2>Turn {html_text(' '.join(fields))}</h2>"
            yield from (_bar(*active[one]) for one in sorted(active))
            open_list = False
        elif words := line_in_words(kind, fields):
            yield "" if open_list else "<ul>"
            open_list = True
            yield f'<li class="{side}">{html_text(words)}</li>'
    yield "</ul>" if open_list else ""


def _side(fields: Sequence[str]) -> str:
    found = _SIDE.match(fields[0]) if fields else None
    return found[0] if found else "none"


def _bar(name: str, hp: str) -> str:
    found = _HP.match(hp)
    meter = f'<meter max="{found[2] or 100}" value="{found[1]}"></meter> ' if found else ""
    return f'<p class="active">{html_text(name)} {meter}{html_text(hp)}</p>'


def line_in_words(kind: str, fields: Sequence[str]) -> str:
    """Return a line in words, on one line; "" for a kind that says nothing of the battle."""
    words = _WORDS.get(kind)
    if words is None:
        return ""
    plain = [single_line(field) for field in fields if not field.startswith("[")]
    tags = [single_line(field) for field in fields if field.startswith("[") and field != "[still]"]
    notes = [tag.replace("[", "", 1).replace("]", "", 1) for tag in tags]  # [from] item: Leftovers
    text = words.format(*plain, *("…" for _ in range(3)))
    return f"{text} ({'; '.join(notes)})" if notes else text
