"""Where events go: a file a day, and an address that may be down."""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mercato.core.settings import LineageSettings
from mercato.data.lineage.log import LineageLog


@pytest.fixture
def collector() -> Iterator[tuple[str, list[object]]]:
    """The address of a server, and what it was sent."""
    received: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/lineage", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_events_are_appended_to_todays_file(tmp_path: Path):
    log = LineageLog(tmp_path / "lineage", LineageSettings())
    log.emit({"n": 1})
    LineageLog(tmp_path / "lineage", LineageSettings()).emit({"n": 2})
    (file,) = (tmp_path / "lineage").iterdir()
    assert file.name == f"{datetime.now(UTC):%Y-%m-%d}.ndjson"
    assert [json.loads(line) for line in file.read_text().splitlines()] == [{"n": 1}, {"n": 2}]


def test_events_are_sent_where_an_address_is_set(tmp_path: Path, collector):
    url, received = collector
    LineageLog(tmp_path, LineageSettings(url=url)).emit({"n": 1})
    assert received == [("/api/v1/lineage", "application/json", {"n": 1})]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/nobody", "file:///etc/passwd", "no address"])
def test_an_address_that_fails_is_warned_of_once(tmp_path: Path, caplog, url: str):
    log = LineageLog(tmp_path, LineageSettings(url=url))
    with caplog.at_level(logging.WARNING):
        log.emit({"n": 1})
        log.emit({"n": 2})
    (warning,) = caplog.messages
    assert f"could not be sent to {url}" in warning
    assert len(next(tmp_path.glob("*.ndjson")).read_text().splitlines()) == 2


def test_a_folder_that_cannot_be_written_is_only_warned_of(tmp_path: Path, caplog):
    (tmp_path / "lineage").write_text("in the way")
    LineageLog(tmp_path / "lineage", LineageSettings()).emit({"n": 1})
    assert "lineage could not be written" in caplog.text


def test_old_files_are_pruned_by_their_day(tmp_path: Path):
    for name in ("2026-01-01.ndjson", "2026-03-31.ndjson", "2026-04-01.ndjson", "notes.ndjson"):
        (tmp_path / name).touch()
    log = LineageLog(tmp_path, LineageSettings(keep_days=90))
    # 2026-06-29 less 90 days is 2026-03-31
    assert [file.name for file in log.prune(date(2026, 6, 29))] == ["2026-01-01.ndjson"]
    assert len(list(tmp_path.iterdir())) == 3
