"""The guide protocol: three questions that an adviser slower than the search may answer.

*propose* (a prior over the player's own actions), *model* (a prior over the opponent's actions)
and *evaluate* (values of positions).  A search opens a consultation, runs at full speed, polls
between slices and uses what has arrived; a guide that is slow, wrong or dead costs only its advice.
A search without a clock (a fixed number of iterations, or a depth) drains the consultation before
it goes on, so that its result depends on the answers and not on their timing: recorded experiments
repeat.  Each answer counts by the guide's ``trust``: at 0 it changes nothing.  No answer removes an
action for good: what answers add to values is bounded and shrinks as the search grows.

In the tree search over simultaneous moves (``simultaneous/root.py``):

- PROPOSE adds a bonus to the values of the player's actions, by their odds, and scales their
  exploration.
- EVALUATE adds a bonus by the distance of a value from the mean of all.
- MODEL: with probability ``trust`` the opponent plays, in this decision, as predicted; else as it
  would otherwise.

In alpha-beta, where players move in turn (``alphabeta/root.py``):

- EVALUATE: an estimate searched to depth ``d`` becomes ``(1 - w) * estimate + w * value`` with
  ``w = a / (a + d)`` and ``a = advice_plies * confidence(trust)``; an action that the answer leaves
  out counts as the mean of the others.  Decides between equals too.
- PROPOSE counts as values that stand for the actions' odds, and in the order of the search: the
  likeliest action is searched right after the best one, so that an interrupted depth has judged it.
  Decides between equals.
- MODEL predicts the opponent's reply to this decision, whichever it is: the options are all its
  possible replies, and the prediction counts after each action that makes them legal.  The two
  likeliest replies are searched first; between equals the action is played after which the
  predicted replies lose most (their mean value above that after the best reply).

Equals (actions of exactly the same value) are told apart by MODEL, then EVALUATE, then PROPOSE.  A
proved win, draw or loss is never blended.  An action with only an upper bound is never chosen: the
search window opens as far as values can lift one action over another.

A fourth question needs, besides its member of :class:`Question`: ``_accept`` in both ``root.py``,
``ORDER`` in ``llm_modules/guides/guides.py``, a text in ``llm_modules/prompts/texts`` (``_TEXTS``
in ``prompting.py``), and questions with known answers in ``arena/llm_calibration`` (``_GROUPS`` in
its ``command.py``).  The setting ``llm.guides`` takes its choices from :class:`Question`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Question(Enum):
    """What a guide can be asked."""

    PROPOSE = "propose"
    MODEL = "model"
    EVALUATE = "evaluate"


@dataclass(frozen=True)
class Advice:
    """One answer of a guide.

    Attributes:
        question: the question answered.
        weights: action -> probability (PROPOSE: the player's, MODEL: the opponent's actions), or
            for EVALUATE the player's action -> value in [-1, 1], for that player, of the position
            that follows.  The rest of MODEL's probabilities up to 1 is for actions not named.
        trust: weight of the answer, from 0 (ignored) to 1 (believed fully).
        source: name of the guide, for logs.
        seconds: time that the answer took.
        cached: whether the answer came from a cache.
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
        calls: questions sent.
        cached: questions answered from a cache.
        late: questions whose answer did not arrive in time.
        failed: questions that ended in an error.
        over_budget: questions not sent because the budget was used up.
        unmetered: calls whose number of tokens is unknown (aborted, or the connection broke).
        used: answers that the search applied.
        ignored: answers without use to the search.
        spared: decisions without a question because the search was certain of them.
        prompt_tokens: tokens of the prompts.
        completion_tokens: tokens of the answers.
        cost: price of the calls in US dollars.
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


@dataclass(frozen=True)
class Uncertainty:
    """Uncertainty of a search about its decision.

    Attributes:
        gap: value of the best action above the second best, from 0 to 2.
        entropy: entropy of the strategy, from 0 (one action) to 1 (uniform).
        worlds: mean total variation between the opponent's strategies in the sampled worlds and
            their mean, from 0 (the same in all worlds) to 1.
        settled: whether no answer can change the decision any more.
    """

    gap: float
    entropy: float = 0.0
    worlds: float = 0.0
    settled: bool = False

    def __str__(self) -> str:
        text = f"gap {self.gap:.2f}, entropy {self.entropy:.2f}, worlds {self.worlds:.2f}"
        return f"settled, {text}" if self.settled else text


class Consultation(ABC):
    """Questions to a guide about one decision; no method blocks.

    Attributes:
        uncounted: seconds of other work that do not count as the advised player's time.
        verdict: reason why the guide was asked or not, in words; "" where it is always asked.
    """

    uncounted: float = 0.0
    verdict: str = ""

    @property
    @abstractmethod
    def finished(self) -> bool:
        """Whether no more answers will arrive: each question is answered, failed or abandoned."""

    @abstractmethod
    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll."""

    @abstractmethod
    def close(self) -> GuideReport:
        """Stop asking (an answer that has not arrived counts as late) and return the report."""

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One mapping per question, with ``question`` and ``status`` at least."""
        return []

    @property
    def undecided(self) -> bool:
        """Whether the guide is asked only if the search is uncertain, and was not asked yet."""
        return False

    def consider(self, uncertainty: Uncertainty) -> None:
        """Ask now if the search is uncertain enough; called only while ``undecided``."""
        raise NotImplementedError(f"{type(self).__name__} asks without a condition")
