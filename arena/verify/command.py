"""``plywise verify`` and ``plywise record``: the battle engine against the real simulator."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import TextConsole, text_line
from plywise.arena.verify.corpus_report import CorpusReport
from plywise.arena.verify.coverage import count_coverage, print_coverage, write_page
from plywise.arena.verify.engine import print_report, verify_corpus
from plywise.arena.verify.log import print_log_report, verify_log
from plywise.arena.verify.record import record_corpus
from plywise.arena.verify.seed import print_seed_report, verify_seeds
from plywise.arena.verify.tracking import print_tracking_report, verify_tracking
from plywise.conf.schemas.verify import RecordConfig, VerifyConfig


def run_verify(config: VerifyConfig, folder: Path) -> int:
    """Compare the battle engine with a corpus, write ``verify.json``; 1: below ``require``."""
    console = TextConsole()
    report = _compare(config, console)
    figures = report.figures()
    console.print(text_line(json.dumps(figures)), soft_wrap=True)
    write_summary(folder / "verify.json", figures)
    if report.rate < config.require:
        console.print(f"Below what is required: {config.require:.2%}.")
        return 1
    return 0


def _compare(config: VerifyConfig, console: Console) -> CorpusReport:
    """Return the report, after printing it."""
    report: CorpusReport
    if config.what == "seed":
        report = verify_seeds(config)
        print_seed_report(console, report, config.causes)
    elif config.what == "log":
        report = verify_log(config)
        print_log_report(console, report)
    elif config.what == "tracking":
        report = verify_tracking(config)
        print_tracking_report(console, report)
    elif config.what == "coverage":
        report = count_coverage(Path(config.corpus), console)
        print_coverage(console, report)
        if config.page is not None:
            write_page(Path(config.page), report)
    else:
        report = verify_corpus(config, console)
        print_report(console, report, config.causes)
    return report


def run_record(config: RecordConfig, folder: Path) -> int:
    """Record a corpus of the real simulator."""
    print(f"recorded: {record_corpus(config)}")
    return 0
