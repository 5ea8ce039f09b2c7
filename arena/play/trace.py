"""The trace of a game: what each decision's search thought, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from plywise.search.decision import Decision


class Tracer:
    """Notes who is deciding and, where wanted, what each search thought.

    Attributes:
        at: the player who decides or decided last, None before the first decision.
        trace: one mapping per decision that has values or advice: ``p`` ply, ``w`` player, ``v``
            value, ``s`` strategy, ``q`` values by action, ``d`` depth, ``n`` iterations, ``a``
            advice (``question``, ``status``, ``weights``), ``u`` how sure the search was where that
            decides whether to ask, ``f`` why it was no decision.  Actions
            are keys as text; numbers have three decimals; shares below 0.005 are left out.
    """

    def __init__(self, thinking: Callable[[int], None], *, keep: bool) -> None:
        self.at: int | None = None
        self.trace: list[dict[str, Any]] = []
        self._thinking = thinking
        self._keep = keep

    def thinking(self, ply: int, player: int) -> None:
        """Note who decides."""
        self.at = player
        self._thinking(player)

    def decided(self, ply: int, player: int, decision: Decision) -> None:
        """Note the decision's values and advice."""
        told = thought(decision) if self._keep else {}
        if told:
            self.trace.append({"p": ply, "w": player} | told)


def thought(decision: Decision) -> dict[str, Any]:
    """Return a decision's values and advice as a trace holds them; {} where there are none."""
    advice = [
        {"question": e.get("question", ""), "status": e.get("status", "")}
        | ({"weights": _numbers(e["weights"])} if "weights" in e else {})
        for e in decision.notes.get("transcript", ())
    ]
    entry: dict[str, Any] = {}
    if decision.values:
        strategy = {a: share for a, share in decision.strategy.items() if share >= 0.005}
        entry |= {
            "v": round(float(decision.value), 3),
            "s": _numbers(strategy),
            "q": _numbers(decision.values),
            "d": int(decision.depth),
            "n": int(decision.iterations),
        }
    if advice:
        entry["a"] = advice
    if sure := decision.notes.get("ask"):
        entry["u"] = str(sure)
    if fallback := decision.notes.get("fallback"):
        entry["f"] = str(fallback)[:200]
    return entry


def _numbers(values: Mapping[Any, float]) -> dict[str, float]:
    return {str(key): round(float(value), 3) for key, value in values.items()}
