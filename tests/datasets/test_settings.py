"""Settings: what is refused, and with which words."""

from dataclasses import dataclass

import pytest

from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import check_settings, setting, settings_of


@dataclass
class Example:
    seconds: float | None = setting(1.0, "of a decision; null: no clock", above=0)
    share: float = setting(0.5, "of the visits", low=0, high=1)
    depth: int = setting(3, "at most so many plies", low=1)
    kind: str = setting("uct", "the rule", choices=("uct", "regret"))
    guides: list[str] = setting(["a"], "asked in this order")
    plain: int = 7


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seconds": 0.0}, "search.seconds=0.0: must be greater than 0"),
        ({"share": 1.5}, "search.share=1.5: must be between 0 and 1"),
        ({"depth": 0}, "search.depth=0: must be at least 1"),
        ({"kind": "x"}, "search.kind=x: choose one of uct, regret"),
    ],
)
def test_a_value_out_of_range_is_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_settings(Example(**values), "search.")  # type: ignore[arg-type]
    assert str(caught.value) == words


def test_null_passes_and_defaults_are_independent() -> None:
    check_settings(Example(seconds=None), "search.")
    Example().guides.append("b")
    assert Example().guides == ["a"]
    assert list(settings_of(Example)) == ["seconds", "share", "depth", "kind", "guides"]
