"""Secrets in addresses: nothing but a connection gets them."""

import pytest

from plywise.datasets import address_secrets
from plywise.datasets.address_secrets import hide, mask, reveal
from plywise.datasets.errors import ConfigError


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(address_secrets._VARIABLE, "{}")


@pytest.mark.parametrize(
    ("address", "hidden"),
    [
        ("ws://u:PASS@host:8000/x", "ws://u:***@host:8000/x"),
        ("http://TOKEN@host/v1", "http://***@host/v1"),
        ("ws://host/x?token=abc&room=1", "ws://host/x?token=***&room=***2"),
        ("llm.base_url='http://u:p/a@ss@host/v1'", "llm.base_url='http://u:***@host/v1'"),
        ("url=ws://u:one@a,ws://u:two@b", "url=ws://u:***@a,ws://u:***2@b"),
        ('[{base_url:"http://u:p,w}@h/v1"},x]', '[{base_url:"http://u:***@h/v1"},x]'),
        ("http://u:@host", "http://u:@host"),
        ("http://host/v1/@cf/model", "http://***@cf/model"),
        ("llm.api_key_env=sk-abc", "llm.api_key_env=***"),
        ("api_key_env: sk-abc", "api_key_env: ***"),
        ("llm: {api_key_env: MY_KEY, x: 1}", "llm: {api_key_env: MY_KEY, x: 1}"),
        ("server.password_env=hunter2", "server.password_env=***"),
        ("server.password_env=MY_PASSWORD", "server.password_env=MY_PASSWORD"),
        ("+server.password=hunter2", "+server.password=***"),
        ("server: {password: hunter2, x: 1}", "server: {password: ***, x: 1}"),
        ("llm.api_key_env=${oc.env:NAME}", "llm.api_key_env=${oc.env:NAME}"),
    ],
)
def test_a_secret_is_hidden_and_comes_back(address: str, hidden: str) -> None:
    assert hide(address) == hidden
    assert hide(hidden) == hidden
    assert reveal(hidden, "server.url") == address


@pytest.mark.parametrize(
    "text",
    [
        "game=path:/x@y.py",
        "me@home",
        "ws://host:1/x",
        "a://b c@d",
        "  password_env: null",
        "llm.api_key_env=null",
        "the password is wrong",
    ],
)
def test_what_holds_no_secret_stays(text: str) -> None:
    assert hide(text) == mask(text) == text


def test_the_name_of_a_variable_that_there_is_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("my_password", "x")
    assert hide("server.password_env=my_password") == "server.password_env=my_password"


def test_the_same_secret_has_the_same_token() -> None:
    assert hide("ws://u:PASS@a") == "ws://u:***@a"
    assert hide("http://v:PASS@b") == "http://v:***@b"


def test_a_token_from_a_file_of_ours_is_no_password() -> None:
    with pytest.raises(ConfigError, match=r"server\.url=ws://u:\*\*\*@h: \*\*\* stands for"):
        reveal("ws://u:***@h", "server.url")


def test_text_from_anywhere_is_masked() -> None:
    hide("ws://u:p%40ssword@h")
    assert mask("bad p%40ssword or p@ssword") == "bad *** or ***"
    assert mask("proxy http://a:b@proxy:1 said no") == "proxy http://a:***@proxy:1 said no"
