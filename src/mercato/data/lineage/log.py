"""Where events of lineage go: a file a day in the shop's folder, and an address, if one is set."""

import logging
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from mercato.core.settings import LineageSettings

_log = logging.getLogger(__name__)

_SECONDS = 2.0
"""An import waits no longer for whoever collects lineage."""

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.ndjson")


@dataclass
class LineageLog:
    """Nothing that goes wrong here stops a run: it is logged as a warning.

    failed : whether the address did not answer; it is not asked again by this log
    """

    folder: Path
    settings: LineageSettings
    failed: bool = field(default=False)

    def emit(self, event: dict[str, Any]) -> None:
        """Append an event to today's file, and send it."""
        text = orjson.dumps(event)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / f"{datetime.now(UTC):%Y-%m-%d}.ndjson").open("ab") as file:
                file.write(text + b"\n")
        except OSError as error:
            _log.warning("lineage could not be written: %s", error)
        if self.settings.url and not self.failed:
            self._send(text)

    def prune(self, today: date | None = None) -> list[Path]:
        """Delete files older than ``keep_days``; which."""
        last = (today or datetime.now(UTC).date()) - timedelta(days=self.settings.keep_days)
        gone = []
        for file in self.folder.glob("*.ndjson"):
            named = _NAME.fullmatch(file.name)
            if named and date.fromisoformat(named.group(1)) < last:
                file.unlink(missing_ok=True)
                gone.append(file)
        return gone

    def _send(self, text: bytes) -> None:
        try:
            request = urllib.request.Request(
                self.settings.url, text, {"Content-Type": "application/json"}, method="POST"
            )
            if request.type not in ("http", "https"):
                raise ValueError(f"{request.type} is no protocol of the web")
            with urllib.request.urlopen(request, timeout=_SECONDS):
                return
        except (OSError, ValueError) as error:
            self.failed = True
            _log.warning("lineage could not be sent to %s: %s", self.settings.url, error)
