"""Bits of a state's fields that hold more than one number."""

from dataclasses import dataclass
from typing import Any

from plywise.engine.battle import constants as c


@dataclass(frozen=True)
class Bits:
    """A few bits of a field that holds more than one number."""

    name: str
    shift: int
    width: int

    def get(self, record: Any) -> int:
        """Return the number that the bits hold."""
        return int(getattr(record, self.name)) >> self.shift & (1 << self.width) - 1

    def put(self, record: Any, value: int) -> None:
        """Set the bits.

        Raises:
            OverflowError: they cannot hold the number.
        """
        if not 0 <= value < 1 << self.width:
            raise OverflowError(f"{self.name}: {self.width} bits cannot hold {value}")
        rest = int(getattr(record, self.name)) & ~(((1 << self.width) - 1) << self.shift)
        setattr(record, self.name, rest | value << self.shift)


@dataclass(frozen=True)
class HighBits:
    """The highest bits of successive numbers of an array, lowest first."""

    name: str
    first: int
    count: int

    def get(self, record: Any) -> int:
        """Return the number that the bits hold."""
        values = getattr(record, self.name)
        return sum((int(values[self.first + k]) >> 7) << k for k in range(self.count))

    def put(self, record: Any, value: int) -> None:
        """Set the bits."""
        values = list(getattr(record, self.name))
        for k in range(self.count):
            at = self.first + k
            values[at] = int(values[at]) & c.SPREAD | (value >> k & 1) << 7
        setattr(record, self.name, values)
