"""``plywise data``: usage statistics of a format, and which Showdown's tables are played with."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from plywise.arena.output.files import RecordFileError, writing
from plywise.arena.output.screen import TextConsole, near, text_line
from plywise.conf.schemas.commands import DataConfig
from plywise.datasets.battle_formats import find_format
from plywise.datasets.priors.usage import month_in, read_usage
from plywise.datasets.priors.usage_fetch import LATEST, fetch_usage, usual_rating
from plywise.datasets.priors.usage_summary import UsageSummary, summarise_usage

_USUAL_FORMAT = "gen9ou"


def run_data(config: DataConfig, folder: Path, console: Console | None = None) -> int:
    """Fetch or check usage statistics.

    Raises:
        ConfigError: the format is unknown, or the statistics cannot be read or fetched.
        RecordFileError: what was fetched cannot be written.
    """
    return _usage(config, console or TextConsole())


def _usage(config: DataConfig, console: Console) -> int:
    if config.file is not None:
        path = Path(config.file)
        format = find_format(config.format) if config.format is not None else None
    else:
        format = find_format(config.format or _USUAL_FORMAT)
        month, rating = config.month or LATEST, config.rating
        rating = usual_rating(format) if rating is None else rating
        out = None if config.out is None else Path(config.out)
        try:
            if out is not None:
                with writing(out):  # before anything is fetched
                    pass
            path, kept = fetch_usage(format, month, rating, out)
        except OSError as error:
            raise RecordFileError(
                f"cannot write {error.filename or out or 'the statistics'}: "
                f"{error.strerror or error}"
            ) from error
        _print(console, f"{'there already' if kept else 'fetched'}: {near(path)}")
    for line in _summary_lines(summarise_usage(read_usage(path, format)), month_in(str(path))):
        _print(console, line)
    return 0


def _summary_lines(summary: UsageSummary, month: str) -> list[str]:
    lines = [
        f"format     {summary.format}, rating {summary.rating} or more",
        f"month      {month or 'not in the name of the file'}",
        f"battles    {summary.battles:,}",
        "most used  " + ", ".join(f"{name} {share:.1%}" for name, share in summary.most_used),
    ]
    for part in summary.parts:
        line = f"{part.kind:<9}  {part.known} of {part.names} are known: {part.share:.2%} of use"
        more = part.names - part.known - len(part.unknown)
        if part.unknown:
            line += f"; not: {', '.join(part.unknown)}" + (f" and {more} more" if more else "")
        lines.append(line)
    return lines


def _print(console: Console, line: str) -> None:
    console.print(text_line(line), soft_wrap=True)
