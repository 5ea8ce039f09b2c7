"""``plywise verify log CORPUS``: our protocol lines against those that the real simulator wrote.

Every recorded step is replayed from the state before it with its recorded draws, and logged.  A
step is exact when its lines of the major kinds (``log.steps.MAJOR``) equal the recorded ones, in
their order; hints are left out.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from rich.console import Console
from rich.table import Table

from plywise.arena.output.screen import text_line
from plywise.arena.verify.corpus_report import CorpusReport, count_battles, decoded_steps
from plywise.conf.schemas.verify import VerifyConfig
from plywise.datasets.battle_corpus import RecordedBattle
from plywise.datasets.sums import add_fields
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.log.steps import MAJOR, kind_of, major, replay_log


@dataclass
class LogReport(CorpusReport):
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

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        return {
            **super().figures(),
            "lines": self.seen.total(),
            "missing": self.missing.total(),
            "extra": self.extra.total(),
        }

    def merge(self, other: Self) -> None:
        """Add another part of the same corpus; the examples stay the first ones."""
        self.examples = other.examples | self.examples
        add_fields(self, other, without=("examples",))

    def add(self, battle: RecordedBattle) -> None:
        """Compare the lines of a battle."""
        labels = Labels.of_teams(battle.teams(), battle.format)
        state: np.ndarray[Any, Any] | None = None
        for step, before in decoded_steps(battle):
            expected = [line for line in step.log if kind_of(line) != "-hint"]
            # Where a state cannot be decoded, ours goes on; without one a step counts as wrong.
            state = state if isinstance(before, str) else before
            got = [] if state is None else replay_log(state, 0, step, labels)
            self.note(f"{battle.number}:{step.number}", expected, got)

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


def verify_log(config: VerifyConfig) -> LogReport:
    """Compare the logs of a corpus.

    Raises:
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    return count_battles(LogReport, config)


def print_log_report(console: Console, report: LogReport) -> None:
    """Print the kinds of lines that differ and the figures."""
    wrong = report.missing | report.extra
    if wrong:
        table = Table("kind", "recorded", "missing", "extra", "first at (battle:step)")
        for kind, _ in wrong.most_common():
            numbers = (report.seen[kind], report.missing[kind], report.extra[kind])
            name = f"{kind} (major)" if kind in MAJOR else kind
            table.add_row(name, *map(str, numbers), report.examples[kind][0])
        console.print(table)
        for kind, _ in wrong.most_common():
            where, line, near = report.examples[kind]
            console.print(text_line(f"{where} {line}"), soft_wrap=True)
            if near:
                console.print(text_line(f"  beside {near}"), soft_wrap=True)
    console.print(
        f"{report.exact} of {report.steps} steps with the recorded major lines "
        f"({report.rate:.2%}), {report.whole} with all lines"
    )
