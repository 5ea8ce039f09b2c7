"""The border of everything written as HTML: pages that run and load only what stands in our files.

Outside text goes into a page through :func:`html_text`, or as data that the page's own script puts
in by ``textContent``.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib import resources
from typing import Any

from plywise.arena.output.text import printable


def html_text(text: str) -> str:
    """Return outside text as a browser shows it, in an element or in a quoted attribute."""
    return html.escape(printable(text))


def html_page(title: str, body: str, style: str, script: str = "") -> str:
    """Return a whole page.

    Its policy allows this very style and script (by their digests) and nothing else: no other
    script, also none in an attribute, and no request to anywhere.

    Args:
        title: any text.
        body: markup; outside text in it is escaped.
        style, script: of our own.
    """
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html_text(title)}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{body}\n{f'<script>{script}</script>' if script else ''}\n</body>\n</html>\n"
    )


def asset_page(package: str, name: str, data: Mapping[str, Any]) -> str:
    """Return a page that a script of ours draws from data; its title is ``data["title"]``.

    Args:
        package: whose folder ``assets`` holds ``NAME.html`` (the body, ``@DATA@`` in it), ``.css``
            and ``.js``; ``elements.js`` stands before that script.
        name: of these files.
        data: plain values.
    """
    folder = resources.files(package).joinpath("assets")
    body, style, script = (
        folder.joinpath(f"{name}.{kind}").read_text(encoding="utf-8")
        for kind in ("html", "css", "js")
    )
    shared = resources.files(__package__ or "").joinpath("assets", "elements.js")
    before, after = body.split("@DATA@")
    return html_page(
        str(data["title"]),
        before + script_data(data) + after,
        style,
        shared.read_text(encoding="utf-8") + script,
    )


def script_data(value: Any) -> str:
    """Return plain values as JSON to stand in ``<script type="application/json">``.

    All texts in it are as a page may show them; NaN has no place in it (``ValueError``).
    """
    packed = json.dumps(
        _texts_shown(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    # Inside <script> only "</" and "<!--" could end the data; no "<" at all is simpler to trust.
    return packed.replace("<", "\\u003c")


def _texts_shown(value: Any) -> Any:
    """Return plain values with all their texts as a page may show them."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): _texts_shown(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_texts_shown(one) for one in value]
    return value


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" if text else "'none'"
