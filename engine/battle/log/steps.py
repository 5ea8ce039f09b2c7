"""Replay of recorded steps with a log, to compare its lines with Showdown's own."""

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
    lines = protocol_lines(log_events.written_events(events), pool, i, labels)
    return [line for line in lines if line != "|"]  # a corpus leaves out what opens a phase
