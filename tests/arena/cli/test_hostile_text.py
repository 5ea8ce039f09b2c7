"""Hostile text in every field from outside, on a pseudo-terminal: it is shown, and nothing more.

All commands run in one process, whose terminal is read whole.  ``TERM=dumb`` makes rich write no
escape sequence at all, so that any other byte below 32 is a fault; with ``TERM=xterm-256color`` its
own are taken away first.
"""

import contextlib
import gzip
import http.server
import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

EVIL = "[/x][red]\x1b]0;T\x07\x1b[38;5;201m\x9b2J\u202e\u2028\x7f\rfoo"
RICH = re.compile(r"\x1b\[[0-9;]*[mAK]|\x1b\[\?25[hl]|\r(?=\x1b\[)")
"""Styles; one line up, erase a line, hide and show the cursor."""
IN_A_PATH = EVIL.replace("/", "")
DRIVER = """
import json, sys
from plywise.arena.cli.main import main
for arguments in json.load(open("commands.json")):
    print("@@@", flush=True)
    print("exit", main(arguments), flush=True)
"""


class Endpoint(http.server.BaseHTTPRequestHandler):
    """A model's endpoint: refuses with hostile words, or answers with them."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"].startswith("answers"):
            message = {"role": "assistant", "content": f"A {EVIL}"}
            body: dict[str, Any] = {"choices": [{"message": message, "index": 0}]}
            self.reply(200, body | {"id": EVIL, "model": EVIL, "object": "chat.completion"})
        else:
            self.reply(400, {"error": {"message": EVIL, "type": EVIL}})

    def do_GET(self) -> None:
        self.reply(200, {"data": [{"id": EVIL}]})

    def reply(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def showdown() -> Iterator[str]:
    """A server that lets nobody in, with hostile words, and ends the connection."""

    def speak(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # the first one only looks whether we are here
            connection.send("|challstr|4|abc")
            connection.recv(timeout=30)
            connection.send(f"|nametaken|{EVIL}|{EVIL}")
            connection.send(f"|popup|{EVIL}")
            connection.close(1000, "[/x]\x1b[38;5;201m")

    with serve(speak, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/showdown/websocket"
        server.shutdown()


def on_a_terminal(folder: Path, commands: list[list[str]], term: str) -> list[bytes]:
    """Run the commands on a pseudo-terminal and return what each wrote to it."""
    (folder / "commands.json").write_text(json.dumps(commands))
    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        cwd=folder,
        stdin=subprocess.DEVNULL,  # nobody steps through a replay
        stdout=other,
        stderr=other,
        env=os.environ | {"TERM": term, "COLUMNS": "100", "OPENAI_API_KEY": "k"},
    )
    os.close(other)
    written = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:  # on Linux the end of a terminal
            break
        if not data:
            break
        written += data
    os.close(main)
    assert process.wait(timeout=60) == 0, written.decode(errors="replace")
    parts = written.split(b"@@@\r\n")[1:]
    assert len(parts) == len(commands)
    return parts


def faults(text: str) -> list[str]:
    """Return the characters of a terminal's input that do more than appear."""
    text = text.replace("\r\n", "\n")
    return [c for c in text if not (c.isprintable() or c in "\n\t")]


def files(folder: Path) -> None:
    """Write what the commands below read, hostile in every field."""
    (folder / "r.csv").write_text(
        f'player_a,player_b,score_a\n"{EVIL}","b\n{EVIL}",1\n"b\n{EVIL}",c,0.5\n', encoding="utf-8"
    )
    (folder / "positions.txt").write_text(f"44\n{EVIL}\n", encoding="utf-8")
    why: dict[str, Any] = {
        "candidates": [{"move": EVIL, "share": 1.0}],
        "line": [EVIL],
        "ask": EVIL,
    }
    why |= {"questions": [{"question": EVIL, "status": EVIL, "reply": EVIL, "error": EVIL}]}
    why |= {"opponent": {EVIL: 1.0}, "chosen_by": EVIL, "pokechamp": {EVIL: EVIL}}
    move = {"ply": 0, "player": 0, "action": 4, "move": "[/x]", "why": why}
    game: dict[str, Any] = {
        "format": "plywise-terminal-game/2", "game": "tic_tac_toe", "parameters": {},
        "players": ["[/x]", "[red]:cat:"], "seed": 0, "started": "[/x]", "ending": "quit",
        "returns": None, "moves": [move],
        "final_state": '{"game": "tic_tac_toe", "rows": 3, "columns": 3, "moves": [4]}',
    }  # fmt: skip
    (folder / "game.json").write_text(json.dumps(game))
    wrong: list[dict[str, Any]] = [{"game": EVIL}, {"parameters": {EVIL: 1}}]
    for number, changed in enumerate(wrong):
        (folder / f"bad{number}.json").write_text(json.dumps(game | changed))
    entry: dict[str, Any] = {
        "battle": EVIL,
        "turn": 1,
        "action": EVIL,
        "seconds": 0.1,
        "decision": None,
    }
    (folder / "decisions.jsonl").write_text(json.dumps(entry | {"fallback": EVIL}) + "\n")
    (folder / "bad.jsonl").write_text(json.dumps({EVIL: EVIL}) + "\n")
    with gzip.open(folder / "c.jsonl.gz", "wt") as file:
        file.write(json.dumps({"format": EVIL, "version": EVIL}) + "\n")
    (folder / "evil.py").write_text(f"raise ValueError({EVIL!r})\n", encoding="utf-8")


def commands(endpoint: str, showdown: str) -> list[list[str]]:
    label = f"label:{json.dumps(IN_A_PATH.replace(':', ''), ensure_ascii=False)}"
    model = ["llm=openai", f"llm.base_url={endpoint}", "llm.max_retries=0"]
    return [
        [EVIL],
        ["play", EVIL],
        ["play", f"{EVIL}=1"],
        ["play", f"game={EVIL}"],
        ["play", f"side='{EVIL}'"],
        ["play", "game=path:evil.py", "llm=none"],
        ["play", "game=tic_tac_toe", "side=none", "agent=llm_search", "llm.trust=1", *model,
         "llm.model=refuses", "explain=true"],
        ["play", "game=tic_tac_toe", "side=none", "agent=llm", *model, f"llm.model='answers{EVIL}'",
         "explain=true"],
        ["ratings", "r.csv"],
        ["ratings", f"no{IN_A_PATH}.csv"],
        ["replay", "game.json", "explain=true"],
        *(["replay", f"bad{number}.json"] for number in range(2)),
        ["explain", "decisions.jsonl"],
        ["explain", "bad.jsonl"],
        ["tournament", "-m", "game=tic_tac_toe", f"agents=[random,{{name:random,{label}}}]",
         "tournament.pairs=1", "tournament.executor=inline", f"tournament.record='{IN_A_PATH}.db'"],
        ["report", f"{IN_A_PATH}.db", f"{IN_A_PATH}.html"],
        ["luck", f"{IN_A_PATH}.db"],
        ["solve", "connect_four", "positions.txt"],
        ["verify", "engine", "c.jsonl.gz"],
        ["record", "engine", f"{IN_A_PATH}.txt"],
        ["selfplay", "game=tic_tac_toe", "games=1", "jobs=1", f"out='{IN_A_PATH}.npz'"],
        ["models", "fetch", EVIL],
        ["bench", EVIL],
        ["llm", "calibrate", "games=tic_tac_toe", "questions=2", *model, "llm.model=refuses"],
        ["showdown", "llm=none", "agent=random", "opponent=random", f"server.url={showdown}"],
    ]  # fmt: skip


@pytest.mark.slow
def test_commands_show_hostile_text_and_write_no_control_characters(
    tmp_path: Path, endpoint: str, showdown: str
) -> None:
    files(tmp_path)
    given = commands(endpoint, showdown)
    parts = on_a_terminal(tmp_path, given, "dumb")
    for arguments, written in zip(given, parts, strict=True):
        text = written.decode()
        assert "Traceback" not in text, text
        assert faults(text) == [], (arguments, text)
    shown = [b"x][red]" in written for written in parts]
    assert sum(shown) >= 16  # it is there to be read
    logs = list(tmp_path.rglob("*.log"))
    assert logs
    for log in logs:
        assert faults(log.read_text(encoding="utf-8")) == [], log


@pytest.mark.slow
def test_in_colour_the_only_escape_sequences_are_rich_s(
    tmp_path: Path, endpoint: str, showdown: str
) -> None:
    files(tmp_path)
    marks = ("llm.model=refuses", "r.csv", "tournament")  # a spinner, styles, a live picture
    given = [c for c in commands(endpoint, showdown) if set(marks) & set(c) and c[0] != "llm"]
    seen: set[str] = set()
    for written in on_a_terminal(tmp_path, given, "xterm-256color"):
        text = written.decode()
        seen |= set(RICH.findall(text))
        assert faults(RICH.sub("", text)) == [], text
    assert {"\x1b[1m", "\x1b[33m", "\x1b[?25l", "\x1b[2K"} <= seen
    assert not any("201" in sequence for sequence in seen)


def test_the_traceback_of_a_bug_is_text_too() -> None:
    program = f"""
import sys
from plywise.arena.cli import main
def broken(arguments):
    raise RuntimeError({EVIL!r})
main._dispatch, sys.argv = broken, ["plywise"]
sys.exit(main.main())
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert "[/x][red]" in done.stderr
    assert faults(done.stderr) == []
