"""`mercato build`: what it says before, and when it is interrupted."""

import re
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from mercato.cli import build as module
from mercato.cli.arguments import parse_time
from mercato.core.errors import NotReady, WrongUse

Usage = namedtuple("Usage", "total used free")


def test_a_full_disk_is_said_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda place: Usage(10**9, 9 * 10**8, 10**8))
    with pytest.raises(NotReady, match="500 MB free in .*found 100 MB"):
        module.check_room(tmp_path / "shop" / "assets")


def test_large_assets_need_more_room(tmp_path, monkeypatch):
    (tmp_path / "part.parquet").write_bytes(b"")
    with (tmp_path / "part.parquet").open("r+b") as file:
        file.truncate(10**9)  # sparse: takes no room itself
    monkeypatch.setattr(module.shutil, "disk_usage", lambda place: Usage(10**10, 0, 3 * 10**9))
    with pytest.raises(NotReady, match="4,000 MB free"):
        module.check_room(tmp_path)


def test_without_items_the_import_is_named(mercato):
    mercato("init", "shop")
    done = mercato("build", "shop")
    assert done.returncode == 1
    assert "mercato import" in done.stderr


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2017-12-01", "2017-12-01T00:00:00+00:00"),
        ("2017-12-01T02:00:00+02:00", "2017-12-01T00:00:00+00:00"),
    ],
)
def test_times_are_utc(text, iso):
    assert parse_time("--until", text).isoformat() == iso


def test_what_is_no_time_is_wrong_use():
    with pytest.raises(WrongUse, match="--until 2017-12-01"):
        parse_time("--until", "December")


def test_an_interrupted_build_says_what_is_kept_and_goes_on(mercato, tmp_path):
    mercato("init", "shop")
    settings = tmp_path / "shop" / "shop.toml"
    # Without its own measure a build makes its parts once.
    settings.write_text(settings.read_text().replace("\ndays = 28\n", "\ndays = 0\n"))
    tour = Path(__file__).parents[2] / "examples" / "tour"
    mercato("import", "shop", "--items", tour / "products.csv", "--events", tour / "events.csv")
    command = [sys.executable, "-m", "mercato.cli", "build", "shop"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as build:
        assert build.stderr is not None
        next(line for line in build.stderr if line.startswith("encoder: done"))
        build.send_signal(signal.SIGINT)
        said = build.stderr.read()
    assert build.returncode == 130
    assert "Traceback" not in said
    kept = said.partition("Kept: ")[2]
    assert "catalogue, histories, encoder" in kept
    assert "goes on from there: mercato build shop" in kept

    again = mercato("build", "shop")
    assert again.returncode == 0, again.stderr
    assert re.search(r"encoder: done in .*, unchanged", again.stderr)
