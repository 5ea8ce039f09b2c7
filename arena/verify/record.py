"""Recording of corpora: battles in the installed Showdown package, step by step.

The recorder itself is ``datasets/showdown/record.js``; it needs Node and the package, which
:mod:`plywise.games.showdown.install` puts into the cache.
"""

import re
import subprocess
import threading
from pathlib import Path
from typing import IO, Protocol

from rich.control import Control

from plywise.arena.output.files import writing
from plywise.arena.output.screen import TextConsole
from plywise.conf.schemas.verify import RecordConfig
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.processes.children import NODE_FLAGS, running
from plywise.datasets.processes.temporary import replacing
from plywise.datasets.showdown_data import load
from plywise.engine.battle.border.formats import playable
from plywise.games.showdown.install import ensure_showdown, node_executable

_SCRIPT = Path(__file__).parents[2] / "datasets" / "showdown" / "record.js"
_PROGRESS = re.compile(r"battle (\d+) of \d+")


class RecordingError(PlywiseError):
    """The recorder could not write a corpus."""


def _print_recorded(done: int, battles: int) -> None:
    """Print the progress of a recording on standard error, on one line, if it is a terminal."""
    console = TextConsole(stderr=True)
    if console.is_terminal:
        console.control(Control.move_to_column(0))
        end = "\n" if done == battles else ""
        console.print(f"recorded {done} of {battles} battles", end=end)


class RecordedChooser(Protocol):
    """Whoever is asked for the choices of a recording (``record.js --ask``)."""

    def answer(self, text: str) -> str | None:
        """Return the answer to a line of the recorder: a choice, "" for any; None: no question."""


def record_corpus(config: RecordConfig, chooser: RecordedChooser | None = None) -> Path:
    """Play battles and write them; equal settings write equal corpora.

    Args:
        config: what is played.
        chooser: who plays in three of four battles; None: as ``iterations`` says.

    Returns:
        ``config.out``, a corpus as :mod:`plywise.datasets.battle_corpus` reads it.

    Raises:
        ConfigError: the name of the corpus does not end in ``.gz``; the theme has an unknown name;
            the engine cannot play the format.
        ShowdownInstallError: Node or the package is missing and cannot be installed.
        RecordingError: the recorder failed; nothing is left at ``config.out``.
    """
    out = Path(config.out)
    if out.suffix != ".gz":
        raise ConfigError(f"{out}: a corpus is gzipped, its name must end in .gz")
    format, data = playable(config.format), load()
    for name in config.theme:
        if not any(name in names for names in (data.abilities, data.items, data.moves)):
            raise ConfigError(f"theme: '{name}' is the id of no ability, item or move")
    chooser = chooser or _chooser(config.iterations)
    package, node = ensure_showdown(), node_executable()
    with writing(out, RecordingError) as file, replacing(file) as part:
        command = [str(node), *NODE_FLAGS, str(_SCRIPT), str(package)]
        command += [str(config.battles), str(config.seed), str(part), format.id]
        flags = ("fuzz", "stall", "keepties", "streams")
        command += [f"--{flag}" for flag in flags if getattr(config, flag)]
        if config.theme:
            command.append(f"--theme={','.join(config.theme)}")
        if chooser is not None:
            command.append("--ask")
        _run(command, config.battles, chooser)
    return out


def _chooser(iterations: int) -> RecordedChooser | None:
    if not iterations:
        return None
    from plywise.arena.verify.chooser import SearchChooser  # compiles the engine and the search

    return SearchChooser(iterations)


def _run(command: list[str], battles: int, chooser: RecordedChooser | None) -> None:
    complaints: list[str] = []

    def watch(stream: IO[str]) -> None:
        for line in stream:
            found = _PROGRESS.match(line)
            if found:
                _print_recorded(int(found[1]), battles)
            elif line.strip():
                complaints.append(line.strip())

    pipe = subprocess.PIPE
    with running(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        watcher = threading.Thread(target=watch, args=(process.stderr,), daemon=True)
        watcher.start()
        try:
            for question in process.stdout if chooser is not None else ():
                answer = chooser.answer(question) if chooser is not None else None
                if answer is not None:
                    process.stdin.write(answer + "\n")
                    process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; its complaints say why
        watcher.join()
        process.wait()
    if process.returncode:
        errors = [line for line in complaints if "Error" in line] or complaints
        reason = errors[0] if errors else f"exit code {process.returncode}"
        raise RecordingError(
            f"recording with Showdown {load().version} failed: {reason} "
            "(`plywise doctor` checks Node and the package)"
        )
