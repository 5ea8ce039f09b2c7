"""The benchmark of the battle search."""

import pytest

from plywise.arena.bench.search import WORLD_COPIES, bench_worlds


@pytest.mark.slow
def test_figures_fit_together() -> None:
    found = bench_worlds(seconds=0.6, states=2)
    for worlds in (1, WORLD_COPIES):
        mean = found[f"iterations_per_second_{worlds}_worlds"]
        turns = found[f"turns_per_iteration_{worlds}_worlds"]
        assert found[f"turns_per_second_{worlds}_worlds"] == pytest.approx(mean * turns)
        assert 1.0 < found[f"steps_per_iteration_{worlds}_worlds"] < turns
        assert found[f"undisturbed_iterations_per_second_{worlds}_worlds"] > 0.95 * mean
