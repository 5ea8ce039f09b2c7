"""The file of answers: kept for good, shared by processes, whole after a kill."""

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from plywise.llm_modules.calls.chat import Answer, Message, Request
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.calls.store import FileStore
from plywise.llm_modules.providers.mock import MockEndpoint, says, scores
from plywise.llm_modules.providers.openai import LLMClient

ANSWER = Answer("B", "m", (("B", -0.1), ("A", -2.0)), "length", 100, 1, 60, 1, 0.25)


def request(text: str = "hello", seed: int | None = None) -> Request:
    return Request((Message("user", text),), max_tokens=1, top_logprobs=5, seed=seed)


def test_an_answer_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "deep" / "answers.sqlite")
    assert store.get("k") is None
    store.put("k", ANSWER)
    store.close()
    again = FileStore(tmp_path / "deep" / "answers.sqlite")
    assert again.get("k") == ANSWER
    assert len(again) == 1
    again.close()
    again.close()


def test_another_client_takes_answers_from_the_file_and_sends_nothing(tmp_path: Path) -> None:
    def ask(endpoint: MockEndpoint, model: str = "m", heat: float = 0.0, secret: str = "a") -> bool:
        """Return whether the answer came from the file; all else is the same."""
        url = endpoint.base_url.replace("//", f"//user:{secret}@")
        config = LLMConfig(
            url, model, temperature=heat, cache=str(tmp_path / "c.sqlite"), origin="o"
        )
        with LLMClient(config, api_key=secret) as llm:
            answer = llm.submit(request(seed=1)).future.result(5)
            assert answer.first_token == (("A", -0.1),)
            usage = llm.usage()
        assert (usage.calls, usage.cached) == (int(not answer.cached), int(answer.cached))
        return answer.cached

    with MockEndpoint(lambda _: scores({"A": -0.1})) as endpoint:
        assert not ask(endpoint)
        assert ask(endpoint)
        assert ask(endpoint, secret="b")
        assert not ask(endpoint, model="n")
        assert not ask(endpoint, heat=0.5)
    with MockEndpoint(lambda _: says("none is asked")) as other:  # the same model elsewhere
        assert ask(other)
        assert other.requests == []
    assert b"user" not in (tmp_path / "c.sqlite").read_bytes()


def test_without_an_origin_the_address_counts(tmp_path: Path) -> None:
    asked = []
    for _ in range(2):
        with MockEndpoint(lambda _: says("x")) as endpoint:
            config = LLMConfig(endpoint.base_url, "m", cache=str(tmp_path / "c.sqlite"))
            with LLMClient(config) as llm:
                llm.submit(request()).future.result(5)
            asked.append(len(endpoint.requests))
    assert asked == [1, 1]


def test_sampled_answers_and_failures_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with MockEndpoint([says("x"), says("y")]) as endpoint:
        config = LLMConfig(endpoint.base_url, "m", temperature=1.0, cache=str(path))
        for expected in "xy":
            with LLMClient(config) as llm:
                assert llm.submit(request()).future.result(5).text == expected
    store = FileStore(path)
    assert len(store) == 0
    store.close()


WRITER = """
import sys
from plywise.llm_modules.calls.chat import Answer
from plywise.llm_modules.calls import store as stores
stores._BUSY_SECONDS = 50.0  # SQLite wakes waiting writers in no fair order
store = stores.FileStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    store.put(f"{sys.argv[2]}/{number}", Answer("x" * 500, "m"))
    print(number, flush=True)
"""


def test_processes_share_a_file_and_a_kill_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, count in (("a", 300), ("b", 300), ("killed", 10**9))
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    *whole, killed = writers
    assert killed.stdout is not None
    for _ in range(100):
        last = killed.stdout.readline()
    killed.kill()
    for writer in writers:
        rest, _ = writer.communicate(timeout=60)
        if writer is killed and len(rest.splitlines()) > 1:
            last = rest.splitlines()[-2]  # the very last line may be cut
    assert [writer.returncode for writer in whole] == [0, 0]
    store = FileStore(path)
    assert all(store.get(f"{name}/{n}") is not None for name in "ab" for n in range(300))
    assert all(store.get(f"killed/{n}") is not None for n in range(int(last) + 1))
    store.put("on", ANSWER)
    assert store.get("on") == ANSWER
    store.close()


def test_another_file_is_refused_in_one_line_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no database at all, and longer than a header of SQLite's " * 30)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE answers (a)")
    db.close()
    before = foreign.read_bytes()
    for path in (text, foreign, tmp_path):
        with pytest.raises(LLMConfigError, match=r"llm\.cache=") as caught:
            LLMClient(LLMConfig("http://127.0.0.1:1/v1", "m", cache=str(path)))
        assert "\n" not in str(caught.value)
    assert text.read_text().startswith("no database")
    assert foreign.read_bytes() == before


def test_a_file_that_fails_later_costs_its_answers_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "c.sqlite"
    store = FileStore(path)
    store.put("spoilt", ANSWER)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE answers SET answer = '{}'")
    with caplog.at_level(logging.WARNING):
        assert store.get("spoilt") is None
        db.execute("DROP TABLE answers")
        store.put("k", ANSWER)
        assert store.get("k") is None
    db.close()
    assert store.losses.count == 3
    assert len(caplog.records) == 1
    store.close()
