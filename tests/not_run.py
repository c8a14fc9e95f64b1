"""A run ends with the list of what was not run and how to enable it.

A plugin of its own, without the imports of what tests share: it is tried in runs of its own.
"""

import importlib.util
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

NO_SKIP = "MERCATO_NO_SKIP"
"""Where this environment variable is set, a skipped test fails the run."""


def _skipped(config: pytest.Config) -> Counter[str]:
    """Reason → number of tests or test files that were skipped for it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    reasons = (report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    return Counter(reason.removeprefix("Skipped: ") for reason in reasons)


_LONG = pytest.StashKey[int]()
"""How many long tests were left out."""


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        item.config.stash[_LONG] = item.config.stash.get(_LONG, 0) + ("soak" in item.keywords)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Where tests run in several processes, each leaves out the same ones."""
    node.config.stash[_LONG] = getattr(node, "workeroutput", {}).get("long", 0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["long"] = session.config.stash.get(_LONG, 0)
    if os.environ.get(NO_SKIP) and _skipped(session.config) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skipped = _skipped(config)
    soak = config.stash.get(_LONG, 0)
    lacks_torch = importlib.util.find_spec("torch") is None
    if not skipped and not soak and not lacks_torch:
        return
    terminalreporter.section("not run")
    for reason, count in sorted(skipped.items()):
        terminalreporter.line(f"{count} skipped: {reason}")
    if soak:
        terminalreporter.line(f"{soak} long ones left out; they run with: make soak")
    if lacks_torch:
        line = "what torch learns was left out; it runs with: pip install 'mercato[train]'"
        terminalreporter.line(line)
    if skipped and os.environ.get(NO_SKIP):
        terminalreporter.line(f"This run fails: {NO_SKIP} allows no skip.", red=True)
