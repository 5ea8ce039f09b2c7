"""Settings: what is refused, and with which words."""

from dataclasses import dataclass
from typing import Any

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
    more: dict[str, Any] = setting({}, "keys of another")
    loud: bool = setting(False, "whether it prints")
    file: str = setting("here", "a file", path=True)
    plain: int = 7


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seconds": 0.0}, "search.seconds=0.0: must be greater than 0"),
        ({"share": 1.5}, "search.share=1.5: must be between 0 and 1"),
        ({"depth": 0}, "search.depth=0: must be at least 1"),
        ({"kind": "x"}, "search.kind=x: choose one of uct, regret"),
        ({"seconds": float("nan")}, "search.seconds=nan: must be greater than 0"),
        ({"seconds": float("inf")}, "search.seconds=inf: must be a finite number"),
        ({"seconds": 10**400}, "must lie between -2**62 and 2**62"),
        ({"depth": 2**63}, "search.depth=9223372036854775808: must lie between -2**62 and"),
        ({"depth": None}, "search.depth=None: must not be null"),
        ({"depth": 1.0}, "search.depth=1.0: must be a whole number"),
        ({"depth": True}, "search.depth=True: must be a whole number"),
        ({"share": "x"}, "search.share=x: must be a number"),
        ({"kind": 3}, "search.kind=3: must be a text"),
        ({"kind": ["uct"]}, "search.kind=['uct']: must be a text"),
        ({"guides": "a"}, "search.guides=a: must be a list like [a,b]"),
        ({"guides": [["a"]]}, "search.guides=[['a']]: must be a text"),
        ({"more": [1]}, "search.more=[1]: must be a mapping like {key:value}"),
        ({"loud": 1}, "search.loud=1: must be true or false"),
        ({"file": "a\0b"}, "must not hold a NUL character"),
        ({"file": "\udcff"}, "must be UTF-8 text"),
        ({"file": "x" * 300}, f"search.file={'x' * 59}…: File name too long"),
        ({"file": "~no-such-user/x"}, "search.file=~no-such-user/x: Could not determine home"),
    ],
)
def test_a_value_out_of_range_is_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_settings(Example(**values), "search.")  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_null_passes_and_defaults_are_independent() -> None:
    check_settings(Example(seconds=None), "search.")
    Example().guides.append("b")
    assert Example().guides == ["a"]
    assert list(settings_of(Example))[:5] == ["seconds", "share", "depth", "kind", "guides"]


@pytest.mark.parametrize("path", ["", "no/such/file", "/dev/null/x", "é", "~/x"])
def test_a_path_need_not_exist(path: str) -> None:
    check_settings(Example(file=path))


def test_whole_numbers_pass_as_numbers() -> None:
    check_settings(Example(seconds=2, share=0))
