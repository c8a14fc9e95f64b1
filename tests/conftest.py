"""What all tests share: a run ends with the list of what was not run and how to enable it."""

import os
from collections import Counter

import pytest

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
