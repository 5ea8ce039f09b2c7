"""A few of the trials of ``signal_trials.py``, which tries a hundred."""

import importlib.util
import signal
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def trials() -> Any:
    path = Path(__file__).with_name("signal_trials.py")
    spec = importlib.util.spec_from_file_location("signal_trials", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "signum"),
    [
        ("selfplay", signal.SIGTERM),
        pytest.param("record", signal.SIGKILL, marks=pytest.mark.server),
        ("fit", signal.SIGKILL),
    ],
)
def test_a_signal_leaves_nothing_behind(trials: Any, kind: str, signum: int) -> None:
    assert trials.run_trial(kind, signum, 0.5, late=True).wrong == []


def test_trials_try_every_kind_with_every_signal(trials: Any) -> None:
    kinds = list(trials.KINDS)
    made = trials.trials(4 * len(kinds), 1, kinds)
    assert {(trial["name"], trial["signum"]) for trial in made} == {
        (kind, signum) for kind in kinds for signum in trials.SIGNALS
    }
    assert made == trials.trials(4 * len(kinds), 1, kinds)
