"""A process beside the server that fails is told, counted and left to rest."""

import logging
import sys
from pathlib import Path

import pytest

from mercato.operating.child import Child


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands in for Python; its text is written by the test."""
    file = tmp_path / "program"
    monkeypatch.setattr(sys, "executable", str(file))
    return file


def says(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def done(child: Child) -> bool:
    """Whether the next may start, once this one has ended."""
    child.start()
    assert child.process is not None
    child.process.wait(30)
    return child.is_free()


def test_a_failure_is_logged_counted_and_waited_for(
    program: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    says(
        program, "echo beginning >&2; head -c 5000 /dev/zero | tr '\\0' . >&2; echo end >&2; exit 3"
    )
    child = Child("learning", "learn", "my-shop", clock=clock)
    with caplog.at_level(logging.WARNING):
        assert not done(child)
    assert (child.failures, child.is_free()) == (1, False)
    [record] = caplog.records
    said = record.getMessage()
    assert said.startswith("learning failed (mercato learn my-shop: exit code 3), the next in 60 s")
    assert said.endswith("end") and "beginning" not in said, "the tail alone is kept"
    clock.now += 59
    assert not child.is_free()
    clock.now += 1
    assert child.is_free()


@pytest.mark.parametrize(
    ("longest", "rests"),
    [
        (3_600.0, [60, 120, 240, 480, 960, 1920, 3600, 3600]),
        (600.0, [60, 120, 240, 480, 600, 600, 600, 600]),
    ],
)
def test_rests_double_up_to_the_longest_and_end_with_a_success(
    program: Path, clock: Clock, longest: float, rests: list[float]
) -> None:
    child = Child("learning", "learn", longest_rest=longest, clock=clock)
    says(program, "exit 1")
    for rest in rests:
        assert not done(child)
        clock.now += rest - 1
        assert not child.is_free()
        clock.now += 1
        assert child.is_free()
    says(program, "echo progress >&2")
    assert done(child) and child.failures == len(rests)
    says(program, "exit 1")
    assert not done(child)
    clock.now += 60
    assert child.is_free(), "it begins anew"


def test_one_that_was_killed_has_failed_and_one_that_was_stopped_has_not(
    program: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    child = Child("learning", "learn", clock=clock)
    says(program, "kill -9 $$")
    assert not done(child)
    assert "signal 9" in caplog.text and child.failures == 1
    clock.now += 60
    says(program, "exec sleep 60")
    child.start()
    assert not child.is_free()
    child.stop()
    child.is_free()
    assert child.failures == 1
