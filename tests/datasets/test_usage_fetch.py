"""Usage statistics that are fetched: the address, old files, and what goes wrong."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from plywise.datasets.battle_formats import find_format
from plywise.datasets.priors.usage import UsageError, read_usage
from plywise.datasets.priors.usage_fetch import (
    LATEST,
    UsageFetchError,
    fetch_usage,
    usage_folder,
    usual_rating,
)
from plywise.datasets.priors.usage_summary import summarise_usage

from .test_usage import OU, chaos, entry, written

CHAOS = "https://www.smogon.com/stats/2026-10/chaos/gen9ou-1695.json"


class Smogon:
    """Stands in for www.smogon.com: address -> content, and the addresses that were asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Exception | int] = {}
        self.asked: list[str] = []

    def get(self, url: str, **_: Any) -> requests.Response:
        self.asked.append(url)
        found = self.pages.get(url, 404)
        if isinstance(found, Exception):
            raise found
        reply = requests.Response()
        reply.status_code = found if isinstance(found, int) else 200
        reply._content = b"" if isinstance(found, int) else found
        return reply


@pytest.fixture
def smogon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Smogon:
    found = Smogon()
    monkeypatch.setattr(requests, "get", found.get)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return found


def packed(document: Any) -> bytes:
    # Without a time: workers of pytest-xdist must name the tests alike.
    return gzip.compress(json.dumps(document).encode(), mtime=0)


@pytest.mark.parametrize("counters", ["as lists", "as objects"])
def test_a_file_is_fetched_once(smogon: Smogon, counters: str) -> None:
    document = chaos()  # as lists
    if counters == "as objects":
        for mon in document["data"].values():
            mon["Checks and Counters"] = {"Kingambit": {"n": 30.0, "p": 0.5, "d": 0.02}}
    smogon.pages[f"{CHAOS}.gz"] = packed(document)
    path, kept = fetch_usage(OU, "2026-10", 1695)
    assert (path, kept) == (usage_folder() / "2026-10-gen9ou-1695.json.gz", False)
    assert read_usage(path, OU).battle_count == 1000
    assert fetch_usage(OU, "2026-10", 1695) == (path, True)
    assert smogon.asked == [f"{CHAOS}.gz"]
    assert list(path.parent.iterdir()) == [path]


def test_the_latest_month_is_asked_for(smogon: Smogon, tmp_path: Path) -> None:
    smogon.pages["https://www.smogon.com/stats/"] = b'<a href="2026-09/"> <a href="2026-10/">'
    smogon.pages[CHAOS] = json.dumps(chaos()).encode()  # an old month has no packed file
    path, _ = fetch_usage(OU, LATEST, 1695)
    assert path.name == "2026-10-gen9ou-1695.json.gz"
    out = tmp_path / "new" / "mine.json.gz"
    assert fetch_usage(OU, LATEST, 1695, out) == (out, False)
    assert read_usage(out, OU).cutoff == 1695


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (404, "Smogon has none of 2026-10 with rating=1695"),
        (503, r"refuses \(503\)"),
        (requests.ConnectionError("no"), r"cannot be reached \(ConnectionError\): is there a net"),
        (requests.ReadTimeout("no"), r"cannot be reached \(ReadTimeout\)"),
        (requests.exceptions.ProxyError("http://me:secret@proxy"), r"\(ProxyError\)"),
        (packed(chaos())[:300], "cannot be read"),
        (packed([1]), "cannot be read"),
        (packed(chaos(metagame="gen9uu")), "cannot be read"),
    ],
)
def test_what_goes_wrong_is_one_line_and_changes_nothing(
    smogon: Smogon, page: Any, words: str, tmp_path: Path
) -> None:
    smogon.pages[f"{CHAOS}.gz"] = page
    out = tmp_path / "mine.json.gz"
    out.write_bytes(b"as it was")
    with pytest.raises(UsageFetchError, match=words) as caught:
        fetch_usage(OU, "2026-10", 1695, out)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert out.read_bytes() == b"as it was"
    assert not usage_folder().exists()


def test_a_damaged_kept_file_is_named(smogon: Smogon) -> None:
    usage_folder().mkdir(parents=True)
    (usage_folder() / "2026-10-gen9ou-1695.json.gz").write_bytes(packed(chaos())[:300])
    with pytest.raises(UsageError, match=r"2026-10-gen9ou-1695\.json\.gz is no file"):
        fetch_usage(OU, "2026-10", 1695)


def test_the_usual_rating() -> None:
    assert usual_rating(OU) == 1695
    assert usual_rating(find_format("gen9uu")) == 1630


def test_a_summary_names_what_is_not_known(tmp_path: Path) -> None:
    document = chaos(Items={"leftovers": 600.0, "moonorb": 200.0, "nothing": 200.0})
    document["data"]["Missingno."] = entry("Missingno.", 0.6, {}, Items={"moonorb": 600.0})
    summary = summarise_usage(read_usage(written(tmp_path, document), OU))
    assert (summary.format, summary.rating, summary.battles) == ("gen9ou", 1695, 1000)
    assert summary.most_used[:2] == (("Dragapult", 0.9), ("Gholdengo", 0.9))
    species, moves, items, abilities = summary.parts
    assert (species.names, species.known, species.unknown) == (8, 7, ("Missingno.",))
    assert species.share == pytest.approx(6.0 / 6.6)
    assert (items.names, items.known, items.unknown) == (2, 1, ("moonorb",))
    assert (moves.share, abilities.share) == (1.0, 1.0)
