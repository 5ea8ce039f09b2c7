"""Endpoints that answer badly: the game goes on, nothing is printed raw, no file has the key."""

import json
import logging
from pathlib import Path

import pytest

from plywise.arena.cli.main import main
from plywise.llm_modules.calls.chat import Message, Request
from plywise.llm_modules.calls.errors import LLMError
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.providers.openai import LLMClient

from .endpoint import BAD_ENDPOINTS, KEY, BadEndpoint


def test_there_are_at_least_23_kinds() -> None:
    assert len(BAD_ENDPOINTS) >= 23


@pytest.mark.parametrize("way", BAD_ENDPOINTS)
def test_a_call_ends_with_an_answer_or_an_error_and_is_recorded(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    record = tmp_path / "calls.jsonl"
    with BadEndpoint([way]) as endpoint:
        config = LLMConfig(
            endpoint.base_url, "m", timeout=0.3, max_retries=0, record=str(record),
            cache=str(tmp_path / "cache.sqlite"),
        )  # fmt: skip
        with caplog.at_level(logging.INFO), LLMClient(config) as llm:
            call = llm.submit(Request((Message("user", "A. x\nB. y"),), 1, top_logprobs=5))
            error = call.future.exception(10)
            usage = llm.usage()
        assert endpoint.served
    assert error is None or isinstance(error, LLMError)
    assert "\n" not in str(error)
    str(error).encode()
    assert all(entry.levelno < logging.ERROR for entry in caplog.records)
    assert 0 <= usage.prompt_tokens < 2**31
    (line,) = record.read_text(encoding="utf-8").splitlines()
    assert ("answer" in json.loads(line)) == (error is None)
    assert KEY not in line
    assert KEY not in caplog.text
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["llm", "llm_search"])
def test_a_game_against_an_endpoint_that_does_everything_wrong_is_played_and_saved(
    agent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ways = [way for way in BAD_ENDPOINTS if "endless" not in way]
    with BadEndpoint(ways) as endpoint:
        game = ["play", "game=connect_four", "side=none", f"agent={agent}", "explain=true"]
        model = ["llm=openai", f"llm.base_url={endpoint.base_url}", "llm.model=m", "llm.trust=1"]
        limits = ["llm.timeout=0.2", "llm.max_retries=0", "search.seconds=0.05"]
        files = [f"hydra.run.dir={tmp_path}", f"llm.record={tmp_path}/calls.jsonl"]
        code = main([*game, *model, *limits, *files])
        assert endpoint.served >= 3
    said = capsys.readouterr()
    assert code == 0
    assert "Traceback" not in said.err
    (saved,) = tmp_path.glob("connect_four-*.json")
    assert json.loads(saved.read_text(encoding="utf-8"))["ending"] == "finished"
    assert KEY not in said.out + said.err
    assert not any(KEY.encode() in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
