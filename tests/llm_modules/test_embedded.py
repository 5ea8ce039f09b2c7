"""The embedded model: its files, and the real server with the real SmolLM2."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plywise.games.base import Briefing, Option
from plywise.llm_modules.calls.chat import Message, Request
from plywise.llm_modules.calls.errors import EmbeddedError, LLMAuthError, LLMUnreachableError
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
from plywise.llm_modules.prompts.forms import AnswerMode
from plywise.llm_modules.providers import embedded
from plywise.llm_modules.providers.embedded import EmbeddedServer, check_gguf, default_weights
from plywise.llm_modules.providers.openai import LLMClient
from plywise.search.guide.protocol import Question

BRIEFING = Briefing(
    game="tic_tac_toe",
    player=0,
    rules=(
        "Two players in turn put their mark on an empty cell of a 3 by 3 board. Player 0 plays x, "
        "player 1 plays o. Who first has three marks in a row, column or diagonal wins. "
        "If the board is full without such a line the game is drawn. The cells are numbered "
        "1 2 3 in the top row, 4 5 6 in the middle row and 7 8 9 in the bottom row."
    ),
    situation="The board, x to move:\nx x .\no o .\n. . .",
    own=(
        Option(2, "cell 3", "wins now"),
        Option(5, "cell 6", "stops the opponent's line"),
        Option(6, "cell 7"),
        Option(7, "cell 8"),
        Option(8, "cell 9"),
    ),
    opponent=(Option(5, "cell 6", "wins now"), Option(6, "cell 7"), Option(7, "cell 8")),
)


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


# --- files ----------------------------------------------------------------------------------------


def test_a_model_file_must_exist_and_be_gguf(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"cannot read .*absent.gguf.*llm.model_path"):
        EmbeddedServer(tmp_path / "absent.gguf")
    with pytest.raises(EmbeddedError, match="cannot read"):
        check_gguf(tmp_path)
    (tmp_path / "other.gguf").write_text("<html>not found</html>")
    with pytest.raises(EmbeddedError, match="not a GGUF"):
        check_gguf(tmp_path / "other.gguf")


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "WEIGHTS_PACKAGE", "no_such_package_here")
    with pytest.raises(EmbeddedError, match=r"plywise\[embedded\].*llm=none"):
        default_weights()


def test_damaged_weights_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "fake_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('must not be imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(embedded, "WEIGHTS_PACKAGE", "fake_weights")
    with pytest.raises(EmbeddedError, match="has no"):
        default_weights()
    (package / embedded.WEIGHTS_FILE).write_bytes(b"GGUF short")
    with pytest.raises(EmbeddedError, match="10 bytes instead of"):
        default_weights()
    monkeypatch.setattr(embedded, "WEIGHTS_BYTES", 10)
    assert default_weights().name == embedded.WEIGHTS_FILE
    with pytest.raises(EmbeddedError, match="SHA-256"):
        default_weights(check_sha256=True)


@pytest.mark.llm
def test_the_installed_weights_are_the_published_ones() -> None:
    assert default_weights(check_sha256=True).is_file()


# --- the real server ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running
    assert not running.alive()
    assert not running.log_file.exists()


@pytest.mark.llm
def test_one_consultation_with_the_real_model(server: EmbeddedServer) -> None:
    config = server.llm_config(LLMConfig(timeout=120.0))
    with LLMClient(config, api_key=server.api_key) as llm:
        consultation = LLMConsultant(llm).consult(BRIEFING, seed=1)
        advice = []
        deadline = time.monotonic() + 120
        while not consultation.finished and time.monotonic() < deadline:
            consultation.wait(1)
            advice += consultation.poll()
        report = consultation.close()
        usage = llm.usage()
    assert [a.question for a in advice] == [Question.PROPOSE, Question.MODEL, Question.EVALUATE]
    assert set(advice[0].weights) == {2, 5, 6, 7, 8}
    assert set(advice[1].weights) == {5, 6, 7}
    assert sum(advice[0].weights.values()) == pytest.approx(1)
    assert (report.calls, report.failed, report.late) == (3, 0, 0)
    first, second, third = consultation.transcript
    assert all(e["mode"] == "scores" for e in (first, second, third))
    assert first["letters_found"] == 5
    # The second and third question share the system text and the situation with the first: the
    # server takes them from its prefix cache and says so.
    shared = first["prompt_tokens"] // 2
    assert second["prefix_tokens"] > shared
    assert third["prefix_tokens"] > shared
    assert usage.cached_tokens >= second["prefix_tokens"] + third["prefix_tokens"]
    assert usage.prompt_tokens == sum(e["prompt_tokens"] for e in consultation.transcript)


@pytest.mark.llm
def test_asking_by_schema_works_with_the_real_server(server: EmbeddedServer) -> None:
    with LLMClient(server.llm_config(LLMConfig(timeout=120.0)), api_key=server.api_key) as llm:
        consultant = LLMConsultant(llm, GuideConfig(guides=("propose",), max_calls=1))
        consultant.asking.endpoint_mode.adopt(AnswerMode.SCHEMA, "the test asks this way")
        consultation = consultant.consult(BRIEFING, seed=1)
        consultation.wait(120)
        (advice,) = consultation.poll()
        consultation.close()
    (entry,) = consultation.transcript
    assert entry["mode"] == "json_schema"
    # The grammar holds even a model that decides nothing to the options.
    assert json.loads(entry["reply"]) == {"answer": entry["choice"]}
    assert advice.weights[entry["letters"][entry["choice"]]] == pytest.approx(0.7)


@pytest.mark.llm
def test_only_who_has_the_key_is_answered(server: EmbeddedServer) -> None:
    with LLMClient(server.llm_config(), api_key="wrong") as llm:
        question = Request((Message("user", "hi"),), 1)
        assert isinstance(llm.submit(question).future.exception(20), LLMAuthError)
    assert server.api_key not in Path(f"/proc/{server.pid}/cmdline").read_text()


@pytest.mark.llm
def test_an_aborted_call_frees_the_slot(server: EmbeddedServer) -> None:
    config = server.llm_config(LLMConfig(timeout=120.0))
    with LLMClient(config, api_key=server.api_key) as llm:
        story = llm.submit(Request((Message("user", "Tell a long story."),), max_tokens=3000))
        until(lambda: story.spent.calls > 0, 5)
        time.sleep(0.5)  # it is being written; whole it would take about a minute and a half
        assert story.cancel()
        began = time.perf_counter()
        llm.submit(Request((Message("user", "Say hi."),), max_tokens=1)).future.result(60)
        assert time.perf_counter() - began < 20
        assert llm.usage().late == 1


@pytest.mark.llm
def test_a_killed_server_costs_only_the_advice(tmp_path: Path) -> None:
    with EmbeddedServer(log_file=tmp_path / "log") as server:
        config = server.llm_config(LLMConfig(timeout=60.0, pause_after=1))
        with LLMClient(config, api_key=server.api_key) as llm:
            consultant = LLMConsultant(llm)
            consultation = consultant.consult(BRIEFING, seed=1)
            until(lambda: llm.usage().calls == 1, 5)
            os.kill(server.pid, signal.SIGKILL)
            until(lambda: bool(consultation.poll()) or consultation.finished, 10)
            assert consultation.poll() == []
            report = consultation.close()
            assert (report.calls, report.late) == (1, 0)
            assert report.failed == 3  # one that broke, two that were not sent any more
            until(lambda: not server.alive(), 10)
            assert not llm.available
            after = consultant.consult(BRIEFING, seed=2)
            assert after.poll() == []
            assert (after.close().calls, after.close().failed) == (0, 3)
            assert llm.usage().errors == {LLMUnreachableError.__name__: 1}
            assert llm.usage().skipped == 5


_PARENT = """
import os, sys, time
from plywise.llm_modules.providers.embedded import EmbeddedServer
server = EmbeddedServer(log_file=sys.argv[1]).start()
# A forked child keeps our end of the server's input open, so that does not end with us.
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
print(server.pid, child, flush=True)
time.sleep(60)
"""


@pytest.mark.llm
def test_the_server_ends_with_a_killed_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PARENT, str(tmp_path / "log")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        server_pid, child_pid = map(int, parent.stdout.readline().split())
        assert runs(server_pid)
        parent.kill()
        parent.wait(5)
        try:
            until(lambda: not runs(server_pid), 10)
        finally:
            os.kill(child_pid, signal.SIGKILL)


@pytest.mark.llm
def test_a_truncated_model_is_one_clear_line(tmp_path: Path) -> None:
    broken = tmp_path / "half.gguf"
    with default_weights().open("rb") as whole:
        broken.write_bytes(whole.read(5_000_000))
    with pytest.raises(EmbeddedError, match=r"half.gguf cannot be loaded: .*corrupt") as caught:
        EmbeddedServer(broken, log_file=tmp_path / "server.log").start()
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "server.log") in str(caught.value)


@pytest.mark.llm
def test_a_missing_system_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "libgomp.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "xllamacpp.py").write_text(f"raise ImportError({message!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EmbeddedError, match="apt-get install libgomp1"):
        EmbeddedServer(log_file=tmp_path / "log").start()


@pytest.mark.llm
def test_a_server_that_loads_too_slowly_is_stopped(tmp_path: Path) -> None:
    slow = EmbeddedServer(start_timeout=0.01, log_file=tmp_path / "log")
    with pytest.raises(EmbeddedError, match=r"within 0.01 s"):
        slow.start()
    assert not slow.alive()
