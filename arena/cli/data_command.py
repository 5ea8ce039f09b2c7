"""``plywise data``: usage statistics, tables of other Showdowns, replays, and battles."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from plywise.arena.output.files import RecordFileError, write_summary, writing
from plywise.arena.output.screen import TextConsole, near, progress_line, text_line
from plywise.conf.schemas.commands import DataConfig
from plywise.datasets.battle_formats import find_format
from plywise.datasets.priors.usage import month_in, read_usage
from plywise.datasets.priors.usage_fetch import LATEST, fetch_usage, usual_rating
from plywise.datasets.priors.usage_summary import UsageSummary, summarise_usage
from plywise.datasets.tables_in_use import (
    PINNED,
    VARIABLE,
    choose_tables,
    chosen_tables,
    read_about,
    updated_versions,
    updates_folder,
)
from plywise.games.showdown.install import pinned_version

_SHOWN = 12  # entries of each kind
_USUAL_FORMAT = "gen9ou"
_RANDOM_BATTLE = "gen9randombattle"


def run_data(config: DataConfig, folder: Path, console: Console | None = None) -> int:
    """Fetch or check usage statistics; update, choose or list tables; read and count replays; play.

    Raises:
        ConfigError: the format is unknown, or the statistics cannot be read or fetched; the folder
            of decisions belongs to other sources.
        RecordFileError: what was fetched or chosen cannot be written.
        PlywiseError: tables cannot be made, or there are none of that version.
    """
    console = console or TextConsole()
    run = {
        "usage": _usage,
        "update": _update,
        "use": _use,
        "list": _list,
        "replays": _replays,
        "count": _count,
        "battles": _battles,
    }[config.what]
    return run(config, console)


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


def _update(config: DataConfig, console: Console) -> int:
    # Tables are read once a process, and those in use may be the damaged ones that this mends.
    before = os.environ.get(VARIABLE, "")
    os.environ[VARIABLE] = PINNED
    try:
        from plywise.arena.cli.data_update import update_tables

        update = update_tables(config, lambda line: _print(console, line))
    finally:
        os.environ[VARIABLE] = before
    for line in update.lines(_SHOWN):
        _print(console, line)
    _print(console, f"everything: {near(update.folder / 'changes.txt')}")
    if chosen_tables() != update.version:
        _print(console, f"to play with them: plywise data use {update.version}")
    return 0


def _use(config: DataConfig, console: Console) -> int:
    choice = config.file or PINNED
    try:
        choose_tables(choice)
    except OSError as error:
        raise RecordFileError(
            f"cannot write the choice: {error.filename or ''} {error.strerror or error}"
        ) from error
    if os.environ.get(VARIABLE, choice) != choice:
        _print(console, f"kept, but ${VARIABLE} is {os.environ[VARIABLE]}, which comes first")
    return _list(config, console)


def _list(config: DataConfig, console: Console) -> int:
    chosen = chosen_tables()
    rows = [(PINNED, f"Showdown {pinned_version()}, of this package")]
    for version in updated_versions():
        about = read_about(updates_folder() / version)
        more = f", {len(about.unknown)} unknown to the engine" if about.unknown else ""
        rows.append((version, f"Showdown {about.version}, of {about.made}{more}"))
    for name, words in rows:
        _print(console, f"{'*' if name == chosen else ' '} {name:<9} {words}")
    return 0


def _replays(config: DataConfig, console: Console) -> int:
    from plywise.arena.replays.run import run_replays  # the reader compiles nothing, but is large

    sources = [Path(name) for name in config.replay_sources]
    out = Path(config.replay_folder)
    with progress_line() as show:
        run = run_replays(sources, out, config.jobs, show)
    if run.before:
        _print(console, f"{run.before} of {run.shares} shares were there already")
    rate = run.battles / run.seconds if run.seconds else 0.0
    _print(console, f"battles    {run.battles:,}, {rate:.0f} a second")
    _print(console, f"decisions  {run.rows:,}: {near(out / 'decisions')}")
    _print(console, f"rejected   {run.rejected:,}: {near(out / 'rejects.jsonl')}")
    return 0 if run.battles or run.before else 1


def _count(config: DataConfig, console: Console) -> int:
    from plywise.datasets.replays.counts import count_tables

    format = None if config.format is None else find_format(config.format).id
    rating = config.rating or 0
    counts = count_tables(Path(config.replay_sources[0]), rating, format)
    for name, found in sorted(counts.items()):
        path = Path(config.replay_folder) / f"{name}-{rating}.json"
        write_summary(path, found.chaos(name, rating))
        _print(
            console,
            f"{name}: {found.battles:,} battles, {found.teams:,} teams, "
            f"{len(found.species):,} species: {near(path)}",
        )
    if not counts:
        _print(console, "no battle of such a format and rating is in them")
    return 0 if counts else 1


def _battles(config: DataConfig, console: Console) -> int:
    from plywise.arena.prediction.battles import make_battles

    out = Path(str(config.file))
    format = find_format(config.format or _RANDOM_BATTLE).id
    with progress_line() as show:
        count = make_battles(out, format, config.battles, config.seed, show)
    _print(console, f"battles  {count:,}: {near(out / 'battles.jsonl')}")
    _print(console, f"players  {near(out / 'players.csv')}")
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
