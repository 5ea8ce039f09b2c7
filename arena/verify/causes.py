"""The most likely causes of mismatches.

Every step mentions moves, abilities, items and conditions (its subjects).  A greedy cover finds the
causes: the subject with the highest failure rate explains all its wrong steps, these are removed,
and the search is repeated on the rest.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from rich.console import Console
from rich.table import Table

from plywise.arena.output.screen import text_line
from plywise.datasets.battle_corpus import Dump, RecordedStep
from plywise.datasets.showdown_data import load, to_id
from plywise.datasets.sums import add_fields
from plywise.engine.battle.oracle.replay import StepCheck

_FROM = re.compile(r"(ability|item|move): ([^|\]]+)")
_PRIOR = 1.0  # pseudo-count of exact steps of each subject


@dataclass(frozen=True)
class Cause:
    """One cause of mismatches.

    Attributes:
        subject: id, such as ``move knockoff`` or ``ability trace``.
        steps: number of wrong steps that it explains.
        seen: number of steps in which it occurs.
        symptom: most frequent symptom of its wrong steps.
        example: ``battle:step`` of one of them.
    """

    subject: str
    steps: int
    seen: int
    symptom: str
    example: str


@dataclass
class CauseFinder:
    """Collects steps; :meth:`causes` explains the wrong ones."""

    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, frozenset[str], str]] = field(default_factory=list)

    def add(self, example: str, step: RecordedStep, check: StepCheck) -> None:
        """Add one step; ``example`` is its ``battle:step``."""
        found = frozenset(subjects(step))
        self.seen.update(found)
        if not check.exact:
            self.wrong.append((example, found, symptom(check)))

    def __iadd__(self, other: Self) -> Self:
        """Add the steps of another finder."""
        add_fields(self, other)
        return self

    def causes(self) -> list[Cause]:
        """Return all causes, most frequent first; every wrong step counts once."""
        rest = sorted(self.wrong, key=lambda w: tuple(map(int, w[0].split(":"))))
        out: list[Cause] = []
        while rest:
            failures = Counter(s for _, found, _ in rest for s in found)
            best = max(
                failures, key=lambda s: (failures[s] / (self.seen[s] + _PRIOR), failures[s], s)
            )
            mine = [w for w in rest if best in w[1]]
            rest = [w for w in rest if best not in w[1]]
            common, _ = Counter(w[2] for w in mine).most_common(1)[0]
            example = next(w[0] for w in mine if w[2] == common)
            out.append(Cause(best, len(mine), self.seen[best], common, example))
        return sorted(out, key=lambda c: -c.steps)


def print_causes(console: Console, found: list[Cause], most: int, what: str, command: str) -> None:
    """Print a table of the first ``most`` causes, if there are any.

    Args:
        console: where they are printed.
        found: all causes, most frequent first.
        most: number of causes to print.
        what: what is wrong: steps, or battles (by first wrong step).
        command: the command that prints one wrong step.
    """
    if not found:
        return
    table = Table("cause", f"wrong {what}", "seen in", "first symptom", "example (battle:step)")
    for cause in found[:most]:
        table.add_row(
            text_line(cause.subject),
            str(cause.steps),
            str(cause.seen),
            text_line(cause.symptom),
            cause.example,
        )
    console.print(table)
    if len(found) > most:
        rest = sum(cause.steps for cause in found[most:])
        console.print(f"… and {len(found) - most} more causes of {rest} wrong {what}")
    console.print(f"{command} shows one of them.")


def symptom(check: StepCheck) -> str:
    """Return the first thing that is wrong, in a few words."""
    if check.unreadable:
        return check.unreadable
    if check.legal:
        return "legal choices"
    if check.draw:
        # The site alone: numbers differ from case to case.
        expected = check.draw.expected.rsplit(" ", 1)[0] or "none"
        got = check.draw.got.rsplit(" ", 1)[0] or "none"
        return f"draw: {expected} expected, {got} made"
    return ", ".join(dict.fromkeys(what for _, what, _, _ in check.differences[:4]))


def subjects(step: RecordedStep) -> Iterable[str]:
    """Yield the moves, abilities, items and conditions of a step, with repetitions."""
    yield "any step"
    moves = load().moves
    for line in step.log:
        words = line.split("|")
        kind = words[1] if len(words) > 1 else ""
        if kind == "move":
            name = to_id(words[3])
            yield f"move {name}"
            yield f"target {moves[name]['target']}" if name in moves else "an unknown move"
        elif kind in ("switch", "drag", "faint", "cant", "-terastallize", "-formechange", "-fail"):
            yield kind.strip("-")
            if kind == "cant":
                yield f"cant {to_id(words[3])}"
        elif kind in ("-start", "-end", "-activate", "-singleturn", "-sidestart", "-sideend"):
            yield f"{kind.strip('-')} {to_id(words[3] if len(words) > 3 else '')}"
        elif kind in ("-weather", "-fieldstart", "-fieldend", "-status", "-curestatus", "-item"):
            yield f"{kind.strip('-')} {to_id(words[3] if len(words) > 3 else words[2])}"
        for what, name in _FROM.findall(line):
            yield f"{what} {to_id(name)}"
    for dump in (step.before, step.after):
        yield from _of_actives(dump)
    if step.before["q"]:
        yield "choice in the middle of a turn"


def _of_actives(dump: Dump) -> Iterable[str]:
    if dump["w"]:
        yield f"weather {dump['w']}"
    if dump["t"]:
        yield f"terrain {dump['t']}"
    for name in dump["pw"]:
        yield f"field {name}"
    for side in dump["S"]:
        mon = side["P"][0]
        for name in side["sc"]:
            yield f"side {name}"
        for name in side["sl"][0]:
            yield f"slot {name}"
        if not mon.get("act"):
            continue
        yield f"ability {mon['ab']}"
        if mon["it"]:
            yield f"item {mon['it']}"
        if mon.get("s"):
            yield f"status {mon['s']}"
        if mon.get("tera"):
            yield f"tera {mon['tera']}"
        for name in mon.get("vo", {}):
            yield f"volatile {name}"
