"""``plywise fit branches``: how often the battle engine's branches are taken, for the compiler.

The search plays battles against itself with perfect information on an engine that counts.  The
shares change neither the rules nor the strength: LLVM lays out the engine's code by them.
"""

from __future__ import annotations

import json
from pathlib import Path

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numba

from plywise.arena.fit.open_play import OpenBattle, open_search, write_result
from plywise.arena.output.screen import TextConsole
from plywise.conf.schemas.commands import FitConfig
from plywise.datasets.errors import PlywiseError
from plywise.datasets.processes.pool import in_processes
from plywise.engine.compile import jit
from plywise.engine.compile.branch_weights import NEVER
from plywise.engine.compile.units import program_of


def fit_branches(config: FitConfig, folder: Path) -> int:
    """Play battles, and write the shares of the branches with their provenance.

    Raises:
        PlywiseError: nothing is compiled.
    """
    console = TextConsole()
    if not jit.COMPILED:
        raise PlywiseError("NUMBA_DISABLE_JIT is set: there is no compiled engine to count in")
    task = (config.battles, config.iterations, config.seed)
    # In a process of its own: where an engine has run, as in the next job of `-m`, none can count.
    with (
        console.status(f"{config.battles} battles of self-play"),
        in_processes(_count, [task], jobs=1) as counted,
    ):
        shares, decisions = next(counted)
    every = [share for found in shares.values() for share in found]
    provenance = {
        "decisions": decisions,
        "branches": len(every),
        "never": every.count(NEVER),
        "numba": numba.__version__,
        "llvm": ".".join(map(str, llvm.llvm_version_info)),
        "command": f"plywise fit branches battles={config.battles} "
        f"iterations={config.iterations} seed={config.seed}",
    }
    lines = ",\n".join(f"  {json.dumps(unit)}: {json.dumps(s)}" for unit, s in shares.items() if s)
    text = f'{{"branches": {{\n{lines}\n}},\n"fit": {json.dumps(provenance)}}}\n'
    write_result("branches", text, provenance, config, folder, console)
    return 0


def _count(battles: int, iterations: int, seed: int) -> tuple[dict[str, list[int]], int]:
    """Play the battles; return the shares by unit, and the number of decisions."""
    program = program_of("plywise.engine.battle")
    program.count_branches()
    search = open_search(iterations)
    decisions = sum(
        len(position.decisions)
        for number in range(battles)
        for position in OpenBattle(search, number, seed)
    )
    return program.counted_shares(), decisions
