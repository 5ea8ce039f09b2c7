"""Runs a command as a Hydra application; errors in its settings become one line."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from plywise.arena.agents.catalog import CATALOG
from plywise.arena.cli.commands import suggestion
from plywise.arena.cli.groups import group_schemas
from plywise.arena.cli.old_names import OldNames
from plywise.conf import registry
from plywise.conf.listing import GroupOption, chosen_options, listed
from plywise.conf.schemas.game import GameConfig
from plywise.datasets.address_secrets import hide
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.processes.signals import interrupted
from plywise.games.from_file import fault_in_game_file

log = logging.getLogger(__name__)

Runner = Callable[[Any, Path], int]

_UNREADABLE = (OmegaConfBaseException, ValueError, TypeError, OverflowError, RuntimeError)

_HYDRA = Path(hydra.__file__).parent
_NO_FOLDER = "provider=.* path=.* is not available"  # Hydra's words about hydra.searchpath

_SHOWING = ("--cfg", "-c", "--info", "-i")  # Hydra's options that print settings


class _Ended(SystemExit):
    """The end of a task, passed through Hydra, which prints every exception but SystemExit."""

    def __init__(self, code: int, error: PlywiseError | None = None) -> None:
        super().__init__(code)
        self.error = error


def run_app(name: str, run: Runner, arguments: Sequence[str]) -> int:
    """Compose the configuration ``name`` with the arguments and run it; return the exit code.

    ``run`` gets the typed configuration and the run's folder; in a multirun once for each job, up
    to the first that does not return 0.

    Raises:
        ConfigError: a wrong key, group, value or option.
        PlywiseError: what ``run`` raised.
    """
    registry.register({name: spec.settings for name, spec in CATALOG.items()})
    schema = registry.COMMAND_SCHEMAS[name]
    old_names = OldNames(schema, group_schemas())
    arguments = old_names.in_arguments(arguments)
    chosen = chosen_options(schema, arguments, group_schemas())
    mappings = [s.key for s in listed(schema, chosen) if isinstance(s.default, dict)]
    arguments = [_any_key(argument, mappings) for argument in arguments]
    started = False

    def task(config: DictConfig) -> None:
        nonlocal started
        started = True
        settings: Any = None
        try:
            _hide_secrets(HydraConfig.get())
            try:
                old_names.in_mappings(config)
                settings = registry.typed(config, schema)
            except _UNREADABLE as error:
                raise ConfigError(_with_key(error)) from error
            code = run(settings, Path(HydraConfig.get().runtime.output_dir))
        except PlywiseError as error:
            raise _Ended(1, error) from error
        except Exception as error:
            # Hydra prints errors; what fails because of an interrupt is none.
            if (interrupt := interrupted()) is not None:
                raise interrupt from None
            said = f"{type(error).__name__}: {error} (the run's log has the traceback)"
            if where := fault_in_game_file(error):
                said = f"{where}: {said}"
            elif file := _game_file(settings):
                said = f"{file}: the game does what no game may, or Plywise fails with it: {said}"
            else:
                raise
            log.exception("a game's file")
            raise _Ended(1, PlywiseError(said)) from error
        if code:
            raise _Ended(code)

    app = hydra.main(version_base="1.3", config_path="pkg://plywise.conf", config_name=name)(task)
    before_argv, before_full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    # Hydra reads its arguments from sys.argv, and prints errors itself unless told to raise them.
    sys.argv = [f"plywise {name}", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    shows = any(argument.partition("=")[0] in _SHOWING for argument in arguments)
    shown = io.StringIO()
    try:
        redirected = contextlib.redirect_stdout(shown) if shows else contextlib.nullcontext()
        with redirected, _hydra_warnings():
            app()
    except _Ended as end:
        if end.error is not None:
            raise end.error from None
        return int(end.code or 0)
    except Exception as error:
        if started:
            raise
        if isinstance(error, OSError) and not isinstance(error, HydraException):
            where = f" {_short(str(error.filename))}" if error.filename else ""
            raise PlywiseError(
                f"cannot make the run's folder: {error.strerror or error}{where}; name another "
                "with hydra.run.dir=FOLDER"
            ) from error
        # Nothing of ours runs yet: what Hydra raises, of whatever type, is about the arguments.
        raise ConfigError(explain(error, name, chosen)) from error
    finally:
        if shows:
            print(hide(shown.getvalue()), end="")
        sys.argv = before_argv
        if before_full is None:
            os.environ.pop("HYDRA_FULL_ERROR", None)
        else:
            os.environ["HYDRA_FULL_ERROR"] = before_full
    return 0


def _game_file(settings: Any) -> str:
    """Return the Python file of the game that a command plays or shows; "" without one."""
    game = getattr(settings, "game", None)
    played = game.name if isinstance(game, GameConfig) else None
    name = played or getattr(settings, "trusted_game", None)
    return str(name).removeprefix("path:") if str(name).startswith("path:") else ""


@contextlib.contextmanager
def _hydra_warnings() -> Iterator[None]:
    """Print what Hydra warns of as one line; a folder of settings that is not there is an error."""
    before = warnings.showwarning

    def show(
        message: Warning | str, category: type[Warning], filename: str, *rest: Any, **more: Any
    ) -> None:
        if _HYDRA not in Path(filename).parents:
            before(message, category, filename, *rest, **more)
            return
        print(f"plywise: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.filterwarnings("error", _NO_FOLDER, UserWarning)
        yield


def _hide_secrets(hydra_config: Any) -> None:
    """Hide what a configuration file put into the files that Hydra has just written.

    What came by the command line is hidden before Hydra sees it.
    """
    files = [Path(hydra_config.sweep.dir) / "multirun.yaml"]
    if hydra_config.output_subdir is not None:
        folder = Path(hydra_config.runtime.output_dir) / hydra_config.output_subdir
        files += [folder / name for name in ("config.yaml", "hydra.yaml", "overrides.yaml")]
    for file in files:
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if (hidden := hide(text)) != text:
            file.write_text(hidden, encoding="utf-8")


def _any_key(argument: str, mappings: Sequence[str]) -> str:
    """Return the override with ``++`` if it is of a mapping of any keys, as ``agent.search``."""
    key = argument.partition("=")[0]
    inside = any(key == one or key.startswith(f"{one}.") for one in mappings)
    return f"++{argument}" if inside else argument


def explain(error: Exception, name: str, chosen: Mapping[str, GroupOption]) -> str:
    """Return one line: the error, the values that exist, and how to print them."""
    text = str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        names = [o for o in error.options or () if not o.endswith("_schema")]
        hint = suggestion(option, names)
        return f"{group}={option}: no such option; {hint}There are: {', '.join(names)}"
    if isinstance(error, OverrideParseException):
        return (
            f"cannot read '{_short(str(error.override))}': settings are key=value, lists are "
            f"'key=[a,b]' (see: plywise {name} --help)"
        )
    unknown = re.search(r"Could not (?:override|delete|append)[^']*'([^'@]+)", text)
    if unknown:
        return _unknown_key(unknown.group(1), name, chosen)
    merging = re.search(r"Error merging override (\S+)", text)
    cause: BaseException = error.__cause__ or error
    first = _said(cause)
    if "Ambiguous value" in first or "requires --multirun" in first:
        argument = first.partition("'")[2].partition("'")[0]
        return (
            f"{_short(argument)}: a list is 'key=[a,b]', a text with a comma \"key='a,b'\", and -m "
            "runs once for each value"
        )
    for theirs, ours in _WORDS.items():
        first = ours if theirs in first else first
    if merging:
        key, _, value = merging.group(1).lstrip("+~").partition("=")
        if "not in" in first and "Key" in first:
            return _unknown_key(key, name, chosen)
        return f"{key}={_short(value)}: {first} (see: plywise {name} --cfg job)"
    return f"{first} (see: plywise {name} --help)"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


_SHOWN = 80  # characters of a word from the command line
_WORDS = {  # OmegaConf's for what check_settings says, which Hydra asks before us
    "is not a ListConfig, list or tuple": "must be a list like [a,b]",
    "to Dict[str, Any]": "must be a mapping like {key:value}",
    "Cannot merge DictConfig": "must be a mapping like {key:value}",
    "is not Optional": "must not be null",
    "could not be converted to Integer": "must be a whole number",
    "could not be converted to Float": "must be a number",
    "is not a valid bool": "must be true or false",
    "codec can't decode": "a configuration file is not UTF-8 text",
}


def _said(error: BaseException) -> str:
    """Return an error's first line, with the next one if it ends in a colon; else its type."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]


def _with_key(error: BaseException) -> str:
    """Return what an error says, and of which key where it knows it."""
    said, key = _said(error), str(getattr(error, "full_key", None) or "")
    return f"{key}: {said}" if key and key not in said else said


def _unknown_key(key: str, name: str, chosen: Mapping[str, GroupOption]) -> str:
    """Return one line with the settings beside ``key`` under the chosen options."""
    tree: dict[str, Any] = {group: {} for group in chosen}
    for setting in listed(registry.COMMAND_SCHEMAS[name], chosen):
        node = tree
        for part in setting.key.split("."):
            node = node.setdefault(part, {})
    parent, node = "", tree
    for part in key.split("."):
        if part not in node:
            break
        parent, node = f"{parent}{part}.", node[part]
    place = parent.rstrip(".")
    if place in chosen:
        place = f"{place}={chosen[place].name}"
    elif not node:
        return f"'{place}' is a single value, it has no key '{key}'"
    wrong = key.removeprefix(parent).partition(".")[0]
    return (
        f"no setting '{key}'; {suggestion(wrong, node, parent)}{place or name} has: "
        f"{', '.join(node) or 'none'} (plywise {name} --cfg job prints all values)"
    )
