"""What all tests share: Ctrl-C that reaches children, and kernels that are compiled once."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

# Where SIGINT is ignored (``nohup make test &``) every child would inherit that, and no test of
# Ctrl-C could end what it started.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Measurements of models are the user's (``llm_calibration.json``): tests read none and write none.
_DATA = tempfile.TemporaryDirectory(prefix="tests-data-", ignore_cleanup_errors=True)
os.environ["XDG_DATA_HOME"] = _DATA.name
os.environ["PLYWISE_DATA"] = "pinned"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `plywise` does, and before NumPy loads

# Each search of each kind of game, and the solvers: what most tests need.
_COMPILE = """
from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup

for name, search in (
    ("gen9randombattle", SimultaneousGroup()),
    ("goofspiel", SimultaneousGroup()),
    ("battleship", SimultaneousGroup()),
    ("connect_four", AlphaBetaGroup()),
    ("tic_tac_toe", AlphaBetaGroup()),
    ("othello", AlphaBetaGroup()),
    ("gomoku", AlphaBetaGroup()),
):
    factory = AgentFactory(GameConfig(name), search, NoLLMGroup())
    factory.build(agent_config("search"))
    factory.close()
"""


def pytest_configure(config: pytest.Config) -> None:
    """Compile the kernels before several workers start, which would each compile all of them."""
    workers = config.getoption("numprocesses", None)
    if workers and not hasattr(config, "workerinput") and not os.environ.get("NUMBA_DISABLE_JIT"):
        subprocess.run([sys.executable, "-c", _COMPILE], check=True)
