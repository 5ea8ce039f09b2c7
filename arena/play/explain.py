"""Why an action was chosen: candidates, priors, values, the line, and questions to the model.

An explanation is a plain value: printed by ``plywise play explain=true``, kept in the game's file,
and made again of a Showdown match's decision log by ``plywise explain``.  It is for the person who
runs the engine and never sent to an opponent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Required, TypedDict, cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from plywise.arena.output.screen import TextConsole, text_line
from plywise.arena.output.text import single_line
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import read_text, reading
from plywise.games.base import State
from plywise.search.decision import Decision

if TYPE_CHECKING:
    from plywise.conf.schemas.play import ExplainConfig

_SMALL = 0.005  # shares below are left out
_LONGEST = 300  # characters of a reply
_ROWS = 12

_Names = Mapping[int, str]


class Candidate(TypedDict, total=False):
    """A move in an explanation; ``share`` of the strategy, the rest where it is known."""

    move: Required[str]
    share: float
    value: float
    alone: float
    visits: float
    prior: float
    advised: float


class Asked(TypedDict, total=False):
    """A question to the language model in an explanation, with its answer."""

    question: Any
    status: Any
    mode: Any
    seconds: float
    cached: bool
    reply: str
    thought: str
    error: Any
    trust: Any
    weights: dict[str, float]
    letters: dict[str, str]
    prompt: Any


class Explanation(TypedDict, total=False):
    """Why a move was chosen, as a value that JSON can hold (see :func:`explanation`)."""

    move: str
    value: float
    candidates: list[Candidate]
    opponent: dict[str, float]
    line: list[str]
    iterations: int
    depth: int
    ask: Any
    questions: list[Asked]
    mattered: dict[str, Any]
    fallback: Any
    guide_error: Any
    chosen_by: Any
    method: Any
    pokechamp: Any


def explanation(state: State, player: int, decision: Decision) -> Explanation:
    """Return the explanation of a decision, as a value that JSON can hold; actions by their names.

    Returns:
        ``candidates`` (``move``, ``share`` of the strategy, and where known ``value``, ``alone``
        (value without advice), ``visits``, ``prior`` and ``advised`` (the prior after the guide)),
        ``opponent`` (its predicted strategy), ``line``, ``value``, ``questions`` (with their
        answers), ``ask`` (why, or why not), ``mattered`` and further facts of the agent.
    """
    notes = decision.notes
    own = {a: state.action_to_string(player, a) for a in state.legal_actions(player)}
    theirs = {o.action: o.label for o in state.briefing(player).opponent}
    found: dict[str, Any] = {
        "move": own.get(decision.action, str(decision.action)),
        "value": _number(decision.value) if decision.values else None,
        "candidates": _candidates(decision, own),
        "opponent": _replies(state, player, decision, theirs),
        "line": _line(state, player, decision, own),
        "iterations": int(decision.iterations),
        "depth": int(decision.depth),
        "ask": notes.get("ask"),
        "questions": [_question(entry, own, theirs) for entry in notes.get("transcript", ())],
        "mattered": _mattered(decision, own),
    }
    for name in ("fallback", "guide_error", "chosen_by", "method", "pokechamp"):
        found[name] = notes.get(name)
    kept = {name: value for name, value in found.items() if value not in (None, [], {}, 0)}
    return cast("Explanation", kept)


def _replies(state: State, player: int, decision: Decision, theirs: _Names) -> dict[str, float]:
    """Return the opponent's predicted strategy; what has not been seen is one entry."""
    found: dict[str, float] = dict(decision.notes.get("replies", {}))
    if not found:
        for action, share in decision.opponent.items():
            name = theirs.get(action) or state.reply_name(player, action)
            found[name] = found.get(name, 0.0) + share
    most = sorted(found.items(), key=lambda item: -item[1])
    return {name: _number(share) for name, share in most if share >= _SMALL}


def _candidates(decision: Decision, own: _Names) -> list[dict[str, Any]]:
    notes = decision.notes
    columns: dict[str, Mapping[int, float]] = {
        "value": decision.values,
        "alone": notes.get("searched", {}),
        "visits": decision.visits,
        "prior": notes.get("priors", {}),
        "advised": notes.get("priors_advised", {}),
    }
    order = sorted(
        own, key=lambda a: (-decision.strategy.get(a, 0.0), -decision.values.get(a, -2.0))
    )
    return [
        {"move": own[a], "share": _number(decision.strategy.get(a, 0.0))}
        | {name: _number(known[a]) for name, known in columns.items() if a in known}
        for a in order
    ]


def _line(state: State, player: int, decision: Decision, own: _Names) -> list[str]:
    """Return the expected line by names, as far as they can be known without the future."""
    line = decision.principal_variation
    mind = state.clone()
    if mind is state or mind.current_player() != player:  # a view of a battle, or both move
        return [own.get(a, str(a)) for a in line[:1]]
    named: list[str] = []
    for action in line:
        mover = mind.current_player()
        if mover not in (0, 1) or action not in mind.legal_actions(mover):
            break
        named.append(mind.action_to_string(mover, action))
        mind.apply_action(action)
    return named


def _question(entry: Mapping[str, Any], own: _Names, theirs: _Names) -> dict[str, Any]:
    """Return one question with its answer and status."""
    names = theirs if entry.get("question") in ("model", "replies") else own
    letters = {k: names.get(a, f"action {a}") for k, a in entry.get("letters", {}).items()}
    found = {
        "question": entry.get("question"),
        "status": entry.get("status"),
        "mode": entry.get("mode"),
        "seconds": entry.get("seconds"),
        "cached": entry.get("cached") or None,
        "reply": _flat(entry.get("reply", "")) or None,
        "thought": _flat(entry.get("thought", "")) or None,
        "error": entry.get("error"),
        "trust": entry.get("trust"),
        "weights": {
            names.get(int(a), f"action {a}"): _number(w)
            for a, w in entry.get("weights", {}).items()
        },
        "letters": letters if entry.get("question") != "positions" else None,
        "prompt": entry.get("prompt"),
    }
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


def _mattered(decision: Decision, own: _Names) -> dict[str, Any]:
    """Return the action of the search without advice, as far as it is known."""
    notes = decision.notes
    found: dict[str, Any] = {}
    if (before := notes.get("before_advice")) is not None:
        found["before the first answer"] = own.get(before, str(before))
    if unguided := notes.get("unguided"):
        found["without advice"] = own.get(unguided["action"], str(unguided["action"]))
        found["value without advice"] = _number(unguided["value"])
    if found:
        others = [found[k] for k in ("without advice", "before the first answer") if k in found]
        found["changed the move"] = others[0] != own.get(decision.action)
    return found


def _number(value: float) -> float:
    return round(float(value), 4)


def _flat(text: str) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


# --- for people -----------------------------------------------------------------------------------


def show_explanation(console: Console, found: Explanation) -> None:
    """Print an explanation."""

    def say(line: str) -> None:
        console.print(text_line(f"    {line}"), soft_wrap=True)

    _show_candidates(console, found.get("candidates", []))
    if found.get("opponent"):
        say(f"expects: {_shares(found['opponent'])}")
    if found.get("line"):
        say(f"line: {' '.join(found['line'])}")
    if found.get("ask"):
        say(f"asking: {found['ask']}")
    for asked in found.get("questions", []):
        say(_asked_line(asked))
        if asked.get("thought"):
            say(f"  thought: {asked['thought']}")
        if asked.get("weights"):
            say(f"  says: {_shares(asked['weights'])}")
    if found.get("mattered"):
        facts = dict(found["mattered"])
        changed = facts.pop("changed the move", False)
        said = ", ".join(f"{name} {value}" for name, value in facts.items())
        say(f"advice {'changed the move' if changed else 'did not change the move'}: {said}")
    for name in ("chosen_by", "pokechamp", "fallback", "guide_error"):
        if name in found:
            words = found[name]
            if isinstance(words, dict):
                words = ", ".join(f"{key} {value}" for key, value in words.items())
            say(f"{name.replace('_', ' ')}: {words}")


def _show_candidates(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    titles = [t for t in ("share", "value", "alone", "visits", "prior", "advised") if t in rows[0]]
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("move")
    for title in titles:
        grid.add_column(title, justify="right")
    for row in rows[:_ROWS]:
        cells = [_cell(title, row.get(title)) for title in titles]
        grid.add_row(single_line(row["move"]), *cells, style="green" if row is rows[0] else "")
    console.print(Padding(grid, (0, 0, 0, 4), expand=False))
    if len(rows) > _ROWS:
        console.print(f"    and {len(rows) - _ROWS} more")


def _cell(title: str, value: float | None) -> str:
    if value is None:
        return ""
    if title == "visits":
        return f"{value:,.0f}"
    return f"{value:+.2f}" if title in ("value", "alone") else f"{value:.0%}"


def _shares(shares: Mapping[str, float]) -> str:
    """Return the largest shares with their names; values of positions may be negative."""
    most = sorted(shares.items(), key=lambda item: -item[1])[:5]
    if min(shares.values()) < 0:
        return ", ".join(f"{name} {value:+.2f}" for name, value in most)
    return ", ".join(f"{name} {value:.0%}" for name, value in most)


def _asked_line(asked: Mapping[str, Any]) -> str:
    line = f"asked {asked.get('question')}: {asked.get('status')}"
    if "seconds" in asked:
        line += f" after {asked['seconds']:.1f} s"
    if asked.get("cached"):
        line += " (cached)"
    if "reply" in asked:
        line += f": {asked['reply']}"
    if "error" in asked:
        line += f" ({_flat(str(asked['error']))})"
    return line


# --- a match's decision log -----------------------------------------------------------------------


class DecisionLogError(PlywiseError):
    """A file that is no decision log."""


def run_explain(config: ExplainConfig, folder: Path) -> int:
    """Print why the actions of a decision log were chosen.

    Raises:
        DecisionLogError: the file cannot be read, or is no decision log.
    """
    path = Path(config.file)
    console = TextConsole(no_color=not config.color)
    shown = 0
    wrong = (LookupError, TypeError, AttributeError, ArithmeticError)
    with reading(path, DecisionLogError, "decision log of plywise showdown", also=wrong):
        text = read_text(path)
        if _is_saved_game(text):
            raise DecisionLogError(
                f"{path} is a saved game of plywise play: plywise replay {path} explain=true"
            )
        for line in text.splitlines():
            entry = json.loads(line)
            if config.turn not in (None, entry["turn"]):
                continue
            if (config.battle or "") in entry["battle"]:
                _show_entry(console, entry, config.prompts)
                shown += 1
    if not shown:
        raise DecisionLogError(f"{path} has no such decision")
    return 0


def _is_saved_game(text: str) -> bool:
    """Return whether a file's text is one JSON object with a game's decisions."""
    try:
        whole = json.loads(text)
    except ValueError:  # a log of several lines, or damaged
        return False
    return isinstance(whole, dict) and "game" in whole and "infostate" not in whole


def _show_entry(console: Console, entry: Mapping[str, Any], prompts: bool) -> None:
    from plywise.games.gen9.infostate import from_json
    from plywise.games.gen9.state import InfoStateView

    advice = "played" in entry  # to a person
    info = from_json(entry["infostate"])
    place = "Team Preview" if info.previewing else f"turn {entry['turn']}"
    title = f"{entry['battle']}, {place}: {entry['action'] or 'no advice'}"
    if advice and entry["played"]:
        title += f" (the person played {entry['played']})"
    console.print(text_line((f"{title}  [{entry['seconds']:.1f} s]", "bold")), soft_wrap=True)
    if entry["decision"] is None:
        instead = "" if advice else "a random legal choice: "
        console.print(text_line(f"    {instead}{entry['fallback']}"), soft_wrap=True)
        return
    found = explanation(InfoStateView(info), info.player, _restored(entry["decision"]))
    show_explanation(console, found)
    for asked in found.get("questions", []) if prompts else []:
        for message in asked.get("prompt", []):
            for line in (f"[{message['role']}]", *message["content"].split("\n")):
                console.print(text_line(f"      {line}"), soft_wrap=True)


def _restored(raw: Mapping[str, Any]) -> Decision:
    """Return a decision from its entry in a log; JSON has turned its keys into texts."""

    def numbered(known: Mapping[str, Any]) -> dict[int, Any]:
        return {int(key): value for key, value in known.items()}

    notes = dict(raw["notes"])
    for name in ("priors", "priors_advised", "searched"):
        if name in notes:
            notes[name] = numbered(notes[name])
    by_action = {name: numbered(raw[name]) for name in ("strategy", "values", "visits", "opponent")}
    return Decision(**{**raw, **by_action, "notes": notes})
