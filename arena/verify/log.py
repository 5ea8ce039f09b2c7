"""``plywise verify log CORPUS``: our protocol lines against those that the real simulator wrote.

Every recorded step is replayed from the state before it with its recorded draws, and logged.  A
step is exact when its lines of the major kinds (``log.steps.MAJOR``) equal the recorded ones, in
their order; hints are left out.
"""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plywise.arena.verify.shares import begin, in_shares
from plywise.datasets.battle_corpus import read_corpus
from plywise.engine.battle.border.codec import BattleSetup, LoggedFacts
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.log.steps import MAJOR, LogReport, kind_of, replay_log
from plywise.engine.battle.oracle.replay import decode_before


def verify_log(
    path: Path, jobs: int = 1, battle: int | None = None, limit: int | None = None
) -> LogReport:
    """Compare the logs of a corpus.

    Args:
        path: a ``.jsonl`` or ``.jsonl.gz`` corpus.
        jobs: processes to share the battles among.
        battle: number of the only battle to replay; None: all.
        limit: number of battles, the first ones; None: all.

    Raises:
        ConfigError: ``jobs`` or ``limit`` makes no sense.
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    begin(path, jobs, limit)
    return in_shares(_share, path, jobs, battle, limit)


def _share(path: Path, part: int, parts: int, only: int | None, limit: int | None) -> LogReport:
    """Replay every ``parts``-th battle, from number ``part`` on."""
    report = LogReport()
    for k, battle in enumerate(read_corpus(path, limit=limit)):
        if k % parts != part or (only is not None and battle.number != only):
            continue
        setup, unsaid = BattleSetup.of(battle), LoggedFacts()
        labels = Labels.of_teams(battle.teams(), battle.format)
        for step in battle.steps:
            before = decode_before(step, setup, unsaid)
            unsaid.learn(step)
            expected = [line for line in step.log if kind_of(line) != "-hint"]
            # A state that cannot be decoded has no lines of ours: it counts as wrong.
            got = [] if isinstance(before, str) else replay_log(before, 0, step, labels)
            report.note(f"{battle.number}:{step.number}", expected, got)
    return report


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
            console.print(escape(f"{where} {line}"), soft_wrap=True)
            if near:
                console.print(escape(f"  beside {near}"), soft_wrap=True)
    console.print(
        f"{report.exact} of {report.steps} steps with the recorded major lines "
        f"({report.rate:.2%}), {report.whole} with all lines"
    )
