"""A few of the trials of ``signal_trials.py``, which tries a hundred."""

import signal

import pytest

from . import signal_trials as trials


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "signum"),
    [
        ("selfplay", signal.SIGTERM),
        pytest.param("record", signal.SIGKILL, marks=pytest.mark.server),
        ("fit", signal.SIGKILL),
        pytest.param("serve", signal.SIGTERM, marks=pytest.mark.server),
        pytest.param("challenge", signal.SIGKILL, marks=pytest.mark.server),
    ],
)
def test_a_signal_leaves_nothing_behind(kind: str, signum: int) -> None:
    with trials.Surroundings() as surroundings:
        outcome = trials.run_trial(kind, signum, 0.5, late=True, surroundings=surroundings)
    assert outcome.wrong == []


def test_trials_try_every_kind_with_every_signal() -> None:
    kinds = list(trials.KINDS)
    made = trials.trials(4 * len(kinds), 1, kinds)
    assert {(trial["name"], trial["signum"]) for trial in made} == {
        (kind, signum) for kind in kinds for signum in trials.SIGNALS
    }
    assert made == trials.trials(4 * len(kinds), 1, kinds)
