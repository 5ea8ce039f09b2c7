"""Recording of corpora: battles in the installed Showdown package, step by step.

The recorder itself is ``datasets/showdown/record.js``; it needs Node and the package, which
:mod:`plywise.games.showdown.install` puts into the cache.
"""

import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

from plywise.conf.schemas.verify import RecordConfig
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.showdown_data import load
from plywise.games.showdown.install import ensure_showdown, node_executable

if TYPE_CHECKING:
    from plywise.arena.verify.chooser import SearchChooser

_SCRIPT = Path(__file__).parents[2] / "datasets" / "showdown" / "record.js"
_PROGRESS = re.compile(r"battle (\d+) of \d+")


class RecordingError(PlywiseError):
    """The recorder could not write a corpus."""


def _print_recorded(done: int, battles: int) -> None:
    """Print the progress of a recording on standard error, on one line, if it is a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == battles else ""
        print(f"\rrecorded {done} of {battles} battles", end=end, file=sys.stderr, flush=True)


def record_corpus(config: RecordConfig) -> Path:
    """Play battles and write them; equal settings write equal corpora.

    Returns:
        ``config.out``, a corpus as :mod:`plywise.datasets.battle_corpus` reads it.

    Raises:
        ConfigError: the name of the corpus does not end in ``.gz``; the theme has an unknown name.
        ShowdownInstallError: Node or the package is missing and cannot be installed.
        RecordingError: the recorder failed; nothing is left at ``config.out``.
    """
    out = Path(config.out)
    if out.suffix != ".gz":
        raise ConfigError(f"{out}: a corpus is gzipped, its name must end in .gz")
    data = load()
    for name in config.theme:
        if not any(name in names for names in (data.abilities, data.items, data.moves)):
            raise ConfigError(f"theme: '{name}' is the id of no ability, item or move")
    chooser = _chooser(config.iterations)
    package, node = ensure_showdown(), node_executable()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{out}: its folder cannot be made ({error.strerror})") from error
    scratch = out.with_name(out.name + ".part")
    command = [str(node), str(_SCRIPT), str(package)]
    command += [str(config.battles), str(config.seed), str(scratch), config.format]
    command += [
        f"--{flag}" for flag in ("fuzz", "stall", "keepties", "streams") if getattr(config, flag)
    ]
    if config.theme:
        command.append(f"--theme={','.join(config.theme)}")
    if chooser is not None:
        command.append("--ask")
    try:
        _run(command, config.battles, chooser)
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)
    return out


def _chooser(iterations: int) -> "SearchChooser | None":
    if not iterations:
        return None
    from plywise.arena.verify.chooser import SearchChooser  # compiles the engine and the search

    return SearchChooser(iterations)


def _run(command: list[str], battles: int, chooser: "SearchChooser | None") -> None:
    complaints: list[str] = []

    def watch(stream: IO[str]) -> None:
        for line in stream:
            found = _PROGRESS.match(line)
            if found:
                _print_recorded(int(found[1]), battles)
            elif line.strip():
                complaints.append(line.strip())

    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            watcher = threading.Thread(target=watch, args=(process.stderr,), daemon=True)
            watcher.start()
            for question in process.stdout if chooser is not None else ():
                answer = chooser.answer(question) if chooser is not None else None
                if answer is not None:
                    process.stdin.write(answer + "\n")
                    process.stdin.flush()
            watcher.join()
        except BrokenPipeError:
            process.wait()  # it has ended; its complaints say why
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
