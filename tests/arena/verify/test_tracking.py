"""``plywise verify tracking``: what a player's lines tell, against the simulator's own state."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from plywise.arena.verify.tracking import TrackingReport, verify_tracking
from plywise.conf.schemas.verify import VerifyConfig
from plywise.datasets.battle_corpus import read_corpus
from plywise.datasets.errors import ConfigError

DATA = Path(__file__).parents[2] / "data"
STREAMS = DATA / "streams.jsonl.gz"  # three battles of all species, moves, abilities and items


def test_everything_that_a_player_can_know_is_known() -> None:
    report = verify_tracking(VerifyConfig(what="tracking", corpus=str(STREAMS)))
    assert report.examples == {}
    assert report.right == report.decisions > 200
    assert report.facts.total() > 20_000
    assert not report.unknown


@pytest.mark.parametrize(
    ("line", "instead", "fact"),
    [("|-damage|", "|-nothing|", "HP"), ("|-boost|", "|-nothing|", "boosts")],
)
def test_what_is_not_read_is_found(tmp_path: Path, line: str, instead: str, fact: str) -> None:
    """A reader that missed a kind of line would not pass."""
    text = gzip.decompress(STREAMS.read_bytes()).decode()
    changed = tmp_path / "changed.jsonl"
    changed.write_text(text.replace(line, instead))
    report = TrackingReport()
    report.add(next(read_corpus(changed, limit=1)))
    assert report.wrong[fact] > 0
    assert report.right < report.decisions


def test_a_corpus_without_streams_is_refused() -> None:
    with pytest.raises(ConfigError, match="streams=true"):
        verify_tracking(VerifyConfig(what="tracking", corpus=str(DATA / "random.jsonl.gz")))


def test_the_true_sets_explain_what_a_battle_has_shown() -> None:
    """Battles of the Battle Factory, and of odd sets in which once a true one explained nothing."""
    corpus = str(DATA / "evidence.jsonl.gz")
    report = verify_tracking(VerifyConfig(what="tracking", corpus=corpus))
    assert report.examples == {}
    for name, least in (
        ("hits explained", 500),
        ("orders explained", 50),
        ("item not excluded", 500),
        ("ability not excluded", 200),
        ("Speed within bounds", 500),
    ):
        assert report.facts[name] > least
