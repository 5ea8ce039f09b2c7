"""Settings: type, default, range and words of each in the one place that defines its field.

A dataclass field made by :func:`setting` carries words for ``--help`` and the values that are
allowed; :func:`check_settings` refuses the rest.  Configuration, help and checks are made from it.
A value is of its field's type, numbers lie between -1e9 and 1e9, whole numbers between -2**62 and
2**62, a text is UTF-8 without NUL, and a path is one that the file system can look up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from plywise.datasets.address_secrets import hide
from plywise.datasets.errors import ConfigError

_KEY = "plywise.setting"
MOST_PROCESSES = 1024
"""Processes or threads that a setting may ask for."""
_WHOLE = 2**62  # of whole numbers: a seed that counts up stays below 64 bits
_LARGEST = 1e9  # of other numbers: what waits for so many seconds can be told to
_SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True)
class Setting:
    """What is known of a setting besides its type and default.

    Attributes:
        words: what it means, in one line for ``--help``; what null means where it may be null.
        low, high: the least and the greatest value; None: no bound.
        above: a bound that the value itself may not reach; None: no such bound.
        choices: the words that are allowed; (): any.
        path: whether it is the path of a file or folder.
        old: names that it had before; they are still read, with a line that says the new one.
        option: of a field that stands for a group of settings: the option chosen by default.
    """

    words: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    path: bool = False
    old: tuple[str, ...] = ()
    option: str = ""

    @property
    def allowed(self) -> str:
        """The choices, or a range of two ends; empty for any other."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            return f"{self.low:.12g} to {self.high:.12g}"
        return ""


def setting(
    default: Any,
    words: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: Sequence[str] = (),
    path: bool = False,
    old: Sequence[str] = (),
    option: str = "",
) -> Any:
    """Return a dataclass field; a mutable ``default`` (list, dict) is copied for each object.

    A class as ``default`` is made for each object.
    """
    about = Setting(words, low, high, above, tuple(choices), path, tuple(old), option)
    if isinstance(default, type):
        return field(default_factory=default, metadata={_KEY: about})
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata={_KEY: about})
    return field(default=default, metadata={_KEY: about})


def settings_of(kind: Any) -> dict[str, Setting]:
    """Return the settings of a dataclass (or an object of one) by name, in their order."""
    return {f.name: f.metadata[_KEY] for f in fields(kind) if _KEY in f.metadata}


def check_settings(config: Any, prefix: str = "", error: type[Exception] = ConfigError) -> None:
    """Refuse a value that its setting does not allow.

    Args:
        config: an object of a dataclass whose fields were made by :func:`setting`.
        prefix: stands before the name in a message, for example ``search.``.
        error: raised with one line that names the key, the value and what is allowed.
    """
    kinds = _kinds(config.__class__)
    for name, about in settings_of(config).items():
        given = getattr(config, name)
        wrong = _of_another_kind(given, kinds[name])
        # A group of settings is checked by itself; of a mapping its keys are checked here.
        values = given if isinstance(given, list | dict) else [given]
        for value in values if not wrong else [given]:
            if wrong := wrong or _refused(value, about):
                raise error(f"{prefix}{name}={_shown(value)}: {wrong}")


class Settings:
    """Base of dataclasses of settings: an object of one checks its values when it is made.

    Secrets in addresses are hidden first (``datasets/address_secrets.py``): no message or file
    has them.

    Attributes:
        PREFIX: text before a setting's name in messages, for example ``search.``.
    """

    PREFIX: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name in settings_of(self):
            setattr(self, name, _without_secrets(getattr(self, name)))
        check_settings(self, self.PREFIX)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [_without_secrets(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _without_secrets(entry) for key, entry in value.items()}
    return value


@cache
def _kinds(config: Any) -> Mapping[str, tuple[Any, ...]]:
    """Return the types that each field may have."""
    hints = get_type_hints(config)
    return {name: get_args(h) if type(None) in get_args(h) else (h,) for name, h in hints.items()}


def _of_another_kind(value: Any, kinds: tuple[Any, ...]) -> str:
    """Return what a value must be; "" where it is that."""
    if value is None:
        return "" if type(None) in kinds or Any in kinds else "must not be null"
    kind = kinds[0]
    if get_origin(kind) is list:
        if not isinstance(value, list):
            return "must be a list like [a,b]"
        return next((w for one in value if (w := _of_another_kind(one, get_args(kind)))), "")
    if get_origin(kind) is dict:
        return "" if isinstance(value, dict) else "must be a mapping like {key:value}"
    if kind is bool:
        return "" if isinstance(value, bool) else "must be true or false"
    if kind is str:
        return "" if isinstance(value, str) else "must be a text"
    if kind is int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if whole else "must be a whole number"
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if number else "must be a number"
    return ""


def _refused(value: Any, about: Setting) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and (wrong := _unfit(value, about.path)):
        return wrong
    if about.choices:
        return "" if value in about.choices else f"choose one of {', '.join(about.choices)}"
    if about.above is not None and not value > about.above:
        return f"must be greater than {about.above:g}"
    if about.low is not None and about.high is not None:
        inside = about.low <= value <= about.high
        return "" if inside else f"must be between {about.low:.12g} and {about.high:.12g}"
    if about.low is not None and not value >= about.low:
        return f"must be at least {about.low:g}"
    if about.high is not None and not value <= about.high:
        return f"must be at most {about.high:g}"
    if isinstance(value, float) and not -_LARGEST <= value <= _LARGEST:
        return f"must lie between -{_LARGEST:g} and {_LARGEST:g}"
    if isinstance(value, int) and not -_WHOLE < value < _WHOLE:
        return "must lie between -2**62 and 2**62"
    return ""


def _unfit(value: str, path: bool) -> str:
    if "\0" in value:
        return "must not hold a NUL character"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "must be UTF-8 text"
    return _no_path(value) if path else ""


def _no_path(value: str) -> str:
    """Return why the file system cannot look a path up; whether it exists does not matter."""
    try:
        Path(value).expanduser().stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return error.strerror or str(error)
    except RuntimeError as error:  # ~nobody
        return str(error)
    return ""


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
