"""Conversion of flat states to plain Python objects and back.

Each access to a field of a NumPy record costs a microsecond; Python code that reads or writes many
fields works on a :func:`thaw`-ed copy, whose attributes are the record's fields (subarrays are
lists), and :func:`freeze`-s it into a pool again.
"""

import pickle
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import numpy as np

from plywise.engine.battle.state import BATTLE

# How a field is stored: a number, numbers, a record or records.
_NUMBER, _NUMBERS, _RECORD, _RECORDS = range(4)


@cache
def _fields(dtype: np.dtype[Any]) -> tuple[tuple[str, int, np.dtype[Any]], ...]:
    """Return (name, how it is stored, dtype of a record in it) of every field."""
    out = []
    for name in dtype.names or ():
        field = dtype[name]
        many = field.subdtype is not None
        records = field.base.names is not None
        out.append((name, 2 * records + many, field.base))
    return tuple(out)


def _object(dtype: np.dtype[Any], values: Any) -> SimpleNamespace:
    out = {}
    for (name, kind, inner), value in zip(_fields(dtype), values, strict=True):
        if kind == _NUMBERS:
            value = value.tolist()
        elif kind == _RECORD:
            value = _object(inner, value)
        elif kind == _RECORDS:
            value = [_object(inner, v) for v in value.tolist()]
        out[name] = value
    return SimpleNamespace(**out)


@cache
def _reader(dtype: np.dtype[Any]) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[Any, ...]]:
    """Return what reads all fields at once, and (place, how it is stored, dtype) of records."""
    fields = _fields(dtype)
    nested = [(k, kind, inner) for k, (_, kind, inner) in enumerate(fields) if kind >= _RECORD]
    return attrgetter(*(name for name, _, _ in fields)), tuple(nested)


def values(dtype: np.dtype[Any], plain: SimpleNamespace) -> tuple[Any, ...]:
    """Return a plain object's values, field by field, as :func:`freeze` takes them.

    In its stead they may stand in an object that holds it: what stays is then not read again.
    """
    read, nested = _reader(dtype)
    found = read(plain)
    if not nested:
        return found
    out = list(found)
    for k, kind, inner in nested:
        value = out[k]
        if kind == _RECORDS:
            out[k] = [v if type(v) is tuple else values(inner, v) for v in value]
        else:
            out[k] = values(inner, value)
    return tuple(out)


@cache
def _pickled_empty() -> bytes:
    return pickle.dumps(thaw(np.zeros(1, BATTLE), 0), pickle.HIGHEST_PROTOCOL)


def empty() -> SimpleNamespace:
    """Return a state of zeros as a plain object."""
    fresh = pickle.loads(_pickled_empty())  # several times as fast as thawing zeros
    assert isinstance(fresh, SimpleNamespace)
    return fresh


def thaw(pool: np.ndarray[Any, Any], i: int) -> SimpleNamespace:
    """Return a plain copy of state ``i`` of ``pool``."""
    return _object(pool.dtype, pool[i : i + 1].tolist()[0])


def freeze(plain: SimpleNamespace) -> np.ndarray[Any, Any]:
    """Return a one-element pool with the state that ``plain`` describes.

    Raises:
        OverflowError: a value does not fit into its field.
    """
    return np.array([values(BATTLE, plain)], BATTLE)
