"""Sums of dataclasses, field by field."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def add_fields(
    total: DataclassInstance, part: DataclassInstance, *, without: tuple[str, ...] = ()
) -> None:
    """Add every field of ``part`` to the field of that name in ``total``.

    Args:
        total: changed in place; may have more fields than ``part``.
        part: fields that can be added with ``+``: numbers and lists.
        without: names of fields left alone.
    """
    for one in fields(part):
        if one.name not in without:
            value: Any = getattr(total, one.name)
            value += getattr(part, one.name)
            setattr(total, one.name, value)
