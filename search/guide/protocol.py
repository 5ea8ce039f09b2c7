"""The guide protocol: three questions that somebody slower than the search may answer.

*propose* (a prior over the player's own actions), *model* (a prior over the opponent's actions)
and *evaluate* (values of positions).  A search starts a guide, runs at full speed, polls it between
slices, and uses whatever has arrived; a guide that is slow, wrong or dead costs nothing but its
advice.  A search without a clock (a fixed number of iterations, or a depth) hears its guide out
before it goes on, so that what it finds depends on the answers and not on when they came: that is
what makes a recorded experiment repeatable.  Every answer counts by the guide's ``trust``: at 0 it
changes nothing at all.  None can remove an action for good, since what answers add to values is
bounded and shrinks the more was searched.

In the tree search over simultaneous moves (``advised_root.py``):

- PROPOSE: adds a bonus to the values of own actions, by their odds, and scales their exploration.
- EVALUATE: adds a bonus by how far a value lies above the mean of all.
- MODEL: with probability ``trust`` the opponent plays, in this decision, as predicted; else as it
  would otherwise.

In alpha-beta, where players move in turn (``root.py``):

- EVALUATE: an estimate that was searched to depth ``d`` becomes ``(1 - w) * estimate + w * value``
  with ``w = a / (a + d)`` and ``a = advice_plies * confidence(trust)``; an action that the answer
  leaves out counts as the mean of the others.  Decides between equals too.
- PROPOSE: counts as values that stand for the actions' odds, and in the order of the search: the
  likeliest action is searched right after the best one, so that a depth which is cut short has
  judged it.  Decides between equals.
- MODEL is asked what the opponent will do after this decision, whichever it is: the options are
  what it may be able to play then, and the prediction counts for each own action after which they
  are legal.  The two likeliest replies are tried first; between equals that action is played after
  which the predicted replies give most away (their mean value above that after the best reply).

Equals (actions of exactly the same value) are told apart by MODEL, then EVALUATE, then PROPOSE.  A
proved win, draw or loss is never blended.  An action of which only an upper bound is known is never
chosen: the search's window opens as far as values can lift one action over another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Question(Enum):
    """What a guide can be asked."""

    PROPOSE = "propose"
    MODEL = "model"
    EVALUATE = "evaluate"


@dataclass(frozen=True)
class Advice:
    """One answer of a guide.

    Attributes:
        question: what it answers.
        weights: action -> probability (PROPOSE: own, MODEL: opponent's actions), or for EVALUATE
            own action -> value in [-1, 1], for the asking player, of the position that follows.
            What MODEL's probabilities leave of 1 is for actions that it does not name.
        trust: 0 (ignore) … 1 (believe fully).
        seconds: how long the answer took; ``cached`` whether it came from a cache.
        source: who answered, for logs.
    """

    question: Question
    weights: Mapping[int, float]
    trust: float
    source: str = ""
    seconds: float = 0.0
    cached: bool = False


@dataclass
class GuideCounts:
    """Cost and use of guidance, of one decision or of many (``add_fields`` sums them).

    Attributes:
        calls, cached, late, failed: questions sent, answered from a cache, given up, in vain.
        over_budget: questions not sent because the budget was used up.
        unmetered: calls of which nobody told us the tokens (given up, or the connection broke).
        used, ignored: answers that the search took in, and those of no use to it.
        spared: decisions about which nothing was asked because the search was sure of them.
        prompt_tokens, completion_tokens, cost: of the calls; cost in US dollars.
    """

    calls: int = 0
    cached: int = 0
    late: int = 0
    failed: int = 0
    over_budget: int = 0
    unmetered: int = 0
    used: int = 0
    ignored: int = 0
    spared: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


@dataclass
class GuideReport(GuideCounts):
    """Cost and use of guidance, with the seconds of each answered call (``latencies``)."""

    latencies: list[float] = field(default_factory=list)


class Consultation(Protocol):
    """A running consultation about one decision; none of its methods blocks."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will come: all is answered, failed or given up."""

    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll."""

    def close(self) -> GuideReport:
        """Stop asking (what has not arrived counts as late) and say what it cost."""
