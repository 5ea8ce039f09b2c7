"""A server of the module, and settings of runs on it."""

from collections.abc import Iterator

import pytest

from plywise.games.showdown.server import ShowdownServer


@pytest.fixture(scope="module")
def server() -> Iterator[ShowdownServer]:
    with ShowdownServer() as running:
        yield running
