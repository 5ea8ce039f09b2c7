"""Mechanics that random battles do not reach, on recorded battles of the real simulator."""

from pathlib import Path

from plywise.arena.verify.coverage import count_coverage, status, write_page
from plywise.arena.verify.engine import verify_corpus
from plywise.conf.schemas.verify import VerifyConfig
from plywise.engine.battle.border import codec
from plywise.engine.battle.constants import NEVER, TERA_ABILITY_SHIFT
from plywise.engine.battle.names import TYPE_NAMES

CORPUS = Path(__file__).parents[2] / "data" / "ou.jsonl.gz"


def test_recorded_battles_are_exact() -> None:
    """Sketch, Ally Switch, Destiny Knot; one ends by the Endless Battle Clause."""
    report = verify_corpus(VerifyConfig(corpus=str(CORPUS)))
    assert report.transitions == report.exact > 400, report.finder.causes()
    assert report.battles == report.battles_exact == 4


def test_the_page_counts_what_was_used(tmp_path: Path) -> None:
    report = count_coverage(CORPUS)
    assert report.rate == 1
    assert report.used["move", "sketch"] > 0
    assert report.named["item", "destinyknot"] > 0
    assert status("ability", "zenmode", report) in ("exact", "modelled, not seen")
    page = tmp_path / "page.md"
    write_page(page, report)
    text = page.read_text()
    assert f"| sketch | exact | {report.used['move', 'sketch']} |" in text
    assert "| `ou.jsonl.gz` | gen9ou | 4 |" in text


def test_wishes_and_future_moves_of_overflowing_turns_never_come() -> None:
    # Showdown counts turns modulo 256 for Wish, and compares that with a plain sum for the others.
    assert codec.wish_duration({"startingTurn": 255}, 256) == NEVER
    assert codec.wish_duration({"startingTurn": 3}, 256 + 4) == 1
    assert codec.future_duration({"endingTurn": 256}, 255) == NEVER
    assert codec.future_duration({"endingTurn": 255}, 254) == 2


def test_types_and_an_ability_share_a_field_without_touching() -> None:
    assert len(TYPE_NAMES) <= TERA_ABILITY_SHIFT
