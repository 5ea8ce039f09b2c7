"""``plywise team check``: legality of teams by Showdown's validator; ``make``: legal teams."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from plywise.arena.output.files import write_whole
from plywise.arena.output.screen import TextConsole, text_line
from plywise.conf.schemas.commands import TeamConfig
from plywise.datasets.battle_formats import BattleFormat, find_format
from plywise.datasets.errors import ConfigError
from plywise.datasets.set_priors import load_prior
from plywise.datasets.teams.files import NamedTeam, backup_text, read_teams
from plywise.engine.battle.border.formats import playable
from plywise.games.showdown.teams.check import check_teams
from plywise.games.showdown.teams.maker import make_teams

_USUAL_FORMAT = "gen9ou"


def run_team(config: TeamConfig, folder: Path, console: Console | None = None) -> int:
    """Check the teams of a file, or make some; 1 where a team is not legal.

    Raises:
        ConfigError: the format is unknown, or makes its own teams.
        TeamError: the file cannot be read, or holds something else than teams.
    """
    console = console or TextConsole()
    return _check(config, console) if config.what == "check" else _make(config, console)


def _check(config: TeamConfig, console: Console) -> int:
    teams = read_teams(Path(config.file or ""))
    by_format: dict[str, list[NamedTeam]] = {}
    for team in teams:
        by_format.setdefault(config.format or team.format or _USUAL_FORMAT, []).append(team)
    illegal = 0
    for name, group in by_format.items():
        format = _for_own_teams(find_format(name))
        answers = check_teams([team.sets for team in group], format)
        for team, answer in zip(group, answers, strict=True):
            verdict = "legal" if answer.legal else "not legal"
            _print(console, f"{team.name}: {verdict} in {format.id}")
            for words in answer.problems:
                _print(console, f"  {words}")
            illegal += not answer.legal
    if len(teams) > 1:
        _print(console, f"{len(teams) - illegal} of {len(teams)} teams are legal")
    return 1 if illegal else 0


def _for_own_teams(format: BattleFormat) -> BattleFormat:
    if format.generator:
        raise ConfigError(f"format={format.id}: it makes its own teams")
    return format


def _make(config: TeamConfig, console: Console) -> int:
    format = _for_own_teams(playable(config.format or _USUAL_FORMAT))
    teams = tuple(make_teams(load_prior(format.id), config.count, config.seed))
    text = backup_text(teams)
    if config.out is None:
        sys.stdout.write(text)
        return 0
    write_whole(Path(config.out), text)
    _print(console, f"{len(teams)} teams of {format.id}: {config.out}")
    return 0


def _print(console: Console, line: str) -> None:
    console.print(text_line(line), soft_wrap=True)
