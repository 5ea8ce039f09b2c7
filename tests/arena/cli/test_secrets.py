"""A password in an address reaches the server and nothing else: no file, no message."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from plywise.arena.cli.main import main
from plywise.datasets import address_secrets
from plywise.llm_modules.calls.chat import Message, Request
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.providers.openai import LLMClient

SECRET = "PASS-word-1"
SERVER = f"server.url=ws://user:{SECRET}@127.0.0.1:9/showdown/websocket"
MODEL = f"llm.base_url=http://user:{SECRET}@127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(address_secrets._VARIABLE, "{}")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def nowhere(folder: Path, said: str) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return SECRET not in said and not any(SECRET.encode() in f.read_bytes() for f in files)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["showdown", "-m", "llm=none", "agent=random", f"{SERVER},ws://x:{SECRET}2@h:9"], 1),
        (["tournament", "game=tic_tac_toe", "agents=[random,llm]", "tournament.pairs=1",
          "llm=openai", MODEL, "llm.model=m", "llm.max_retries=0", "tournament.executor=inline"],
         0),
    ],
    ids=["sweep", "tournament"],
)  # fmt: skip
def test_no_file_and_no_message_has_the_password(
    arguments: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert nowhere(tmp_path, said.out + said.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ["showdown", SERVER, "--cfg", "all", "--resolve"],
        ["showdown", SERVER, "battles=x"],
        ["showdown", SERVER.replace("ws://", "http://")],
        ["showdown", f"{SERVER}{{"],
        ["showdown", SERVER.removeprefix("server.url=")],
        ["play", "llm=openai", MODEL.replace("http://", "ftp://")],
        ["doctor", MODEL],
    ],
)
def test_nothing_printed_has_the_password(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    main(arguments)
    said = capsys.readouterr()
    assert said.out + said.err
    assert SECRET not in said.out + said.err


@pytest.mark.slow
def test_a_password_in_a_file_of_settings_or_a_variable_is_hidden_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, settings = tmp_path / "run", tmp_path / "conf"
    (settings / "llm").mkdir(parents=True)
    address = MODEL.partition("=")[2]
    (settings / "llm" / "mine.yaml").write_text(
        f"defaults: [openai]\nbase_url: {address}\nmodel: m\nmax_retries: 0\n"
    )
    monkeypatch.setenv("MY_ADDRESS", address)
    game = ["game=tic_tac_toe", "side=none", "agent=llm", "llm.max_retries=0"]
    of_variable = [*game, "llm=openai", "llm.base_url=${oc.env:MY_ADDRESS}", "llm.model=m"]
    of_file = [f"--config-dir={settings}", *game, "llm=mine"]
    for number, words in enumerate((["-m", *of_file], of_variable)):
        where = folder / str(number)
        dirs = [f"hydra.run.dir={where}", f"hydra.sweep.dir={where}"]
        assert main(["play", *words, *dirs]) == 0
    assert main(["play", "--cfg", "job", *of_file]) == 0
    assert main(["play", "--cfg", "job", "--resolve", *of_variable]) == 0
    said = capsys.readouterr()
    assert "base_url: http://user:***@127.0.0.1:9/v1" in said.out
    assert nowhere(folder, said.out + said.err)


def test_the_endpoint_gets_the_password() -> None:
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.headers["Authorization"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        address = address_secrets.hide(f"http://user:{SECRET}@127.0.0.1:{server.server_port}/v1")
        assert SECRET not in address
        with LLMClient(LLMConfig(address, "m", max_retries=0)) as llm:
            assert SECRET not in llm.endpoint
            llm.submit(Request((Message("user", "x"),), 1)).future.exception(10)
    assert seen == ["Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()]
