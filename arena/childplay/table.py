"""Results of a task as a table and as plain values: counts, intervals, costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from plywise.arena.childplay.session import FAULT, ItemResult
from plywise.arena.ratings.intervals import Interval, wilson
from plywise.llm_modules.calls.accounting import Prices

_SUMS = "illegal retries calls cached http_retries prompt_tokens completion_tokens seconds".split()
_NOT_BRIEF = ("player", "calls", "cached", "http_retries", "seconds")


@dataclass(frozen=True)
class Row:
    """Results of one participant in a task; sums over its items, see ``ItemResult``.

    Attributes:
        player: name of the participant.
        n: items with a result, faults excluded.
        score: mean points; None: no result.
        low, high: Wilson interval of the score at 95 %.
        wins, draws, losses: results of games; 0 for puzzles.
        cost: US dollars; None: prices are unknown.
        means: means of further figures, over the answers that have them.
    """

    player: str
    n: int
    score: float | None
    low: float
    high: float
    wins: int = 0
    draws: int = 0
    losses: int = 0
    illegal: int = 0
    retries: int = 0
    forfeits: int = 0
    faults: int = 0
    calls: int = 0
    cached: int = 0
    http_retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    means: dict[str, float] = field(default_factory=dict)

    def brief(self) -> dict[str, Any]:
        """Return the most important values, for one line of JSON."""
        whole = asdict(self)
        kept = {name: value for name, value in whole.items() if name not in _NOT_BRIEF}
        means = kept.pop("means")
        return {**kept, **means}


def row(player: str, outcomes: Sequence[ItemResult], prices: Prices | None = None) -> Row:
    """Return the results of ``player``; ``prices``: of tokens; None: unknown."""
    done = [outcome for outcome in outcomes if outcome.score is not None]
    interval = wilson(sum(outcome.score or 0.0 for outcome in done), len(done))

    results = Counter(outcome.result for outcome in outcomes)
    sums = {name: sum(getattr(outcome, name) for outcome in outcomes) for name in _SUMS}
    prompt, completion = sums["prompt_tokens"], sums["completion_tokens"]
    names = {name for outcome in done for name in outcome.details}
    means = {}
    for name in sorted(names):
        values = [outcome.details[name] for outcome in done if name in outcome.details]
        means[name] = sum(values) / len(values)
    return Row(
        player=player,
        n=len(done),
        score=interval.value if done else None,
        low=interval.low,
        high=interval.high,
        wins=results["win"],
        draws=results["draw"],
        losses=results["loss"],
        forfeits=len([outcome for outcome in outcomes if outcome.forfeit]),
        faults=results[FAULT],
        cost=None if prices is None else prices.cost(prompt, completion),
        means=means,
        **sums,
    )


def lines(
    task: str, rows: Sequence[Row], published: Mapping[str, tuple[int, int]], games: bool
) -> list[str]:
    """Return a task's table as lines of text, with the published figures at the end."""
    heading = ["n", "score", "95 %", "illegal", "retries", "faults", "tokens in/out", "cost"]
    drawn = [[task, *heading]]
    for each in rows:
        counts = (str(x) for x in (each.illegal, each.retries, each.faults))
        tokens = f"{each.prompt_tokens:,}/{each.completion_tokens:,}"
        shown = Interval(each.score or 0.0, each.low, each.high)
        drawn.append(
            [
                each.player,
                str(each.n),
                *(_share(shown) if each.n else ("-", "-")),
                *counts,
                tokens if each.prompt_tokens else "-",
                "-" if each.cost is None else f"${each.cost:.4f}",
            ]
        )
    for model, (right, n) in published.items():
        name = f"({model}, published, T=0)"
        drawn.append([name, str(n), *_share(wilson(right, n)), *("-" * 5)])
    if games:
        results = [f"{each.wins}-{each.draws}-{each.losses}" for each in rows]
        column = ["W-D-L", *results, *("-" for _ in published)]
        drawn = [[*row[:4], cell, *row[4:]] for row, cell in zip(drawn, column, strict=True)]
    widths = [max(len(line[k]) for line in drawn) for k in range(len(drawn[0]))]
    return [
        "  ".join(
            f"{cell:<{width}}" if k == 0 else f"{cell:>{width}}"
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in drawn
    ]


def _share(interval: Interval) -> tuple[str, str]:
    value, low, high = (100 * x for x in (interval.value, interval.low, interval.high))
    return f"{value:.1f} %", f"{low:.1f} … {high:.1f}"
