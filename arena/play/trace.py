"""The trace of a game: values and advice of each decision, as plain values."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from plywise.datasets.recording import Losses
from plywise.search.decision import Decision

log = logging.getLogger(__name__)
_losses = Losses("entries of traces", log.warning)  # of this process


class Tracer:
    """Notes which player is deciding and, where wanted, the values and advice of each decision.

    Attributes:
        at: the player who decides or decided last, None before the first decision.
        trace: one mapping per decision that has values or advice: ``p`` ply, ``w`` player, ``v``
            value, ``s`` strategy, ``q`` values by action, ``d`` depth, ``n`` iterations, ``a``
            advice (``question``, ``status``, ``weights``), ``u`` certainty of the search where
            asking depends on it, ``f`` reason of a fallback.  Actions are keys as text; numbers
            have three decimals, shares of ``s`` six: scores are corrected by them.
    """

    def __init__(self, thinking: Callable[[int], None], *, keep: bool) -> None:
        self.at: int | None = None
        self.trace: list[dict[str, Any]] = []
        self._thinking = thinking
        self._keep = keep

    def thinking(self, ply: int, player: int) -> None:
        """Note which player decides."""
        self.at = player
        self._thinking(player)

    def decided(self, ply: int, player: int, decision: Decision) -> None:
        """Note the decision's values and advice."""
        values = thought(decision) if self._keep else {}
        if values:
            self.trace.append({"p": ply, "w": player} | values)


def thought(decision: Decision) -> dict[str, Any]:
    """Return a decision's values and advice as a trace holds them; {} where there are none.

    What an agent noted in another form than ours is lost, and costs no game.
    """
    with _losses.guard():
        return _thought(decision)
    return {}


def _thought(decision: Decision) -> dict[str, Any]:
    advice = [
        {"question": e.get("question", ""), "status": e.get("status", "")}
        | ({"weights": _numbers(e["weights"])} if "weights" in e else {})
        for e in decision.notes.get("transcript", ())
    ]
    entry: dict[str, Any] = {}
    if decision.values:
        strategy = {a: share for a, share in decision.strategy.items() if share > 0}
        entry |= {
            "v": round(float(decision.value), 3),
            "s": _numbers(strategy, 6),
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


def _numbers(values: Mapping[Any, float], digits: int = 3) -> dict[str, float]:
    return {str(key): round(float(value), digits) for key, value in values.items()}
