"""Settings: type, default, range and words of each in the one place that defines its field.

A dataclass field made by :func:`setting` carries words for ``--help`` and the values that are
allowed; :func:`check_settings` refuses the rest.  Configuration, help and checks are made from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from plywise.datasets.addresses import hide
from plywise.datasets.errors import ConfigError

_KEY = "plywise.setting"


@dataclass(frozen=True)
class Setting:
    """What is known of a setting besides its type and default.

    Attributes:
        words: what it means, in one line for ``--help``; what null means where it may be null.
        low, high: the least and the greatest value; None: no bound.
        above: a bound that the value itself may not reach; None: no such bound.
        choices: the words that are allowed; (): any.
        old: names that it had before; they are still read, with a line that says the new one.
        option: of a field that stands for a group of settings: the option chosen by default.
    """

    words: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
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
    old: Sequence[str] = (),
    option: str = "",
) -> Any:
    """Return a dataclass field; a mutable ``default`` (list, dict) is copied for each object."""
    about = Setting(words, low, high, above, tuple(choices), tuple(old), option)
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata={_KEY: about})
    return field(default=default, metadata={_KEY: about})


def settings_of(kind: Any) -> dict[str, Setting]:
    """Return the settings of a dataclass (or an object of one) by name, in their order."""
    return {f.name: f.metadata[_KEY] for f in fields(kind) if _KEY in f.metadata}


def check_settings(config: Any, prefix: str = "", error: type[Exception] = ConfigError) -> None:
    """Refuse a value that its setting does not allow; None passes.

    Args:
        config: an object of a dataclass whose fields were made by :func:`setting`.
        prefix: stands before the name in a message, for example ``search.``.
        error: raised with one line that names the key, the value and what is allowed.
    """
    for name, about in settings_of(config).items():
        given = getattr(config, name)
        for value in given if isinstance(given, list | dict) else [given]:  # of a dict: its keys
            if value is not None and (wrong := _refused(value, about)):
                raise error(f"{prefix}{name}={value}: {wrong}")


class Settings:
    """Base of dataclasses of settings: an object of one checks its values when it is made.

    Secrets in addresses are hidden first (``datasets/addresses.py``): no message or file has them.

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


def _refused(value: Any, about: Setting) -> str:
    if about.choices:
        return "" if value in about.choices else f"choose one of {', '.join(about.choices)}"
    if about.above is not None and not value > about.above:
        return f"must be greater than {about.above:g}"
    if about.low is not None and about.high is not None:
        inside = about.low <= value <= about.high
        return "" if inside else f"must be between {about.low:g} and {about.high:g}"
    if about.low is not None and not value >= about.low:
        return f"must be at least {about.low:g}"
    if about.high is not None and not value <= about.high:
        return f"must be at most {about.high:g}"
    return ""
