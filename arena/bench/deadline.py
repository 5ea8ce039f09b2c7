"""``plywise bench deadline``: how late decisions are while all cores run other work."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plywise.arena.agents.battle_search import BattleAgent
from plywise.arena.agents.spec import Agent
from plywise.arena.guidance.advised import Advised
from plywise.arena.play.match import play_game
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.datasets.processes.children import python_command, running
from plywise.engine.battle.rules import RULES
from plywise.games.base import State
from plywise.games.registry import make_game
from plywise.search.decision import Decision

TOLERANCE = 0.02
"""Seconds after its deadline from which a decision counts as late."""


class _Timed(Agent):
    """An agent that records how late its decisions are, until there are enough of them.

    Attributes:
        late: seconds after the deadline, by decision; negative for early ones.
        stolen: seconds of CPU time taken by the host during each decision (steal time).
    """

    def __init__(self, agent: BattleAgent, seconds: float, wanted: int) -> None:
        self.name = agent.name
        self.late: list[float] = []
        self.stolen: list[float] = []
        self._agent = agent
        self._seconds = seconds
        self._wanted = wanted

    def decide(self, state: State, player: int, seed: int) -> Decision:
        """Return the agent's decision; a random one once enough are recorded, to end the battle."""
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


def _stolen() -> float:
    """Return this virtual machine's steal time in seconds, since boot and over all cores.

    Linux counts it (``steal`` in proc_stat(5)); 0 elsewhere.
    """
    try:
        counted = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except FileNotFoundError:
        return 0.0
    return int(counted[8]) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Run ``count`` busy processes while the ``with`` block runs."""
    loop = python_command("while True: pass")
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(running(loop))
            stack.callback(process.kill)  # before it is waited for
        yield


def lateness(late: NDArray[np.float64]) -> dict[str, float]:
    """Return the number of decisions and their lateness, from seconds after each deadline."""
    return {
        "decisions": float(len(late)),
        "decisions_over_20_ms_late": float((late > TOLERANCE).sum()),
        "median_late_ms": 1e3 * float(np.median(late)),
        "late_99_percent_ms": 1e3 * float(np.quantile(late, 0.99)),
        "latest_ms": 1e3 * float(late.max()),
    }


def bench_deadline(config: BenchConfig) -> dict[str, float]:
    """Let the battle search play itself with ``seconds`` a decision, one busy process a core.

    Returns:
        the number of decisions with a choice and of those more than 20 ms late; the median, the
        99th percentile and the maximum of the lateness in milliseconds; the steal time during the
        latest decision.
    """
    game = make_game("gen9randombattle")
    group = SimultaneousGroup(seconds=config.seconds)
    search = BattleAgent("search", RULES, group, Advised(None))
    agent = _Timed(search, config.seconds, config.decisions)
    seed = config.seed
    cores = os.cpu_count() or 1
    with busy_cores(cores):
        while len(agent.late) < config.decisions:
            play_game(game, (agent, agent), seed)
            seed += 1
    late = np.array(agent.late)
    return {
        "busy_cores": float(cores),
        **lateness(late),
        "stolen_meanwhile_ms": 1e3 * agent.stolen[int(late.argmax())],
    }
