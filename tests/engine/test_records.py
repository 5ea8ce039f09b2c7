"""Flat records: what their fields may be called."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np

import plywise.engine
import plywise.search


def records() -> Iterator[tuple[str, np.dtype[Any]]]:
    """Yield name and type of every record that a module of engine or search defines."""
    for package in (plywise.engine, plywise.search):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(found.name)).items():
                dtype = value.dtype if isinstance(value, np.ndarray) else value
                if isinstance(dtype, np.dtype) and dtype.names:
                    yield f"{found.name}.{name}", dtype


def fields(dtype: np.dtype[Any]) -> Iterator[str]:
    for name in dtype.names or ():
        yield name
        yield from fields(dtype[name].base)


def test_no_field_is_hidden_by_an_attribute_of_a_record() -> None:
    """Without JIT ``state.round`` would be a method of NumPy's record, not the field."""
    found = dict(records())
    assert len(found) > 20
    hidden = {
        where: names
        for where, dtype in found.items()
        if (names := [name for name in fields(dtype) if hasattr(np.void, name)])
    }
    assert not hidden
