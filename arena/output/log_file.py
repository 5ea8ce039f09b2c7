"""The log file of a run: what it cannot hold is lost, and secrets of addresses stay out of it."""

from __future__ import annotations

import logging
import sys

from plywise.datasets.address_secrets import mask
from plywise.datasets.recording import encodable


class LogFile(logging.FileHandler):
    """Log file as Hydra's ``job_logging`` makes it.

    A full disk costs lines of the log: the first loss is said on stderr, in one line (the standard
    handler prints a traceback for each).
    """

    def __init__(self, filename: str) -> None:
        super().__init__(filename, encoding="utf-8")
        self.lost = 0

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record as text that the file takes, without secrets."""
        return mask(encodable(super().format(record)))

    def handleError(self, record: logging.LogRecord) -> None:
        """Count a record that could not be written."""
        self.lost += 1
        error = sys.exc_info()[1]
        if self.lost == 1:
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            print(f"plywise: the log {self.baseFilename} loses lines: {reason}", file=sys.stderr)

    def close(self) -> None:
        """Close the file; what a full disk did not take is lost."""
        try:
            super().close()
        except OSError:
            self.handleError(logging.makeLogRecord({}))
