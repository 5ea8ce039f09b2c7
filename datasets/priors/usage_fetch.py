"""Fetching of Smogon's monthly usage statistics into the user's data folder.

``poke_env.data.smogon`` knows the addresses and reads what comes; nothing is sent but the request,
to www.smogon.com alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plywise.datasets.battle_formats import BattleFormat
from plywise.datasets.cache_folder import data_root
from plywise.datasets.errors import PlywiseError
from plywise.datasets.priors.usage import read_usage, without_counters
from plywise.datasets.processes.temporary import TemporaryFolder, replacing

LATEST = "latest"
_HIGH_RATINGS = {"gen9ou": 1695}  # cutoffs that Smogon counts for: 0, 1500 and two of these
_HIGH_RATING = 1630
_SECONDS = 30.0


class UsageFetchError(PlywiseError):
    """Usage statistics cannot be fetched; the text names the reason and a remedy."""


def usual_rating(format: BattleFormat) -> int:
    """Return the first of the two high cutoffs that Smogon counts a format for."""
    return _HIGH_RATINGS.get(format.id, _HIGH_RATING)


def usage_folder() -> Path:
    """Return the folder of fetched files in the user's data."""
    return data_root() / "usage"


def fetch_usage(
    format: BattleFormat, month: str, rating: int, out: Path | None = None
) -> tuple[Path, bool]:
    """Fetch the chaos file of a format; return its path, and whether it was there already.

    Args:
        month: ``YYYY-MM``, or ``latest``, which the server is asked for.
        rating: cutoff of the players' ratings.
        out: file to write; None: ``MONTH-FORMAT-RATING.json.gz`` in :func:`usage_folder`, which is
            not fetched again.

    Raises:
        UsageFetchError: the server cannot be reached, or has no such file.
        UsageError: what it sent is no such file.
        OSError: the file cannot be written; what was there stays.
    """
    if out is None and month != LATEST:
        kept = usage_folder() / _name(month, format, rating)
        if kept.is_file():
            read_usage(kept, format)
            return kept, True
    with TemporaryFolder() as scratch:
        fetched = _fetched(format, month, rating, scratch.path)
        path = out or usage_folder() / _name(fetched.parent.name, format, rating)
        read_usage(fetched, format)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_bytes(fetched.read_bytes())
    return path, False


def _name(month: str, format: BattleFormat, rating: int) -> str:
    return f"{month}-{format.id}-{rating}.json.gz"


def _fetched(format: BattleFormat, month: str, rating: int, folder: Path) -> Path:
    """Return the file ``MONTH/FORMAT-RATING.json.gz`` that poke-env writes into a folder."""
    # They bring all of poke-env, which only this needs.
    import requests
    from poke_env.data.smogon import (
        SmogonStats,
        SmogonStatsError,
        SmogonStatsNotFoundError,
    )

    class AnyMonth(SmogonStats):
        """Statistics of old months too, whose counters the reader refuses."""

        @classmethod
        def from_json(cls, payload: Any, *, month: str, source_url: str | None = None) -> Any:
            """Parse a file without its counters."""
            try:
                known = without_counters(payload)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise SmogonStatsError("no chaos file") from error
            return SmogonStats.from_json(known, month=month, source_url=source_url)

    what = f"usage statistics of {format.id}"
    file = f"a file that you have is read by: plywise data usage FILE format={format.id}"
    try:
        AnyMonth.fetch(format.id, month=month, cutoff=rating, timeout=_SECONDS, cache_dir=folder)
    except SmogonStatsNotFoundError:
        raise UsageFetchError(
            f"{what}: Smogon has none of {month} with rating={rating}; its months and ratings "
            "are listed at https://www.smogon.com/stats/"
        ) from None
    except SmogonStatsError as error:
        cause = error.__cause__
        if isinstance(cause, requests.HTTPError) and cause.response is not None:
            why = f"www.smogon.com refuses ({cause.response.status_code})"
        elif isinstance(cause, requests.RequestException):
            # Their words hold the address of a proxy, perhaps with a password.
            why = f"www.smogon.com cannot be reached ({type(cause).__name__}): is there a network?"
        else:
            why = f"what www.smogon.com sent cannot be read ({error})"
        raise UsageFetchError(f"{what}: {why} Nothing was changed; {file}") from None
    (found,) = folder.glob("*/*.json.gz")
    return found
