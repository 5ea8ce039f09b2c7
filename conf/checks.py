"""Checks of settings: each names the key, the value and what is allowed."""

from __future__ import annotations

from plywise.datasets.errors import ConfigError


def at_least(key: str, value: float | None, low: float) -> None:
    """Refuse a value below ``low``; null passes."""
    if value is not None and value < low:
        raise ConfigError(f"{key}={value}: must be at least {low:g}")


def above(key: str, value: float | None, low: float) -> None:
    """Refuse a value not above ``low``; null passes."""
    if value is not None and value <= low:
        raise ConfigError(f"{key}={value}: must be greater than {low:g}")


def between(key: str, value: float | None, low: float, high: float) -> None:
    """Refuse a value outside ``low … high``; null passes."""
    if value is not None and not low <= value <= high:
        raise ConfigError(f"{key}={value}: must be between {low:g} and {high:g}")


def one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not among ``allowed``."""
    if value not in allowed:
        raise ConfigError(f"{key}={value}: choose one of {', '.join(allowed)}")
