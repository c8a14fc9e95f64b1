"""Steps as bars on a terminal and as plain lines in a log."""

import io
import os
import signal
import time

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from mercato.cli import progress as module
from mercato.cli.progress import Lines, Remembering, Terminal, duration, heard


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100, highlight=False)


def test_a_log_reads_begin_now_and_then_and_end(console, monkeypatch):
    monkeypatch.setattr(module, "_SHORT_SECONDS", 0.0)
    clock = iter([0.0, 4.0, 12.0, 20.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with Lines(console).step("vectors", 100) as step:
        while not console.file.getvalue():
            pass  # until the timer has told that the step began
        step.advance(20)  # at 4 s: said nothing for less than 10 s
        step.advance(20)  # at 12 s: 40 took 12 s, so 60 more take 18 s
        step.note("92 distinct texts")
    assert console.file.getvalue().splitlines() == [
        "vectors: begins",
        "vectors: 40 of 100, about 18 s left",
        "vectors: done in 20 s, 92 distinct texts",
    ]


def test_a_short_step_is_one_line_of_a_log(console):
    with Lines(console).step("publish") as step:
        step.note("release 1")
    assert console.file.getvalue() == "publish: done in 0.0 s, release 1\n"


def test_a_step_that_fails_says_that_it_stopped(console):
    for shown in (Lines(console), Terminal(Bars(console=console))):
        with pytest.raises(ZeroDivisionError), shown.step("ease"):
            raise ZeroDivisionError
    log, terminal = console.file.getvalue().splitlines()
    assert log == "ease: stopped in 0.0 s"
    assert terminal.startswith("✗ ease")


def test_a_finished_bar_leaves_one_line(console):
    bars = Bars(console=console)
    with Terminal(bars).step("catalogue", 3) as step:
        step.advance(2)
        assert [(task.completed, task.total) for task in bars.tasks] == [(2, 3)]
        step.note("3 items")
    assert bars.tasks == []
    assert console.file.getvalue().split() == ["✓", "catalogue", "0.0", "s", "3", "items"]


def test_what_is_finished_is_remembered_and_what_failed_is_not(console):
    steps = Remembering(Lines(console))
    with steps.step("encoder"):
        pass
    with pytest.raises(KeyboardInterrupt), steps.step("vectors"):
        raise KeyboardInterrupt
    assert steps.finished == ["encoder"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (119.4, "119 s"), (200, "3 min 20 s")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


class _Swallows:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)  # Python runs its handler here, and cannot raise out of a destructor


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_a_destructor_swallowed_stops_at_the_next_step(console):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), heard(Lines(console)) as progress:
        with progress.step("encoder"):
            _Swallows()
        with progress.step("vectors"):
            pass
    assert console.file.getvalue().startswith("encoder: done")
    assert "vectors" not in console.file.getvalue()
    assert signal.getsignal(signal.SIGINT) is before
