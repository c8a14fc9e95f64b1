"""A server that is told to stop writes down what it still holds."""

import http.client
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from mercato.state import State


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_answer_is_logged_when_the_server_is_stopped(
    shop_folder: Path, serve: Callable[..., AbstractContextManager[Any]], workers: str
) -> None:
    asked = []
    with serve(shop_folder, "--workers", workers) as server:
        for number in range(30):
            connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=60)
            connection.request("GET", f"/v1/search?q=tent&page=1&user_id=u{number}")
            asked.append(orjson.loads(connection.getresponse().read())["query_id"])
            connection.close()
    # uvicorn hands the signal on once it has shut down in good order.
    assert server.process.returncode in (0, -signal.SIGTERM)
    state = State.open("sqlite:///state.db", shop_folder)
    assert sorted(answer.query_id for answer in state.answers.after(0, 100).rows) == sorted(asked)
    state.close()
