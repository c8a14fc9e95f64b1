"""What all tests share: a run ends with the list of what was not run and how to enable it."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from mercato.catalogue.base import open_base, write_catalogue
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import VectorIndex, write_vectors
from mercato.core.progress import Silent
from mercato.data.assets.items import ITEMS

NO_SKIP = "MERCATO_NO_SKIP"
"""Where this environment variable is set, a skipped test fails the run."""


def _skipped(config: pytest.Config) -> Counter[str]:
    """Reason → number of tests or test files that were skipped for it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    reasons = (report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    return Counter(reason.removeprefix("Skipped: ") for reason in reasons)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get(NO_SKIP) and _skipped(session.config) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skipped = _skipped(config)
    soak = sum("soak" in item.keywords for item in terminalreporter.stats.get("deselected", []))
    if not skipped and not soak:
        return
    terminalreporter.section("not run")
    for reason, count in sorted(skipped.items()):
        terminalreporter.line(f"{count} skipped: {reason}")
    if soak:
        terminalreporter.line(f"{soak} long ones left out; they run with: make soak")
    if skipped and os.environ.get(NO_SKIP):
        terminalreporter.line(f"This run fails: {NO_SKIP} allows no skip.", red=True)


OpenCatalogue = Callable[..., Catalogue]


@pytest.fixture(scope="session")
def open_catalogue(tmp_path_factory: pytest.TempPathFactory) -> OpenCatalogue:
    """Write items as a release has them and open them.

    items      : dicts by column; attributes as a JSON text
    popularity : item id → number; without it the items stand as given
    vector_of  : item → (d,) vector of its text; without it the catalogue has no vectors
    """

    def make(
        items: Sequence[Mapping[str, Any]],
        popularity: Mapping[str, float] | None = None,
        vector_of: Callable[[Mapping[str, Any]], NDArray[np.float32]] | None = None,
    ) -> Catalogue:
        folder = tmp_path_factory.mktemp("catalogue")
        given = popularity or {item["id"]: -at for at, item in enumerate(items)}
        table = pa.Table.from_pylist([dict(item) for item in items], schema=ITEMS.schema)
        weights = np.array([given[item["id"]] for item in items], np.float32)
        with Silent().step("catalogue") as step:
            order = write_catalogue(folder, table, weights, step)
        if vector_of is None:
            return Catalogue.over(open_base(folder, None), release=1)
        vectors = np.stack([vector_of(items[at]) for at in order.tolist()])
        write_vectors(folder / "vectors", vectors, np.arange(len(items), dtype=np.int32))
        base = open_base(folder, VectorIndex.open(folder / "vectors"))
        return Catalogue.over(base, release=1)

    return make
