"""The page of an analysis in a real browser, clicked and stepped through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plywise.arena.analysis.page import analysis_page, write_analysis_page
from plywise.arena.analysis.results import (
    ActionWorth,
    AnalysedDecision,
    BelievedMon,
    BelievedTeam,
    GameAnalysis,
    Measured,
)

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e"


def mon(name: str, hp: float, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "level": 80, "hp": hp, "status": "", "tera": "", "moves": ["Tackle"],
        "item": None, "ability": None, "out": True, **more,
    }  # fmt: skip


def team(*mons: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "active": 0, "mons": list(mons), "boosts": {"atk": 2}, "conditions": ["Stealth Rock"],
        "volatiles": [], "unseen": 6 - len(mons), "shown": [], **more,
    }  # fmt: skip


def decision(turn: int, player: int, cost: float, **more: Any) -> AnalysedDecision:
    return AnalysedDecision(
        moment=turn,
        turn=turn,
        player=player,
        before=Measured(0.6, 0.02),
        after=Measured(0.6 - cost, 0.03),
        cost=Measured(cost, 0.02),
        choice="Splash",
        best="Tackle",
        share=0.75,
        reply="Growl",
        actions=(
            ActionWorth("Tackle", 0.75, Measured(0.61, 0.02), drawn=True),
            ActionWorth("Splash", 0.25, Measured(0.6 - cost, 0.03), chosen=True),
        ),
        belief=BelievedTeam(
            (BelievedMon("Gengar", ("Hex",), {"Leftovers": 0.6}, {"Cursed Body": 1.0}, {}, {}),),
            {"Blissey": 0.5},
            64,
        ),
        position={
            "own": team(mon("Magikarp", 40)), "foe": team(mon("Gengar", 100)), "field": ["Rain"],
        },
        **more,
    )  # fmt: skip


@pytest.fixture
def analysis() -> GameAnalysis:
    found = GameAnalysis(
        f"[Gen 9] OU ({HOSTILE})", (f"Ann {HOSTILE}", "Bob"), (0, 1), result=f"{HOSTILE} won"
    )
    found.decisions = [
        decision(1, 0, 0.0),
        decision(1, 1, 0.3, blunder=True),
        decision(2, 0, 0.2, blunder=True),
        AnalysedDecision(2, 3, 0, before=Measured(0.3), unknown="fainted", position={"text": "|"}),
    ]
    found.total = 4
    found.events = {1: [(0, f"{HOSTILE} uses Splash"), (1, "Gengar uses Hex"), (-1, "rain")]}
    found.notes = ["a note"]
    return found


def test_the_page_is_stepped_through(tmp_path: Path, browser: Any, analysis: GameAnalysis) -> None:
    write_analysis_page(tmp_path / "a.html", analysis)
    browser.open(tmp_path / "a.html", "document.querySelector('#turns .row.on')")

    def heading() -> str:
        return str(browser.run("document.getElementById('heading').textContent"))

    def press(key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key=key)

    assert heading() == "Turn 2: Splash"  # the costliest comes first
    assert "A blunder: it cost 20.0 ±2.0 points" in browser.run(
        "document.getElementById('verdict').textContent"
    )
    browser.click("#back")
    assert heading() == "Turn 1: Splash"
    assert browser.run("document.getElementById('back').disabled") is True
    said = browser.run("document.getElementById('viewer').innerText")
    for words in ("Magikarp", "Gengar", "Stealth Rock", "Rain", "atk +2", "Tackle ?", "75 %",
                  "Leftovers 60 %", "Blissey 50 %", "uses Splash", "Gengar uses Hex"):  # fmt: skip
        assert words in said
    press("ArrowRight")
    press("ArrowRight")
    assert heading() == "Turn 3: unknown (fainted)"
    press("b")
    assert heading() == "Turn 2: Splash"
    press("Home")
    assert heading() == "Turn 1: Splash"
    browser.click("#turns .row:nth-child(3)")
    assert heading() == "Turn 3: unknown (fainted)"
    browser.click("#views button:nth-child(2)")
    assert heading() == "Turn 1: Splash"
    assert browser.run("document.querySelectorAll('#turns .row').length") == 1
    assert browser.run("document.querySelectorAll('#curve svg .dot.bad').length") == 1
    assert browser.problems() == []


def test_names_are_text(tmp_path: Path, browser: Any, analysis: GameAnalysis) -> None:
    write_analysis_page(tmp_path / "a.html", analysis)
    browser.open(tmp_path / "a.html", "document.querySelector('#turns .row.on')")
    assert browser.run("document.images.length") == 0
    title = browser.run("document.getElementById('title').textContent")
    assert title.startswith("Ann </script><img src=x onerror=alert(1)>")
    assert "\u202e" not in title
    assert browser.problems() == []


def test_nothing_hostile_stands_in_the_file(analysis: GameAnalysis) -> None:
    page = analysis_page(analysis)
    assert "<img" not in page
    assert "\u202e" not in page
    assert "default-src 'none'" in page
