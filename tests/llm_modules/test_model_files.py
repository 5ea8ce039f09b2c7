"""Fetching model files, from a hub of our own: whole or not at all, resumed, refused when wrong."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from plywise.arena.cli.main import main
from plywise.llm_modules.calls.errors import ModelFileError
from plywise.llm_modules.providers.embedded import EmbeddedServer
from plywise.llm_modules.providers.model_files import KNOWN, ModelFile, fetch, find_model

DATA = b"GGUF" + bytes(range(256)) * 9000  # 2.3 MB
TINY = ModelFile(
    "tiny", "owner/tiny", "tiny.gguf", len(DATA), hashlib.sha256(DATA).hexdigest(), "MIT", "a test"
)


class Hub:
    """Serves one file as the model hub does: behind a redirect, in ranges.

    Attributes:
        data: the file.
        breaks: after how many bytes each of the next connections ends.
        ranges: whether it can go on in the middle.
        asked: the ranges that were asked for ("" none).
    """

    def __init__(self) -> None:
        self.data = DATA
        self.breaks: list[int] = []
        self.ranges = True
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/owner/tiny/resolve/main/tiny.gguf":
                    self.send_response(302)
                    self.send_header("Location", "/elsewhere/blob")
                    self.end_headers()
                    return
                if self.path != "/elsewhere/blob":
                    self.send_error(404)
                    return
                range_asked = self.headers.get("Range", "")
                hub.asked.append(range_asked)
                found = re.fullmatch(r"bytes=(\d+)-", range_asked) if hub.ranges else None
                start = int(found[1]) if found else 0
                self.send_response(206 if found else 200)
                self.send_header("Content-Length", str(len(hub.data) - start))
                self.end_headers()
                end = start + hub.breaks.pop(0) if hub.breaks else len(hub.data)
                self.wfile.write(hub.data[start:end])

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(KNOWN, "tiny", TINY)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("HF_ENDPOINT", raising=False)


def get(hub: Hub, folder: Path) -> tuple[Path, list[tuple[str, int]]]:
    seen: list[tuple[str, int]] = []
    return fetch(TINY, folder, hub.url, lambda doing, done: seen.append((doing, done))), seen


def test_a_file_is_fetched_checked_and_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    path, seen = get(hub, tmp_path / "deep" / "models")
    assert path.read_bytes() == DATA
    assert seen[-1] == ("loading", len(DATA))
    assert [p.name for p in path.parent.iterdir()] == ["tiny.gguf"]
    again, seen = get(hub, path.parent)
    assert again == path
    assert {doing for doing, _ in seen} == {"checking"}
    assert hub.asked == [""]
    path.write_bytes(DATA[:-1] + b"?")  # spoilt since
    get(hub, path.parent)
    assert path.read_bytes() == DATA


def test_an_interrupted_download_is_resumed(hub: Hub, tmp_path: Path) -> None:
    hub.breaks = [1_000_000, 500_000]
    path, _ = get(hub, tmp_path)
    assert path.read_bytes() == DATA
    assert hub.asked == ["", "bytes=1000000-", "bytes=1500000-"]


def test_a_partial_file_stays_for_the_next_time(hub: Hub, tmp_path: Path) -> None:
    hub.breaks = [1_000_000, 0]
    with pytest.raises(ModelFileError, match="the same command resumes the download") as caught:
        get(hub, tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tiny.gguf").exists()
    assert (tmp_path / "tiny.gguf.part").read_bytes() == DATA[:1_000_000]
    path, seen = get(hub, tmp_path)
    assert path.read_bytes() == DATA
    assert seen[0] == ("checking", 1_000_000)
    assert hub.asked[-1] == "bytes=1000000-"


def test_a_hub_without_ranges_starts_over(hub: Hub, tmp_path: Path) -> None:
    hub.ranges = False
    (tmp_path / "tiny.gguf.part").write_bytes(b"old rubbish")
    path, _ = get(hub, tmp_path)
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("wrong", [DATA[:-1] + b"?", DATA + b"more", b"GGUF" * 600_000])
def test_another_file_is_refused_and_removed(hub: Hub, tmp_path: Path, wrong: bytes) -> None:
    hub.data = wrong
    with pytest.raises(ModelFileError, match="not the known file"):
        get(hub, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_another_file_is_found_out_at_the_end(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.part").write_bytes(b"x" * 1000)
    with pytest.raises(ModelFileError, match="not the known file"):
        get(hub, tmp_path)
    path, _ = get(hub, tmp_path)  # the next try is a fresh one
    assert path.read_bytes() == DATA


def test_two_processes_do_not_write_one_file(hub: Hub, tmp_path: Path) -> None:
    with FileLock(tmp_path / "tiny.gguf.lock"):
        with pytest.raises(ModelFileError, match="another process"):
            get(hub, tmp_path)


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.slow
def test_the_command_says_what_is_wrong_in_one_line(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    for arguments, words, code in (
        (["fetch", "tiny", f"hub={free_address()}", "folder=d1"], "cannot reach", 1),
        (["fetch", "tiny", f"hub={hub.url}/nowhere"], "404", 1),
        (["fetch", "tiny", f"hub={hub.url}", f"folder={tmp_path}/file/x"], "cannot write", 1),
        (["fetch", "tiny", f"hub={hub.url}", "folder=d2"], "MB more", 1),
        (["fetch", "gpt-2"], "there are: qwen2.5-coder-1.5b", 2),
        (["fetch"], "which model?", 2),
        (["fetch", "tiny", "hub=example.org"], "http", 2),
    ):
        room = SimpleNamespace(free=10 if "more" in words else 10**9)
        monkeypatch.setattr("shutil.disk_usage", lambda _, room=room: room)
        assert main(["models", *arguments, f"hydra.run.dir={tmp_path}/out"]) == code, arguments
        said = capsys.readouterr().err
        assert words in said
        assert said.count("\n") == 1


@pytest.mark.slow
def test_from_list_to_fetch_to_a_name_in_the_settings(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = f"hydra.run.dir={tmp_path}/out"
    with pytest.raises(ModelFileError, match="plywise models fetch tiny"):
        find_model("tiny")
    assert main(["models", run]) == 0
    said = capsys.readouterr().out
    assert "not fetched: plywise models fetch tiny" in said
    assert "SmolLM2" in said
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    assert main(["models", "fetch", "tiny", run]) == 0
    said = capsys.readouterr().out
    assert "(100%)" in said
    assert "llm.model_path=tiny" in said
    assert find_model("tiny").read_bytes() == DATA
    assert EmbeddedServer("tiny").weights == find_model("tiny")
    assert main(["models", "list", run]) == 0
    assert str(find_model("tiny")) in capsys.readouterr().out


def test_what_is_pinned_looks_right() -> None:
    for name, model in KNOWN.items():
        assert name == model.name
        assert re.fullmatch("[0-9a-f]{64}", model.sha256)
        assert model.address("https://h/").startswith("https://h/")
        assert model.file.endswith(".gguf")
