"""Addresses of servers and endpoints in settings: those to which no connection can be tried.

Passwords in them: ``datasets/address_secrets.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from plywise.datasets.errors import ConfigError


def check_address(key: str, address: str | None, schemes: Sequence[str], example: str) -> None:
    """Refuse an address to which no connection can be tried; None passes.

    Raises:
        ConfigError: its scheme is another, or it has no host or an impossible one or port.
    """
    if address is None:
        return
    example = f"(for example {example})"
    if not address.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        starts = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ConfigError(f"{key}={address}: must start with {starts} {example}")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # a port outside of its range is a ValueError
        if not host or not address.isprintable() or " " in address:
            raise ValueError("there is no host in it")
        host.encode("idna")
    except ValueError as error:
        raise ConfigError(f"{key}={address}: {error} {example}") from None
