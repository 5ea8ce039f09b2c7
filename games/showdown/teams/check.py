"""Legality of teams in a format, by Showdown's own ``TeamValidator`` and in its words.

The validator runs in ``datasets/showdown/validate_teams.js``, all teams in one Node process.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from plywise.datasets.battle_formats import BattleFormat
from plywise.datasets.errors import PlywiseError
from plywise.datasets.pokemon_sets import PokemonSet, TeamError
from plywise.datasets.processes.children import NODE_FLAGS, end_program, start_program
from plywise.datasets.processes.temporary import TemporaryFolder
from plywise.datasets.teams.files import packed_text, parse_teams, read_teams
from plywise.games.showdown.install import ensure_showdown, node_executable

_SCRIPT = Path(__file__).parents[3] / "datasets" / "showdown" / "validate_teams.js"


class TeamCheckError(PlywiseError):
    """The validator did not answer."""


@dataclass(frozen=True)
class CheckedTeam:
    """The validator's answer about one team.

    Attributes:
        problems: its words, one problem or remark each; () where the team is legal.
        sets: the team as the validator leaves it: it fills in levels, natures and the like.
    """

    problems: tuple[str, ...]
    sets: tuple[PokemonSet, ...]

    @property
    def legal(self) -> bool:
        """Whether the format allows the team."""
        return not self.problems


class _Answer(msgspec.Struct):
    problems: list[str]
    packed: str


class TeamValidator:
    """Showdown's validator of one format in a Node process, for as many teams as are asked.

    Made by :func:`team_validator`.
    """

    def __init__(self, questions: IO[str], answers: IO[str], errors: Path) -> None:
        self._questions = questions
        self._answers = answers
        self._errors = errors

    def check(self, team: Sequence[PokemonSet]) -> CheckedTeam:
        """Return the validator's answer about a team.

        Raises:
            TeamCheckError: the process has ended.
        """
        try:
            self._questions.write(packed_text(team) + "\n")
            self._questions.flush()
            line = self._answers.readline()
        except OSError:  # it has ended
            line = ""
        if not line:
            raise TeamCheckError(f"Showdown's validator failed: {self._complaint()}")
        answer = msgspec.json.decode(line, type=_Answer)
        problems = tuple(answer.problems)
        # What it refuses may have become no team at all: then it is as it was asked.
        sets = tuple(team) if problems else parse_teams(answer.packed)[0].sets
        return CheckedTeam(problems, sets)

    def _complaint(self) -> str:
        lines = self._errors.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line.strip() for line in lines if "Error" in line), "it ended")


@contextmanager
def team_validator(format: BattleFormat) -> Iterator[TeamValidator]:
    """Start the validator of a format; its process ends with the block.

    Raises:
        ShowdownInstallError: Node or the package is missing and cannot be installed.
    """
    package, node = ensure_showdown(), node_executable()
    command = [str(node), *NODE_FLAGS, str(_SCRIPT), str(package), format.id]
    pipe = subprocess.PIPE
    with TemporaryFolder() as folder:
        errors = folder.path / "errors.txt"
        with (
            errors.open("w", encoding="utf-8") as said,
            start_program(
                command, stdin=pipe, stdout=pipe, stderr=said, encoding="utf-8"
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield TeamValidator(process.stdin, process.stdout, errors)
            finally:
                end_program(process)


def check_teams(
    teams: Sequence[Sequence[PokemonSet]], format: BattleFormat
) -> tuple[CheckedTeam, ...]:
    """Return the validator's answer about each team, in their order.

    Raises:
        ShowdownInstallError: Node or the package is missing and cannot be installed.
        TeamCheckError: the validator did not answer.
    """
    with team_validator(format) as validator:
        return tuple(validator.check(team) for team in teams)


def refuse_illegal(path: Path, format: BattleFormat) -> None:
    """Refuse a file or folder of teams that holds one which the format does not allow.

    Raises:
        TeamError: it does, in the validator's first words, or it cannot be read.
        ShowdownInstallError: Node or the package is missing and cannot be installed.
        TeamCheckError: the validator did not answer.
    """
    teams = read_teams(path)
    answers = check_teams([team.sets for team in teams], format)
    for team, answer in zip(teams, answers, strict=True):
        if not answer.legal:
            words, more = " ".join(answer.problems[0].split()), len(answer.problems) - 1
            rest = f" (and {more} more: plywise team check)" if more else ""
            raise TeamError(f"{path}: {team.name} is not legal in {format.id}: {words}{rest}")
