"""What is said where Spark Connect cannot be used; `test_on_spark.py` has what a server makes."""

import importlib.util
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from mercato.core.errors import BadInput, NotReady
from mercato.data.engines.spark import open_spark

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None, reason="pip install 'mercato[spark]'"
    ),
]

ROWS = pa.schema([("n", pa.int64())])


@pytest.fixture
def listening() -> Iterator[int]:
    """The port of somebody who listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_nobody_there_is_said_at_once_and_without_the_token(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    wanted = rf"a Spark Connect server at sc://127\.0\.0\.1:{port}; found .*refused.*start-connect"
    with (
        pytest.raises(NotReady, match=wanted) as refused,
        open_spark(f"sc://127.0.0.1:{port}/;token=secret", tmp_path) as engine,
    ):
        engine.open("rows", [], ROWS)
    assert "secret" not in str(refused.value)


def test_a_port_that_is_none_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match=r"found sc://spark:abc\. Mend it"),
        open_spark("sc://spark:abc", tmp_path) as engine,
    ):
        engine.open("rows", [], ROWS)


def test_the_missing_client_is_said(
    listening: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with (
        pytest.raises(NotReady, match=r"pip install 'pyspark\[connect\]'"),
        open_spark(f"sc://127.0.0.1:{listening}", tmp_path) as engine,
    ):
        engine.open("rows", [], ROWS)
