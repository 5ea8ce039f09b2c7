"""``plywise verify engine CORPUS``: the battle engine compared with the real simulator.

Every recorded step is replayed twice: from the recorded state before it (and the log of earlier
steps, for the one fact that states lack: ``codec.LoggedFacts``), and from our own state carried on
from the battle's first step while all steps were exact.  A battle is exact when all its carried
steps are.  :mod:`plywise.engine.battle.oracle.replay` lists what is compared.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from plywise.arena.output.screen import text_line
from plywise.arena.verify.causes import CauseFinder, print_causes
from plywise.arena.verify.corpus_report import (
    CorpusReport,
    check_decoded,
    decoded_steps,
    in_shares,
    recorded,
)
from plywise.conf.schemas.verify import VerifyConfig
from plywise.datasets.battle_corpus import RecordedBattle, RecordedStep, read_corpus
from plywise.datasets.errors import ConfigError
from plywise.engine.battle.border.codec import BattleSetup
from plywise.engine.battle.border.describe import action_label, describe_state
from plywise.engine.battle.oracle.replay import StepCheck, check_step, decode_before, prepare_rules


@dataclass
class VerifyReport(CorpusReport):
    """Counts of the comparison with a corpus.

    Attributes:
        transitions: replayed steps.
        exact: steps that are exact from the recorded state before them.
        battles: battles replayed to their end.
        battles_exact: battles in which every carried step is exact.
        legal_mismatches: steps in which a side's legal choices differ.
        draw_mismatches: steps in which a random draw differs in kind, range or numerator.
        carried: steps played from our own state, up to a battle's first mismatch.
        carried_exact: carried steps that are exact.
        seconds: wall time.
    """

    transitions: int = 0
    exact: int = 0
    battles: int = 0
    battles_exact: int = 0
    legal_mismatches: int = 0
    draw_mismatches: int = 0
    carried: int = 0
    carried_exact: int = 0
    seconds: float = 0.0
    finder: CauseFinder = field(default_factory=CauseFinder, repr=False)
    carried_only: list[str] = field(default_factory=list)
    """``battle:step`` of steps that are exact from the dump and wrong when carried on."""

    @property
    def rate(self) -> float:
        """Share of exact steps; 0 without steps."""
        return self.exact / self.transitions if self.transitions else 0.0

    def note(self, example: str, step: RecordedStep, check: StepCheck) -> None:
        """Add one step replayed from its recorded state."""
        self.transitions += 1
        self.exact += check.exact
        self.legal_mismatches += bool(check.legal)
        self.draw_mismatches += check.draw is not None
        self.finder.add(example, step, check)

    def add(self, battle: RecordedBattle, whole: bool = True) -> None:
        """Replay a battle; one that is cut off counts by its steps alone."""
        carried = (
            decode_before(battle.steps[0], BattleSetup.of(battle)) if battle.steps else "no steps"
        )
        all_right = not isinstance(carried, str)
        for step, before in decoded_steps(battle):
            example = f"{battle.number}:{step.number}"
            check = check_decoded(before, step)
            self.note(example, step, check)
            if all_right and not isinstance(carried, str):
                self.carried += 1
                all_right = check_step(carried, 0, step).exact
                self.carried_exact += all_right
                if check.exact and not all_right:
                    self.carried_only.append(example)
        if whole:
            self.battles += 1
            self.battles_exact += all_right


def verify_corpus(config: VerifyConfig, console: Console | None = None) -> VerifyReport:
    """Replay a corpus and return the comparison; print progress and the differences of one step.

    Raises:
        ConfigError: there is no such battle or step.
        CorpusError: the file is not a sound corpus of the pinned package.
    """
    start = time.perf_counter()
    if config.step is not None:
        report = _one_step(config, config.step, console)
    else:
        share = partial(_share, console=console) if config.jobs == 1 else _share
        report = in_shares(share, config)
    if config.battle is not None and not report.transitions:
        raise ConfigError(f"battle={config.battle}: there is no such battle in {config.corpus}")
    report.seconds = time.perf_counter() - start
    return report


def _limited(config: VerifyConfig) -> Iterator[tuple[RecordedBattle, bool]]:
    """Yield battles and whether they are whole, up to ``limit`` steps in all."""
    left = config.limit if config.battle is None else None
    for battle in read_corpus(Path(config.corpus)):
        if left is None:
            yield battle, True
            continue
        steps = battle.steps[:left]
        whole = len(steps) == len(battle.steps)
        yield replace(battle, steps=steps), whole
        left -= len(steps)
        if left == 0:
            return


def _share(config: VerifyConfig, part: int, console: Console | None = None) -> VerifyReport:
    report = VerifyReport()
    for k, (battle, whole) in enumerate(_limited(config)):
        if k % config.jobs != part or config.battle not in (None, battle.number):
            continue
        with recorded(battle, config.corpus):
            report.add(battle, whole)
        if console is not None and console.is_terminal:
            console.print(
                f"\rbattle {battle.number}: {report.exact} of {report.transitions} steps exact",
                end="",
            )
    if console is not None and console.is_terminal:
        console.print()
    return report


def _one_step(config: VerifyConfig, number: int, console: Console | None) -> VerifyReport:
    prepare_rules()
    report = VerifyReport()
    for battle in read_corpus(Path(config.corpus)):
        if battle.number != config.battle:
            continue
        if not 0 <= number < len(battle.steps):
            raise ConfigError(
                f"step={number}: battle {battle.number} has steps 0 to {len(battle.steps) - 1}"
            )
        with recorded(battle, config.corpus):
            step, before = next(islice(decoded_steps(battle), number, None))
            shown = before if isinstance(before, str) else describe_state(before, 0)
            check = check_decoded(before, step)
            report.note(f"{battle.number}:{number}", step, check)
        if console is not None:
            print_step(console, shown, step, check)
        break
    return report


def print_step(console: Console, before: str, step: RecordedStep, check: StepCheck) -> None:
    """Print a step: the state before, the choices, the recorded log, and the differences."""
    console.print(Text(before), soft_wrap=True)
    choices = " / ".join(c or "nothing" for c in step.choices)
    console.print(f"choices: {choices}")
    for line in step.log:
        console.print(text_line(f"  {line}"), soft_wrap=True)
    for k, draw in enumerate(step.draws):
        kind = f"{draw.numerator}/{draw.n}" if draw.numerator >= 0 else f"{draw.low}+{draw.n}"
        line = f"  draw {k}: {draw.site} {kind} -> {draw.result}"
        console.print(text_line(line), soft_wrap=True)
    if check.exact:
        console.print("exact")
    if check.unreadable:
        console.print(text_line(check.unreadable))
    for legal in check.legal:
        expected = ", ".join(action_label(a) for a in legal.expected)
        got = ", ".join(action_label(a) for a in legal.got)
        console.print(f"legal for side {legal.side + 1}: expected {expected}; got {got}")
    if check.draw is not None:
        expected, got = check.draw.expected or "none", check.draw.got or "none"
        line = f"draw {check.draw.position}: expected {expected}; got {got}"
        console.print(text_line(line))
    if check.differences:
        table = Table("where", "what", "Showdown", "ours")
        for where, what, expected, got in check.differences:
            table.add_row(where, what, text_line(str(expected)), text_line(str(got)))
        console.print(table)


def print_report(console: Console, report: VerifyReport, causes: int = 20) -> None:
    """Print the table of causes and the figures."""
    print_causes(console, report.finder.causes(), causes, "steps", "`--battle N --step K`")
    if report.carried_only:
        shown = ", ".join(report.carried_only[:10])
        console.print(f"wrong only when our own state is carried on: {shown}")
    console.print(
        f"{report.exact} of {report.transitions} steps exact ({report.rate:.2%}), "
        f"{report.battles_exact} of {report.battles} battles whole, in {report.seconds:.1f} s"
    )
