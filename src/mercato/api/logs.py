"""The server's log as JSON lines, without anything that a person sent.

What an unexpected error says may repeat what a shopper typed; so its kind and the lines of code
that it came through are told, and not its words.
"""

import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson

REQUESTS = logging.getLogger("mercato.requests")
"""One line a request: its route, never its address."""

FIELDS = "fields"
"""Attribute of a record: a dict of what the line tells besides."""


class JsonLines(logging.Formatter):
    """``at``, ``level``, ``logger``, ``message``, and what else a record has."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["came_through"] = _frames(record.exc_info[2])
        return orjson.dumps(line).decode()


def _frames(found: TracebackType | None) -> list[str]:
    """``file:line function``, the outermost first."""
    frames = traceback.extract_tb(found)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def log_config() -> dict[str, Any]:
    """For `logging.config`: everything goes to the error stream as JSON lines."""
    quiet = {"level": "WARNING", "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": f"{__name__}.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "uvicorn": quiet,
            "uvicorn.error": quiet,
            "uvicorn.access": quiet,
            REQUESTS.name: {"level": "INFO"},
        },
    }
