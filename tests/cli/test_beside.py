"""How a server's own processes end, and what they say."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from mercato.cli import beside
from mercato.core.errors import Busy, NotFound
from mercato.core.settings import Settings, settings_text
from mercato.operating.learning.room import one_learns


def thrown(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_what_a_person_typed_is_not_repeated() -> None:
    refused = beside.told(NotFound("an erasure", "none of anna@shop.example", "Check the number."))
    assert refused == "NotFound: expected an erasure. Check the number."
    bug = beside.told(thrown(ValueError("anna@shop.example")))
    assert bug.startswith("ValueError\n") and f"{__file__}:" in bug and "anna" not in bug
    disk = thrown(OSError(errno.ENOSPC, "no room", "/home/anna"))
    assert beside.told(disk).startswith("OSError: No space left on device\n")
    assert "anna" not in beside.told(disk)


@pytest.mark.parametrize(
    ("came", "fails"),
    [
        (typer.Exit(1), False),  # a candidate that was rolled back, a feed that could not be read
        (Busy("one process", "another one", "Wait."), False),
        (NotFound("a shop", "none", "Make one."), True),
        (ZeroDivisionError(), True),
    ],
)
def test_what_is_a_failure(came: Exception, fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()

    @app.command()
    def work() -> None:
        raise came

    monkeypatch.setattr(beside, "app", app)
    for name, value in {
        "argv": ["beside"],
        "excepthook": None,
        "meta_path": [*sys.meta_path],
    }.items():
        monkeypatch.setattr(sys, name, value)
    if not fails:
        beside.main()
        return
    with pytest.raises(type(came)):
        beside.main()


def test_one_that_finds_another_at_work_has_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(settings_text(Settings()))

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "mercato.cli.beside", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=240)

    with one_learns("sqlite:///state.db", tmp_path):
        done = run("learn", str(tmp_path), "--once")
    assert (done.returncode, "Busy" in done.stderr) == (0, False), done.stderr
    failed = run("check", str(tmp_path / "nowhere"), "--monitors")
    assert failed.returncode == 1
    assert failed.stderr.startswith("NotFound: expected a shop at"), failed.stderr
