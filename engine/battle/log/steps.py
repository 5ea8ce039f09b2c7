"""Replay of recorded steps with a log, to compare its lines with Showdown's own."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plywise.datasets.battle_corpus import RecordedStep
from plywise.engine.battle import chance, log_events
from plywise.engine.battle.border import codec
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.log.lines import protocol_lines
from plywise.engine.battle.rules import RULES
from plywise.engine.kernels import NO_ACTION

MAJOR = frozenset(
    (
        "move switch drag faint cant turn win tie -damage -heal -status -curestatus -boost "
        "-unboost -weather -terastallize -crit -miss -supereffective -resisted -immune"
    ).split()
)
"""Kinds of lines that a client needs to draw a battle."""


def kind_of(line: str) -> str:
    """Return the kind of a protocol line, such as ``-damage``."""
    return line.split("|", 2)[1]


def major(lines: Any) -> list[str]:
    """Return the lines of the major kinds."""
    return [line for line in lines if kind_of(line) in MAJOR]


def replay_log(pool: np.ndarray[Any, Any], i: int, step: RecordedStep, labels: Labels) -> list[str]:
    """Play ``step`` in place on state ``i`` with its recorded draws; return our lines of it."""
    actions = [
        NO_ACTION if choice is None else codec.action_of(choice, step.before, s)
        for s, choice in enumerate(step.choices)
    ]
    script = chance.new_script([(d.numerator, d.low, d.n, d.result) for d in step.draws])
    events = log_events.new_events()
    chance.attach_script(pool[i], script, events)
    RULES.step(pool, i, actions[0], actions[1])
    chance.detach_script(pool[i])
    return protocol_lines(log_events.written_events(events), pool, i, labels)


@dataclass
class LogReport:
    """How the logs of steps compare.

    Attributes:
        steps: compared steps.
        exact: steps whose lines of the major kinds are the recorded ones, in their order.
        whole: steps all of whose lines are.
        seen, missing, extra: by kind of line, recorded lines, those that we lack, and ours that
            are not recorded.
        examples: by kind, where a line is first wrong, that line (recorded or ours), and the other
            side's lines of that kind.
    """

    steps: int = 0
    exact: int = 0
    whole: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Share of exact steps; 0 without steps."""
        return self.exact / self.steps if self.steps else 0.0

    def to_json(self) -> str:
        """Return the figures as one line of JSON."""
        return json.dumps(
            {
                "steps": self.steps,
                "exact": self.exact,
                "rate": round(self.rate, 6),
                "whole": self.whole,
                "lines": sum(self.seen.values()),
                "missing": sum(self.missing.values()),
                "extra": sum(self.extra.values()),
            }
        )

    def merge(self, other: "LogReport") -> None:
        """Add another part of the same corpus."""
        self.steps += other.steps
        self.exact += other.exact
        self.whole += other.whole
        for mine, theirs in (
            (self.seen, other.seen),
            (self.missing, other.missing),
            (self.extra, other.extra),
        ):
            mine.update(theirs)
        self.examples = other.examples | self.examples

    def note(self, where: str, expected: Any, got: Any) -> None:
        """Compare the lines of one step; ``where`` is its ``battle:step``."""
        self.steps += 1
        self.exact += major(expected) == major(got)
        self.whole += list(expected) == list(got)
        theirs, ours = Counter(expected), Counter(got)
        self.seen.update(map(kind_of, expected))
        for lines, count, other in (
            (theirs - ours, self.missing, got),
            (ours - theirs, self.extra, expected),
        ):
            for line, n in lines.items():
                kind = kind_of(line)
                count[kind] += n
                near = [x for x in other if kind_of(x) == kind]
                self.examples.setdefault(kind, (where, line, " & ".join(near)))
