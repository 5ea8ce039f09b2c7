"""Recording of corpora: battles in the installed Showdown package, step by step.

The recorder itself is ``datasets/showdown/record.js``; it needs Node and the package, which
:mod:`plywise.games.showdown.install` puts into the cache.
"""

import re
import subprocess
import sys
from pathlib import Path

from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.showdown_data import load
from plywise.games.showdown.install import ensure_showdown, node_executable

RECORDED_FORMATS = ("gen9randombattle", "gen9battlefactory", "gen9bssfactory", "gen9ou")
_SCRIPT = Path(__file__).parents[2] / "datasets" / "showdown" / "record.js"
_PROGRESS = re.compile(r"battle (\d+) of \d+")
_MAX_SEED = 2**31 // 100003  # seeds of single battles are seed * 100003 + number, 32 bits


class RecordingError(PlywiseError):
    """The recorder could not write a corpus."""


def _print_recorded(done: int, battles: int) -> None:
    """Print the progress of a recording on standard error, on one line, if it is a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == battles else ""
        print(f"\rrecorded {done} of {battles} battles", end=end, file=sys.stderr, flush=True)


def record_corpus(
    out: Path,
    battles: int,
    seed: int,
    format: str = "gen9randombattle",
    fuzz: bool = False,
    stall: bool = False,
    keepties: bool = True,
) -> Path:
    """Play ``battles`` battles of random legal choices and write them to ``out``.

    Equal arguments write equal corpora.

    Args:
        out: path of the corpus, ending in ``.gz``.
        battles: number of battles.
        seed: seed of teams, choices and chance.
        format: one of ``RECORDED_FORMATS``.
        fuzz: teams of random species, moves, items and abilities instead of the format's (gen9ou:
            everything legal there).
        stall: players prefer moves without damage, so that battles are long and PP run out.
        keepties: speed ties keep their order; else they are drawn, as in a real battle, and seed,
            teams and choices determine everything.

    Returns:
        ``out``, a gzipped corpus as :mod:`plywise.datasets.battle_corpus` reads it.

    Raises:
        ConfigError: an argument that makes no sense.
        ShowdownInstallError: Node or the package is missing and cannot be installed.
        RecordingError: the recorder failed; nothing is left at ``out``.
    """
    if format not in RECORDED_FORMATS:
        raise ConfigError(f"format={format}: choose one of {', '.join(RECORDED_FORMATS)}")
    if battles < 1:
        raise ConfigError(f"battles={battles}: must be at least 1")
    if not 0 <= seed <= _MAX_SEED:
        raise ConfigError(f"seed={seed}: must be between 0 and {_MAX_SEED}")
    if out.suffix != ".gz":
        raise ConfigError(f"{out}: a corpus is gzipped, its name must end in .gz")
    package, node = ensure_showdown(), node_executable()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{out}: its folder cannot be made ({error.strerror})") from error
    scratch = out.with_name(out.name + ".part")
    command = [str(node), str(_SCRIPT), str(package), str(battles), str(seed), str(scratch), format]
    for flag, wanted in (("--fuzz", fuzz), ("--stall", stall), ("--keepties", keepties)):
        if wanted:
            command.append(flag)
    try:
        _run(command, battles)
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)
    return out


def _run(command: list[str], battles: int) -> None:
    complaints: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                found = _PROGRESS.match(line)
                if found:
                    _print_recorded(int(found[1]), battles)
                elif line.strip():
                    complaints.append(line.strip())
        except BaseException:  # Ctrl-C included: no Node may stay behind
            process.kill()
            raise
    if process.returncode:
        errors = [line for line in complaints if "Error" in line] or complaints
        reason = errors[0] if errors else f"exit code {process.returncode}"
        raise RecordingError(
            f"recording with Showdown {load().version} failed: {reason} "
            "(`plywise doctor` checks Node and the package)"
        )
