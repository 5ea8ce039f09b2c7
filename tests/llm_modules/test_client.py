"""The client against the mock endpoint: every way of failing, counted, named, and without a key."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import pytest

from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.llm_modules.calls.breaker import CircuitBreaker
from plywise.llm_modules.calls.chat import Answer, Message, Request
from plywise.llm_modules.calls.errors import (
    LLMAuthError,
    LLMClosedError,
    LLMConfigError,
    LLMError,
    LLMModelError,
    LLMPausedError,
    LLMRateLimitError,
    LLMReplyError,
    LLMRequestError,
    LLMServerError,
    LLMTimeoutError,
    LLMUnreachableError,
    one_line,
)
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.providers.mock import (
    MockEndpoint,
    Reply,
    ScriptExhaustedError,
    refuses,
    says,
    scores,
)
from plywise.llm_modules.providers.openai import LLMClient

SECRET = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)


def request(text: str = "hello", **more: Any) -> Request:
    return Request((Message("user", text),), max_tokens=1, **more)


def client(endpoint: MockEndpoint, **more: Any) -> LLMClient:
    settings: dict[str, Any] = {"timeout": 5.0, "max_retries": 0, "model": "m"} | more
    return LLMClient(LLMConfig(base_url=endpoint.base_url, **settings), api_key=SECRET)


def until(condition: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


# --- answers --------------------------------------------------------------------------------------


def test_an_answer_brings_text_scores_and_usage() -> None:
    reply = scores({"A": -0.1, "B": -2.5}, prompt_tokens=70, cached_tokens=60)
    with MockEndpoint([reply], api_key=SECRET) as endpoint, client(endpoint) as llm:
        asked = request("which?", top_logprobs=20, seed=7, response_format='{"type": "text"}')
        answer = llm.submit(asked).future.result(5)
        assert answer.text == "A"
        assert answer.first_token == (("A", -0.1), ("B", -2.5))
        assert (answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens) == (70, 1, 60)
        assert answer.seconds > 0
        assert not answer.cached
        usage = llm.usage()
    assert endpoint.requests == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "which?"}],
            "max_tokens": 1,
            "temperature": 0.0,
            "seed": 7,
            "logprobs": True,
            "top_logprobs": 20,
            "response_format": {"type": "text"},
        }
    ]
    assert (usage.calls, usage.failed, usage.prompt_tokens, usage.cached_tokens) == (1, 0, 70, 60)
    assert usage.latencies == [answer.seconds]


def test_the_same_question_is_answered_from_the_cache_and_says_so() -> None:
    with MockEndpoint([says("x"), says("y"), says("z")]) as endpoint, client(endpoint) as llm:
        first = llm.submit(request()).future.result(5)
        again = llm.submit(request()).future.result(0)  # at once
        other = llm.submit(request(seed=1)).future.result(5)
        longer = llm.submit(Request((Message("user", "hello"),), max_tokens=2)).future.result(5)
        usage = llm.usage()
    assert (first.cached, again.cached, other.cached) == (False, True, False)
    assert (again.text, other.text, longer.text) == ("x", "y", "z")
    assert again.seconds == 0
    assert (usage.calls, usage.cached, usage.prompt_tokens) == (3, 1, 300)


def test_of_an_endless_reply_the_beginning_is_kept() -> None:
    long = "answer " * 5_000
    with MockEndpoint([says(long)]) as endpoint, client(endpoint) as llm:
        answer = llm.submit(request()).future.result(5)
    assert answer.text == long[: request().max_characters]


def test_a_reply_that_is_far_too_long_is_not_read() -> None:
    with MockEndpoint([says("answer " * 200_000), says("B")]) as endpoint, client(endpoint) as llm:
        with pytest.raises(LLMReplyError, match=r"sent more than [\d,]+ bytes"):
            llm.submit(request()).future.result(5)
        assert llm.submit(request("again")).future.result(5).text == "B"
        assert len(endpoint.requests) == 2


def test_sampled_answers_without_a_seed_are_not_cached() -> None:
    with MockEndpoint([says("x"), says("y")]) as endpoint, client(endpoint, temperature=1.0) as llm:
        texts = [llm.submit(request()).future.result(5).text for _ in range(2)]
    assert texts == ["x", "y"]


def test_the_cache_is_bounded_and_can_be_off() -> None:
    script = [says(t) for t in "abcd"]
    with MockEndpoint(script) as endpoint, client(endpoint, cache_entries=1) as llm:
        texts = [llm.submit(request(t)).future.result(5).text for t in ("1", "2", "2", "1")]
        assert texts == ["a", "b", "b", "c"]
    with MockEndpoint(script) as endpoint, client(endpoint, cache_entries=0) as llm:
        texts = [llm.submit(request()).future.result(5).text for _ in range(2)]
    assert texts == ["a", "b"]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with MockEndpoint([says("x")], api_key=SECRET) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_MODEL", "from-environment")
        monkeypatch.setenv("MY_KEY", SECRET)
        with LLMClient(LLMConfig(api_key_env="MY_KEY")) as llm:
            assert llm.submit(request()).future.result(5).text == "x"
        assert endpoint.requests[0]["model"] == "from-environment"


def test_a_proxy_of_the_environment_is_not_asked_for_a_local_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with MockEndpoint([says("x")]) as endpoint, client(endpoint) as llm:
        assert llm.submit(request()).future.result(5).text == "x"


def test_a_local_endpoint_needs_no_key() -> None:
    with (
        MockEndpoint([says("x")]) as endpoint,
        LLMClient(LLMConfig(base_url=endpoint.base_url, model="m")) as llm,
    ):
        assert llm.submit(request()).future.result(5).text == "x"


def test_newer_models_get_their_own_name_for_the_token_limit() -> None:
    complaint = refuses(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
    script = [complaint, says("x"), says("y")]
    with MockEndpoint(script) as endpoint, client(endpoint) as llm:
        assert llm.submit(request("1")).future.result(5).text == "x"
        assert llm.submit(request("2")).future.result(5).text == "y"
    limits = [{k: v for k, v in r.items() if "max" in k} for r in endpoint.requests]
    assert limits == [{"max_tokens": 1}, {"max_completion_tokens": 1}, {"max_completion_tokens": 1}]


def test_a_broken_call_is_repeated_as_often_as_configured() -> None:
    script = [refuses(500, "hiccup"), says("x")]
    with MockEndpoint(script) as endpoint, client(endpoint, max_retries=1) as llm:
        answer = llm.submit(request()).future.result(5)
        usage = llm.usage()
    assert (answer.text, answer.retries) == ("x", 1)
    assert (usage.calls, usage.requests, usage.failed) == (1, 2, 0)


@pytest.mark.slow
def test_retry_after_is_waited_for_as_long_as_the_call_may_take() -> None:
    busy = replace(refuses(429, "slow down"), retry_after=1)
    with MockEndpoint([busy, says("x")]) as endpoint, client(endpoint, max_retries=1) as llm:
        answer = llm.submit(request()).future.result(10)
    assert answer.retries == 1
    assert answer.seconds >= 1.0
    busy = replace(busy, retry_after=60)
    with (
        MockEndpoint([busy]) as endpoint,
        client(endpoint, max_retries=1, timeout=0.5) as llm,
    ):
        assert isinstance(llm.submit(request()).future.exception(10), LLMTimeoutError)


# --- failures -------------------------------------------------------------------------------------


def html(status: int = 200) -> Reply:
    return Reply(status, b"<html>no JSON here</html>")


FAILURES = [
    (refuses(401, f"Incorrect API key provided: {SECRET}"), LLMAuthError, "OPENAI_API_KEY"),
    (refuses(403, f"no access for {SECRET}"), LLMAuthError, "OPENAI_API_KEY"),
    (refuses(404, "The model 'm' does not exist", "model_not_found"), LLMModelError, "'m'"),
    (html(404), LLMModelError, "llm.base_url"),
    (refuses(429, f"too many calls with {SECRET}"), LLMRateLimitError, "refuses so many calls"),
    (refuses(400, f"bad schema, {SECRET}"), LLMRequestError, "bad schema"),
    (refuses(500, f"exploded on {SECRET}"), LLMServerError, "exploded"),
    (html(), LLMReplyError, "other than a chat completion"),
    (Reply(200, b'{"choices": []}'), LLMReplyError, "no choices"),
    (Reply(200, b'{"choices": 7}'), LLMReplyError, "no choices"),
    (Reply(200, b"[1, 2]"), LLMReplyError, ""),
    (Reply(200, b'"text"'), LLMReplyError, ""),
    (Reply(200, b'{"choices": [{"message": {"content": [1]}}]}'), LLMReplyError, "not a text"),
    (Reply(200, b""), LLMReplyError, ""),
    (Reply(hang_up=True), LLMUnreachableError, "is the server running"),
    (Reply(200, says("x").body, delay=3.0), LLMTimeoutError, "llm.timeout"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("reply", "kind", "words"), FAILURES)
def test_each_failure_is_named_in_one_line_without_the_key(
    reply: Reply, kind: type[LLMError], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        MockEndpoint([reply]) as endpoint,
        client(endpoint, timeout=0.5 if reply.delay else 5.0) as llm,
    ):
        error = llm.submit(request()).future.exception(5)
        usage = llm.usage()
    assert type(error) is kind
    assert isinstance(error, PlywiseError)
    line = str(error)
    assert words in line
    assert "\n" not in line
    assert len(line) < 400
    assert SECRET not in line
    assert SECRET not in caplog.text
    assert line in caplog.text
    assert (usage.calls, usage.failed, usage.errors) == (1, 1, {kind.__name__: 1})


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": [{}]}',
        b'{"choices": [{"message": null, "logprobs": 3}], "usage": 5}',
        b'{"choices": [{"message": {"content": null}, "logprobs": {"content": [{}]}}]}',
        b'{"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": 1}]}]}}], '
        b'"usage": {"prompt_tokens": "many"}}',
    ],
)
def test_an_odd_but_whole_completion_is_an_empty_answer(body: bytes) -> None:
    with MockEndpoint([Reply(200, body)]) as endpoint, client(endpoint) as llm:
        answer = llm.submit(request()).future.result(5)
    assert (answer.text, answer.first_token, answer.prompt_tokens) == ("", (), 0)


def test_nobody_at_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with LLMClient(LLMConfig(base_url=url, model="m", max_retries=0)) as llm:
        error = llm.submit(request()).future.exception(5)
    assert isinstance(error, LLMUnreachableError)
    assert url.removesuffix("/v1") in str(error)


def test_a_password_in_the_address_is_not_shown() -> None:
    config = LLMConfig(base_url="http://me:hunter2@127.0.0.1:1/v1", model="m", max_retries=0)
    with LLMClient(config) as llm:
        assert "hunter2" not in str(llm.submit(request()).future.exception(5))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": ""}, "llm.model"),
        ({"base_url": "", "model": "m"}, "OPENAI_API_KEY"),
        ({"base_url": "127.0.0.1:8000/v1", "model": "m"}, "llm.base_url"),
        ({"base_url": "http://[half/v1", "model": "m"}, "llm.base_url"),
        ({"model": "m", "timeout": 0.0}, "llm.timeout"),
        ({"model": "m", "timeout": float("nan")}, "llm.timeout"),
        ({"model": "m", "max_retries": -1}, "llm.max_retries"),
        ({"model": "m", "concurrency": 0}, "llm.concurrency"),
        ({"model": "m", "pause_after": 0}, "llm.pause_after"),
    ],
)
def test_impossible_settings_are_refused_before_anything_is_asked(
    settings: dict[str, Any], words: str
) -> None:
    before = threading.active_count()
    with pytest.raises(LLMConfigError, match=words) as caught:
        LLMClient(LLMConfig(**settings))
    assert isinstance(caught.value, ConfigError)
    assert threading.active_count() <= before  # one of an earlier test may have ended


def test_one_line() -> None:
    assert one_line("a\n b\t key", "key") == "a b ***"
    assert len(one_line("x" * 1000)) == 240


# --- the pause after failures ---------------------------------------------------------------------


def test_repeated_failures_pause_the_asking_and_one_trial_ends_the_pause() -> None:
    script = [refuses(500, "down")] * 3 + [says("back"), says("and well")]
    with (
        MockEndpoint(script) as endpoint,
        client(endpoint, pause_after=2, pause_seconds=0.3) as llm,
    ):
        for text in "12":
            assert isinstance(llm.submit(request(text)).future.exception(5), LLMServerError)
        assert not llm.available
        assert "down" in llm.status
        paused = llm.submit(request("3")).future.exception(0)
        assert isinstance(paused, LLMPausedError)
        assert len(endpoint.requests) == 2
        until(lambda: llm.available)
        assert isinstance(llm.submit(request("4")).future.exception(5), LLMServerError)
        assert not llm.available  # the trial failed: another pause
        until(lambda: llm.available)
        assert llm.submit(request("5")).future.result(5).text == "back"
        assert llm.status == "ok"
        assert llm.submit(request("6")).future.result(5).text == "and well"
        usage = llm.usage()
    assert (usage.calls, usage.failed, usage.skipped) == (5, 3, 1)


def test_what_only_a_person_can_mend_pauses_at_once() -> None:
    with MockEndpoint([refuses(401, "no")]) as endpoint, client(endpoint) as llm:
        llm.submit(request("1")).future.exception(5)
        assert not llm.available


def test_refused_requests_do_not_pause() -> None:
    with MockEndpoint([refuses(400, "no")] * 5) as endpoint, client(endpoint) as llm:
        for text in "12345":
            assert isinstance(llm.submit(request(text)).future.exception(5), LLMRequestError)
        assert llm.available


def test_the_breaker_lets_one_trial_through() -> None:
    now = [0.0]
    breaker = CircuitBreaker(after=2, seconds=10.0, clock=lambda: now[0])
    assert not breaker.failed("a")
    breaker.succeeded()
    assert not breaker.failed("a")
    assert breaker.failed("b")
    assert not breaker.allow()
    now[0] = 10.0
    assert breaker.would_allow()
    assert breaker.allow()
    assert not breaker.allow()
    breaker.cancelled()
    assert breaker.allow()
    assert breaker.failed("c")
    assert "10 s" in breaker.status()
    assert "c" in breaker.status()


# --- giving up, queueing, ending ------------------------------------------------------------------


@pytest.fixture
def slow() -> Iterator[MockEndpoint]:
    with MockEndpoint(lambda _: Reply(200, says("x").body, delay=30.0)) as endpoint:
        yield endpoint


def test_submit_does_not_wait(slow: MockEndpoint) -> None:
    with client(slow) as llm:
        began = time.perf_counter()
        for number in range(20):
            llm.submit(request(str(number)))
        assert time.perf_counter() - began < 0.5


def test_a_cancelled_call_closes_its_request_and_counts_as_late(slow: MockEndpoint) -> None:
    with client(slow, timeout=60.0) as llm:
        call = llm.submit(request())
        until(lambda: len(slow.requests) == 1)
        assert call.spent.calls
        assert call.cancel()
        until(lambda: slow.aborted == 1)
        usage = llm.usage()
    assert (usage.calls, usage.late, usage.failed) == (1, 1, 0)


def test_a_late_reply_also_closes_its_request(slow: MockEndpoint) -> None:
    with client(slow, timeout=0.2) as llm:
        assert isinstance(llm.submit(request()).future.exception(5), LLMTimeoutError)
        until(lambda: slow.aborted == 1)


def test_one_slot_sends_one_call_at_a_time_and_never_the_cancelled(slow: MockEndpoint) -> None:
    with client(slow, concurrency=1, timeout=60.0) as llm:
        first, second = llm.submit(request("1")), llm.submit(request("2"))
        until(lambda: len(slow.requests) == 1)
        time.sleep(0.1)
        assert not second.spent.calls
        second.cancel()
        third = llm.submit(request("3"))
        first.cancel()
        until(lambda: len(slow.requests) == 2)
        assert third.spent.calls
        asked = [r["messages"][0]["content"] for r in slow.requests]
        usage = llm.usage()
    assert asked == ["1", "3"]
    assert (usage.calls, usage.late) == (2, 2)


def test_closing_aborts_everything_ends_the_thread_and_can_be_repeated(slow: MockEndpoint) -> None:
    llm = client(slow, timeout=60.0)
    call = llm.submit(request())
    until(lambda: len(slow.requests) == 1)
    llm.close()
    llm.close()
    assert not [t for t in threading.enumerate() if t.name == "plywise-llm"]
    with pytest.raises(CancelledError):
        call.future.result(0)
    until(lambda: slow.aborted == 1)
    assert isinstance(llm.submit(request()).future.exception(0), LLMClosedError)
    assert llm.status == "closed"


def test_asking_while_the_client_is_being_closed_is_safe() -> None:
    with MockEndpoint(lambda _: says("x")) as endpoint:
        for _ in range(5):
            llm = client(endpoint, cache_entries=0)
            ends: list[object] = []

            def ask(llm: LLMClient = llm, ends: list[object] = ends) -> None:
                for number in range(50):
                    future = llm.submit(request(str(number))).future
                    try:
                        ends.append(future.exception(10))
                    except CancelledError:
                        ends.append(None)

            asking = threading.Thread(target=ask)
            asking.start()
            time.sleep(0.02)
            llm.close()
            asking.join(10)
            assert not asking.is_alive()
            assert len(ends) == 50
            assert {type(e) for e in ends} <= {type(None), LLMClosedError}


def test_an_unexpected_failure_is_an_llm_error_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprise(*_: object) -> Answer:
        raise KeyError("surprise")

    monkeypatch.setattr("plywise.llm_modules.providers.openai.read_completion", surprise)
    with MockEndpoint([says("x")]) as endpoint, client(endpoint) as llm:
        assert isinstance(llm.submit(request()).future.exception(5), LLMReplyError)
        assert llm.usage().failed == 1
    assert "unexpected error" in caplog.text


def test_many_threads_share_one_client() -> None:
    answers: list[Answer] = []
    with MockEndpoint(lambda r: says(r["messages"][0]["content"])) as endpoint:
        with client(endpoint) as llm:

            def ask(number: int) -> None:
                for part in range(5):
                    answers.append(llm.submit(request(f"{number}/{part}")).future.result(10))

            threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            usage = llm.usage()
    assert len({a.text for a in answers}) == 30
    assert usage.calls == len(endpoint.requests) == 30


# --- the mock itself ------------------------------------------------------------------------------


def test_the_mock_raises_when_its_script_is_exhausted() -> None:
    def ask_twice() -> None:
        with MockEndpoint([says("x")]) as endpoint, client(endpoint) as llm:
            llm.submit(request("1")).future.result(5)
            assert isinstance(llm.submit(request("2")).future.exception(5), LLMServerError)

    with pytest.raises(ScriptExhaustedError, match="1 requests"):
        ask_twice()


def test_the_mock_checks_the_key() -> None:
    with MockEndpoint([says("x")], api_key="another") as endpoint, client(endpoint) as llm:
        assert isinstance(llm.submit(request()).future.exception(5), LLMAuthError)
        assert endpoint.requests == []
