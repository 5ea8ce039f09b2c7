"""``plywise verify coverage CORPUS``: how often each move, ability and item was verified.

Every recorded step is replayed from the recorded state before it, as by ``plywise verify engine``,
and counts for the moves of the log's ``|move|`` lines (called ones too) and for the abilities and
items of the Pokémon on the field.  :func:`write_page` writes all counts as a page of Markdown.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

from plywise.arena.output.files import write_whole
from plywise.arena.output.html import html_text
from plywise.arena.output.text import single_line
from plywise.arena.verify.corpus_report import CorpusReport, check_decoded, decoded_steps, recorded
from plywise.datasets.battle_corpus import RecordedBattle, RecordedStep, read_corpus
from plywise.datasets.errors import ConfigError
from plywise.datasets.showdown_data import load, to_id
from plywise.datasets.tables_in_use import read_about, updated_folder
from plywise.engine.battle.border import coverage
from plywise.engine.battle.oracle.replay import prepare_rules

KINDS = ("move", "ability", "item")
_NAMED = re.compile(r"(ability|item): ([^|\]]+)")


@dataclass
class CorpusFigures:
    """Size of one corpus, and its exact steps."""

    name: str
    format: str = ""
    battles: int = 0
    steps: int = 0
    exact: int = 0


@dataclass
class CoverageReport(CorpusReport):
    """Counts over corpora.

    Attributes:
        used: ``(kind, id)`` -> exact steps in which it was used (a move) or on the field.
        named: ``(kind, id)`` -> exact steps in which the log names it (abilities and items).
        wrong: ``(kind, id)`` -> steps with it that are not exact.
    """

    used: Counter[tuple[str, str]] = field(default_factory=Counter)
    named: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)
    corpora: list[CorpusFigures] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Share of exact steps; 0 without steps."""
        steps = sum(c.steps for c in self.corpora)
        return sum(c.exact for c in self.corpora) / steps if steps else 0.0

    def add(self, battle: RecordedBattle) -> None:
        """Replay a battle of the last corpus and count it."""
        corpus = self.corpora[-1]
        corpus.format = battle.format
        corpus.battles += 1
        for step, before in decoded_steps(battle):
            right = check_decoded(before, step).exact
            corpus.steps += 1
            corpus.exact += right
            (self.used if right else self.wrong).update(used_in(step))
            if right:
                self.named.update(set(named_in(step)))

    def unseen(self, kind: str) -> list[str]:
        """Return the ids of a kind without an exact step."""
        return [name for name in tables()[kind] if not self.used[kind, name]]

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        return {
            "transitions": sum(c.steps for c in self.corpora),
            "exact": sum(c.exact for c in self.corpora),
            **super().figures(),
            **{f"unseen_{kind}": len(self.unseen(kind)) for kind in KINDS},
        }


def tables() -> dict[str, list[str]]:
    """Return all ids of the tables, by kind."""
    data = load()
    kinds = zip(KINDS, (data.moves, data.abilities, data.items), strict=True)
    return {kind: sorted(table) for kind, table in kinds}


def used_in(step: RecordedStep) -> set[tuple[str, str]]:
    """Return the moves used in a step, and the abilities and items on the field before it."""
    found = set()
    for line in step.log:
        words = line.split("|")
        if len(words) > 3 and words[1] == "move":
            found.add(("move", to_id(words[3])))
    for side in step.before["S"]:
        mon = side["P"][0]
        if mon.get("act"):
            found |= {("ability", mon["ab"]), ("item", mon["it"])}
    return found


def named_in(step: RecordedStep) -> Iterable[tuple[str, str]]:
    """Yield the abilities and items that the log of a step names."""
    for line in step.log:
        for kind, name in _NAMED.findall(line):
            yield kind, to_id(name)
        words = line.split("|")
        if len(words) > 3 and words[1] in ("-item", "-enditem", "-ability"):
            yield words[1].removeprefix("-end").removeprefix("-"), to_id(words[3])


def corpora_at(path: Path) -> list[Path]:
    """Return the corpora at ``path``: one file, or all of a folder.

    Raises:
        ConfigError: there is none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.jsonl.gz"))
    if not found:
        raise ConfigError(f"{path}: no corpus (*.jsonl.gz) in it")
    return found


def count_coverage(path: Path, console: Console | None = None) -> CoverageReport:
    """Replay the corpus at ``path``, or every corpus of that folder, and return the counts.

    Raises:
        ConfigError: a folder without a corpus.
        CorpusError: a file is not a sound corpus of the pinned package.
    """
    report = CoverageReport()
    files = corpora_at(path)
    prepare_rules()
    for file in files:
        done = CorpusFigures(file.name)
        report.corpora.append(done)
        for battle in read_corpus(file):
            with recorded(battle, file):
                report.add(battle)
        if console is not None:
            console.print(f"{done.name}: {done.exact} of {done.steps} steps exact")
    return report


def print_coverage(console: Console, report: CoverageReport) -> None:
    """Print the numbers of ids verified and wrong, and the ids never seen."""
    table = Table("kind", "in the tables", "verified", "wrong in some step", "never seen")
    for kind in KINDS:
        names, unseen = tables()[kind], report.unseen(kind)
        wrong = [n for n in names if report.wrong[kind, n]]
        shown = ", ".join(unseen[:12]) + (" …" if len(unseen) > 12 else "")
        counts = (len(names), len(names) - len(unseen), len(wrong))
        table.add_row(kind, *map(str, counts), shown or "-")
    console.print(table)


def status(kind: str, name: str, report: CoverageReport) -> str:
    """Return the status of a move, ability or item: refused, wrong, exact, not seen …"""
    missing = {
        "move": coverage.UNMODELLED_MOVES,
        "ability": coverage.UNMODELLED_ABILITIES,
        "item": coverage.UNMODELLED_ITEMS,
    }
    if name in missing[kind]:
        return "refused"
    if f"{kind} {name}" in _unknown():
        return "no code for it"
    if report.wrong[kind, name]:
        return f"wrong in {report.wrong[kind, name]}"
    return "exact" if report.used[kind, name] else "modelled, not seen"


@cache
def _unknown() -> frozenset[str]:
    """Return what the engine has no code for of the updated tables in use."""
    folder = updated_folder()
    return frozenset(read_about(folder).unknown if folder else ())


def _cell(text: str) -> str:
    """Return outside text for a cell of a Markdown table, which may hold HTML."""
    return html_text(single_line(text)).replace("|", "\\|").replace("`", "'")


def write_page(path: Path, report: CoverageReport) -> None:
    """Write the page: the corpora, then one line for each move, ability and item."""
    data = load()
    lines = [
        "# What of Showdown the battle engine models, and how often that was checked",
        "",
        "Written by `plywise verify coverage FOLDER page=docs/COVERAGE.md`; do not edit. Every",
        "move, ability and item of generation 9 that the tables of pokemon-showdown",
        f"{data.version} hold, with the number of recorded steps of real battles in which it was",
        "used (moves) or held by an active Pokémon (abilities, items) and which the engine played",
        "exactly: every random draw, both sets of legal choices, and the whole state after it.",
        "`named` counts those steps in which the battle's log names the ability or item. What does",
        "nothing in singles is modelled too.",
        "",
        "| corpus | format of the teams | battles | steps | exact |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{_cell(c.name)}` | {_cell(c.format)} | {c.battles} | {c.steps} | {c.exact} |"
        for c in report.corpora
    ]
    for kind, plural in zip(KINDS, ("Moves", "Abilities", "Items"), strict=True):
        names, unseen = tables()[kind], report.unseen(kind)
        lines += ["", f"## {plural}: {len(names) - len(unseen)} of {len(names)} verified", ""]
        named = kind != "move"
        lines.append(f"| {kind} | status | steps |" + (" named |" if named else ""))
        lines.append("|---|---|---|" + ("---|" if named else ""))
        for name in names:
            row = f"| {name} | {status(kind, name, report)} | {report.used[kind, name]} |"
            lines.append(row + (f" {report.named[kind, name]} |" if named else ""))
    write_whole(path, "\n".join(lines) + "\n")
