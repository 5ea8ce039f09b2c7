"""Runs a command as a Hydra application, and says in one line what is wrong with its settings."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from plywise.arena.agents.catalog import CATALOG
from plywise.conf import registry
from plywise.datasets.errors import ConfigError, PlywiseError

Runner = Callable[[Any, Path], int]


class _Ended(SystemExit):
    """Carries a task's end through Hydra, which lets SystemExit pass and prints the rest."""

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
    arguments = [word for argument in arguments for word in plugged(argument)]
    started = False

    def task(config: DictConfig) -> None:
        nonlocal started
        started = True
        try:
            settings = registry.typed(config, registry.COMMAND_SCHEMAS[name])
            code = run(settings, Path(HydraConfig.get().runtime.output_dir))
        except PlywiseError as error:
            raise _Ended(1, error) from error
        if code:
            raise _Ended(code)

    app = hydra.main(version_base="1.3", config_path="pkg://plywise.conf", config_name=name)(task)
    before_argv, before_full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    # Hydra reads its arguments from sys.argv, and prints errors itself unless told to raise them.
    sys.argv = [f"plywise {name}", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        app()
    except _Ended as end:
        if end.error is not None:
            raise end.error from None
        return int(end.code or 0)
    except (HydraException, OmegaConfBaseException) as error:
        if started:
            raise
        raise ConfigError(explain(error, name, arguments)) from None
    except ValueError as error:
        # Hydra's own word for options that exclude each other, and for unreadable configurations.
        if started:
            raise
        raise ConfigError(str(error)) from None
    finally:
        sys.argv = before_argv
        if before_full is None:
            os.environ.pop("HYDRA_FULL_ERROR", None)
        else:
            os.environ["HYDRA_FULL_ERROR"] = before_full
    return 0


def plugged(argument: str) -> list[str]:
    """Return an argument in Hydra's words.

    ``game=path:FILE`` names no file of ``conf/game``, and ``game.options`` may get any key.
    """
    key, _, value = argument.partition("=")
    if key.split(".")[:2] == ["game", "options"]:
        return [f"++{argument}"]
    if key != "game" or not value.startswith(("path:", "openspiel:")):
        return [argument]
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return ["game=plugin", f"game.name='{quoted}'"]


def explain(error: Exception, name: str, arguments: Sequence[str]) -> str:
    """Return one line: what is wrong, which values exist, how to see them."""
    text = str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        names = [o for o in error.options or () if not o.endswith("_schema")]
        return f"{group}={option}: {_choose(option, names)}"
    if isinstance(error, OverrideParseException):
        return (
            f"cannot read '{error.override}': settings are key=value, lists are 'key=[a,b]' "
            f"(see: plywise {name} --help)"
        )
    unknown = re.search(r"Could not (?:override|delete|append)[^']*'([^'@]+)", text)
    if unknown:
        return _unknown_key(unknown.group(1), name, arguments)
    merging = re.search(r"Error merging override (\S+)", text)
    cause: BaseException = error.__cause__ or error
    first = str(cause).strip().splitlines()[0]
    if merging:
        key, _, value = merging.group(1).lstrip("+~").partition("=")
        if "not in" in first and "Key" in first:
            return _unknown_key(key, name, arguments)
        return f"{key}={value}: {first} (see: plywise {name} --cfg job)"
    return f"{first} (see: plywise {name} --help)"


def _choose(wrong: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(wrong, names, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"no such option; {hint}There are: {', '.join(names)}"


def _unknown_key(key: str, name: str, arguments: Sequence[str]) -> str:
    """Return which keys exist in the place of ``key``, with the options that were chosen."""
    parent, wrong, keys = "", key, []
    node: Any = _defaults(name)
    chosen = []
    for argument in arguments:
        group, _, option = argument.partition("=")
        is_group = isinstance(node.get(group), DictConfig) and "," not in option  # no multirun
        if is_group or group == "hydra.searchpath":
            chosen.append(argument)
    with contextlib.suppress(MissingConfigException):  # an option of --config-dir is not found here
        node = _defaults(name, chosen)
    for part in key.split("."):
        keys = [str(k) for k in node]
        if part not in keys:
            wrong = part
            break
        if not isinstance(node[part], DictConfig):
            return f"'{parent}{part}' is a single value, it has no key '{key}'"
        node, parent = node[part], f"{parent}{part}."
    near = difflib.get_close_matches(wrong, keys, n=1)
    hint = f"did you mean '{parent}{near[0]}'? " if near else ""
    where = f"{parent.rstrip('.')} has" if parent else f"'plywise {name}' has"
    return (
        f"no setting '{key}'; {hint}{where}: {', '.join(keys)} "
        f"(plywise {name} --cfg job prints all values)"
    )


def _defaults(name: str, chosen: Sequence[str] = ()) -> DictConfig:
    GlobalHydra.instance().clear()  # the failed composition may have left its state behind
    with hydra.initialize_config_module("plywise.conf", version_base="1.3"):
        config = hydra.compose(name, overrides=list(chosen))
    OmegaConf.set_struct(config, True)
    # A mandatory value raises when looked at; its name is all that is wanted here.
    for key in list(config):
        if OmegaConf.is_missing(config, key):
            OmegaConf.update(config, str(key), "", force_add=True)
    return config
