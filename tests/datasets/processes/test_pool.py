import os
import time

import pytest

from plywise.datasets.errors import ConfigError, WorkersFailedError
from plywise.datasets.processes.pool import in_processes


def test_results_come_in_the_order_of_their_tasks() -> None:
    with in_processes(divmod, [(k, 3) for k in range(20)], jobs=2) as results:
        assert list(results) == [divmod(k, 3) for k in range(20)]


def test_no_task_no_process() -> None:
    with in_processes(divmod, [], jobs=2) as results:
        assert list(results) == []


def test_an_error_in_a_worker_is_raised_here() -> None:
    with (
        in_processes(divmod, [(1, 1), (1, 0)], jobs=1) as results,
        pytest.raises(ZeroDivisionError) as caught,
    ):
        list(results)
    assert "in a worker: Traceback" in caught.value.__notes__[0]
    with in_processes(raise_it, [("what to do",)], jobs=1) as results:
        with pytest.raises(ConfigError, match="what to do"):
            list(results)


def raise_it(text: str) -> None:
    raise ConfigError(text)


def test_a_worker_that_dies_is_named() -> None:
    with (
        in_processes(os._exit, [(1,), (1,)], jobs=2) as results,
        pytest.raises(WorkersFailedError, match="a worker died"),
    ):
        list(results)


def test_an_end_in_the_middle_does_not_wait_for_tasks() -> None:
    with in_processes(time.sleep, [(0.0,), (600.0,), (600.0,)], jobs=2) as results:
        assert next(results) is None
