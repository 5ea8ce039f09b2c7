"""Outside text on the way to a terminal or a page: nothing but what is shown."""

import io
import json
import logging
import sys
import unicodedata

import pytest
from rich.table import Table
from rich.text import Text

from plywise.arena.output.html import html_page, html_text
from plywise.arena.output.screen import Screen, TextConsole, text_line
from plywise.arena.output.text import (
    GuardedStream,
    LogFormatter,
    guard_streams,
    printable,
    single_line,
)

EVIL = "[/x][red]\x1b]0;T\x07\x1b[38;5;201m\x9b2J\u202e\u2028\x7f\rfoo :cat:"
SHOWN = r"[/x][red]\u001b]0;T\u0007\u001b[38;5;201m\u009b2J\u202e\u2028\u007f\rfoo :cat:"


class Tty(io.StringIO):
    """A terminal of which the bytes are kept."""

    def isatty(self) -> bool:
        return True


def terminal() -> tuple[TextConsole, Tty]:
    file = Tty()
    return TextConsole(file=file, width=200, force_terminal=True, color_system="256"), file


def test_controls_become_escapes_as_in_json() -> None:
    assert printable(EVIL).replace(r"\u000d", r"\r") == SHOWN
    assert printable("a\r\nb\tc") == "a\nb\tc"
    assert single_line("a\nb\tc") == r"a\nb\tc"
    assert printable("\ud83d \U000e0041") == r"\ud83d \udb40\udc41"
    line = json.dumps({"name": EVIL}, ensure_ascii=False)
    assert json.loads(printable(line)) == {"name": EVIL}


def test_people_s_own_texts_stay_as_they_are() -> None:
    for text in ("Zoë", "名前", "مرحبا", "👩‍👧 \u00a0½ −", "می\u200cخواهم", "", "a\nb"):
        assert printable(text) == text


def test_no_control_of_unicode_passes() -> None:
    shown = printable("".join(map(chr, range(0x110000))))
    assert {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == {"Cc", "Cf"}
    assert {c for c in shown if unicodedata.category(c) in ("Cc", "Cf")} == set("\n\t\u200c\u200d")


def test_the_console_shows_text_as_text_wherever_it_stands() -> None:
    console, file = terminal()
    table = Table(EVIL, title=EVIL)
    table.add_row(EVIL)
    table.add_row(Text(EVIL, style="bold"))
    console.print(EVIL, soft_wrap=True)
    console.print(Text(EVIL), soft_wrap=True)
    console.print(text_line(("w:", "yellow"), EVIL), soft_wrap=True)
    console.print(table)
    with console.status(EVIL):
        pass
    written = file.getvalue()
    assert "\x1b[33mw:\x1b[0m" in written  # rich's own
    assert "\x1b]" not in written
    assert "38;5;201m" not in written.replace(r"\u001b[38;5;201m", "")
    assert not {"\x07", "\x9b", "\u202e", "\u2028", "\x7f"} & set(written)
    assert written.count("[/x][red]") >= 7


def test_what_others_write_goes_above_the_picture_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    console, file = terminal()
    monkeypatch.setattr(sys, "stdout", file)
    guard_streams()
    link = "\x1b]8;;http://example.org\x1b\\link\x1b[38;5;201m"
    with Screen(lambda: "the picture", console):
        print(link)
        print("no end of a line", end="")
    print(link)
    written = file.getvalue()
    assert written.count(r"\u001b]8;;http://example.org\u001b\link\u001b[38;5;201m") == 2
    assert "no end of a line" in written
    assert "\x1b]" not in written


def test_streams_are_guarded_once_and_keep_their_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", raw)
    monkeypatch.setattr(sys, "stderr", None)  # closed by the shell
    guard_streams()
    guard_streams()
    assert isinstance(sys.stdout, GuardedStream)
    assert sys.stdout.rich_proxied_file is raw
    assert (sys.stdout.encoding, sys.stderr) == ("ascii", None)
    sys.stdout.writelines(["\x1b[2J", "é"])
    assert raw.buffer.getvalue() == b"\\u001b[2J?"


def test_a_log_message_is_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "said %s", ("a\nb\x1b[2J",), None)
    assert LogFormatter("%(message)s").format(record) == r"said a\nb\u001b[2J"


def test_pages_run_what_is_ours_alone() -> None:
    page = html_page("</title><script>", "<p>x</p>", "p { color: red }", "go()")
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in page
    policy = page.split('content="')[1].split('"')[0]
    # printf 'go()' | openssl dgst -sha256 -binary | base64
    assert "script-src 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "script-src 'none'" in html_page("t", "", "")
    assert html_text("\"<\x1b'\ud83d") == r"&quot;&lt;\u001b&#x27;\ud83d"
