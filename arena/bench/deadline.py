"""How late decisions come while every core of the machine is busy with something else."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from plywise.arena.agents.factory import BattleAgent
from plywise.arena.guidance.language_model import Advised
from plywise.arena.play.match import play_game
from plywise.conf.schemas.search import SimultaneousConfig
from plywise.engine.battle.rules import RULES
from plywise.games.base import State
from plywise.games.registry import make_game
from plywise.search.decision import Decision

TOLERANCE = 0.02
"""Seconds after its deadline at which a decision counts as late."""


class _Timed:
    """An agent whose decisions' lateness is kept, until there are enough of them.

    Attributes:
        late: seconds after its deadline, of each decision.
        stolen: seconds for which a host had taken cores from this machine meanwhile.
    """

    def __init__(self, agent: BattleAgent, seconds: float, wanted: int) -> None:
        self.name = agent.name
        self.late: list[float] = []
        self.stolen: list[float] = []
        self._agent = agent
        self._seconds = seconds
        self._wanted = wanted

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Decide; once there are enough decisions, at random, so that the battle ends."""
        legal = state.legal_actions(player)
        if len(self.late) >= self._wanted:
            action = legal[seed % len(legal)]
            return Decision(action=action, strategy={action: 1.0})
        before = _stolen()
        decision = self._agent.decide(state, player, seed)
        if len(legal) > 1:
            self.stolen.append(_stolen() - before)
            self.late.append(decision.seconds - self._seconds)
        return decision

    def close(self) -> None:
        """Nothing to free."""


def _stolen() -> float:
    """Return for how many seconds in all a host has taken cores from this virtual machine.

    Linux counts them in hundredths (``steal`` in proc_stat(5)); 0 elsewhere.
    """
    try:
        counted = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except FileNotFoundError:
        return 0.0
    return int(counted[8]) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Keep so many processes busy meanwhile."""
    loop = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(loop) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def bench_deadline(seconds: float, decisions: int, seed: int) -> dict[str, float]:
    """Let the battle search play itself with ``seconds`` a decision, one busy process a core.

    Returns:
        how many decisions had a choice, how many came more than 20 ms late, by how many
        milliseconds the typical, the 99th of 100 and the last one came after its deadline, and for
        how many in all a host had taken the cores while that last one was decided.
    """
    game = make_game("gen9randombattle")
    search = BattleAgent("search", RULES, SimultaneousConfig(seconds=seconds), Advised(None))
    agent = _Timed(search, seconds, decisions)
    cores = os.cpu_count() or 1
    with busy_cores(cores):
        while len(agent.late) < decisions:
            play_game(game, (agent, agent), seed)
            seed += 1
    late = np.array(agent.late)
    return {
        "busy_cores": float(cores),
        "decisions": float(len(late)),
        "decisions_over_20_ms_late": float((late > TOLERANCE).sum()),
        "median_late_ms": 1e3 * float(np.median(late)),
        "late_99_percent_ms": 1e3 * float(np.quantile(late, 0.99)),
        "latest_ms": 1e3 * float(late.max()),
        "stolen_meanwhile_ms": 1e3 * agent.stolen[int(late.argmax())],
    }
