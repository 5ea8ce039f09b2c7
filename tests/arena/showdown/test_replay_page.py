"""The page of a battle: what happened, in words; nothing in it runs, and it asks for nothing."""

import re
from pathlib import Path
from typing import Any

import pytest

from plywise.arena.output.html import html_page
from plywise.arena.showdown.replay_page import battle_page, write_battle_page

LOG = """\
|player|p1|plywise|170|
|switch|p1a: Spectrier|Spectrier, L75|274/274
|switch|p2a: Diancie|Diancie, L82|100/100
|turn|1
|
|-terastallize|p1a: Spectrier|Fairy
|move|p1a: Spectrier|Will-O-Wisp|p2a: Diancie
|-status|p2a: Diancie|brn
|-damage|p1a: Spectrier|160/274
|-sidestart|p1: plywise|move: Stealth Rock
|-damage|p2a: Diancie|94/100 brn|[from] brn
|turn|2
|-enditem|p2a: Diancie|Leftovers|[from] move: Knock Off|[of] p1a: Spectrier
|-damage|p2a: Diancie|0 fnt
|faint|p2a: Diancie
|win|plywise"""

RUNS = "window.ran = 1"
HOSTILE = (
    f"a<img src=x onerror='{RUNS}'>",
    f"</pre></li><script>{RUNS}</script>",
    f"</script><script>{RUNS}</script>",
    f"\"'><svg onload={RUNS}>",
    f"<a href='javascript:{RUNS}' id=link>x</a><iframe srcdoc='<script>parent.ran=1</script>'>",
    "x<!--",
    "</style><style>body{display:none}</style><meta http-equiv=refresh content='0;url=http://x.y'>",
    "\u202eabc\x1b]0;T\x07\ud83d\x00",
)


def lines(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.split("\n")]


def hostile() -> list[list[str]]:
    """The battle with each text in each field of each line, and lines of odd shapes."""
    found: list[list[str]] = [[], [""], ["", ""], ["", "turn"], ["", "switch"], ["", "-damage"]]
    found += [["", "replace", "p1a: x"], ["", "win"], ["", "move", "{0.__class__}", "{9}", "[of]"]]
    for line in lines(LOG):
        for place in range(2, len(line)):
            for text in HOSTILE:
                found.append([*line[:place], line[place][:5] + text, *line[place + 1 :]])
    return [*found, *lines(LOG)]


def test_a_battle_in_words() -> None:
    page = battle_page(lines(LOG), "Battle 1: search v random")
    body = page[page.index("<h1>") : page.index("<details>")]
    shown = [re.sub("<[^>]*>", "", line).strip() for line in body.split("\n")]
    assert [line for line in shown if line] == [
        "Battle 1: search v random",
        "p1 is plywise",
        "p1a: Spectrier comes out: Spectrier, L75, 274/274",
        "p2a: Diancie comes out: Diancie, L82, 100/100",
        "Turn 1",
        "p1a: Spectrier  274/274",
        "p2a: Diancie  100/100",
        "p1a: Spectrier terastallizes: Fairy",
        "p1a: Spectrier uses Will-O-Wisp",
        "p2a: Diancie: brn",
        "p1a: Spectrier falls to 160/274",
        "move: Stealth Rock on the side of p1: plywise",
        "p2a: Diancie falls to 94/100 brn (from brn)",
        "Turn 2",
        "p1a: Spectrier  160/274",
        "p2a: Diancie  94/100 brn",
        "p2a: Diancie loses Leftovers (from move: Knock Off; of p1a: Spectrier)",
        "p2a: Diancie falls to 0 fnt",
        "p2a: Diancie faints",
        "plywise wins",
    ]
    assert '<meter max="274" value="160">' in body
    assert "|win|plywise" in page


def test_texts_of_others_stay_texts(tmp_path: Path) -> None:
    write_battle_page(tmp_path / "x" / "page.html", hostile(), HOSTILE[2])
    page = (tmp_path / "x" / "page.html").read_text(encoding="utf-8")
    body = page[page.index("<body>") :]
    attributes = r'p class="active"|li class="(?:p1|p2|none)"|meter max="[0-9]+" value="[0-9]+"'
    ours = rf"<(?:{attributes}|body|h1|h2|ul|details|summary|pre|/[a-z0-9]+)>"
    assert re.search("<", re.sub(ours, "", body)) is None


@pytest.mark.slow
def test_in_a_browser_nothing_runs_and_all_is_there(tmp_path: Path, browser: Any) -> None:
    page = tmp_path / "page.html"
    write_battle_page(page, hostile(), HOSTILE[1])
    browser.open(page, "document.readyState === 'complete'")
    elements = "[...new Set([...document.querySelectorAll('body *')].map(e => e.tagName))].sort()"
    expected = ["DETAILS", "H1", "H2", "LI", "METER", "P", "PRE", "SUMMARY", "UL"]
    assert browser.run(elements) == expected
    assert browser.run("document.querySelector('pre').textContent.endsWith('|win|plywise')")
    assert browser.run("getComputedStyle(document.body).display") == "block"
    assert browser.run("document.querySelector('h1').textContent") == HOSTILE[1]
    assert browser.run("window.ran") is None
    assert browser.problems() == []


@pytest.mark.slow
def test_in_a_browser_the_policy_stops_what_is_not_ours(tmp_path: Path, browser: Any) -> None:
    """What escaping is for, without it: markup from outside gets into a page, and cannot run."""
    page = tmp_path / "page.html"
    page.write_text(html_page("t", "".join(HOSTILE[:5]), "", "window.own = 1"), "utf-8")
    browser.open(page, "window.own")
    browser.click("#link")
    assert browser.run("document.querySelectorAll('img, svg, #link').length") >= 3
    assert browser.run("window.ran") is None
    assert any("Content Security Policy" in problem for problem in browser.problems())
    assert not any("asked for" in problem for problem in browser.problems())
