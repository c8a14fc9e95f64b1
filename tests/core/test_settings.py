"""shop.toml: what is written is what is read, and what is wrong is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from mercato.core.errors import BadInput, NotFound
from mercato.core.settings import (
    FeedSettings,
    Identity,
    ServeSettings,
    Settings,
    load_settings,
    settings_text,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_come_back(tmp_path: Path) -> None:
    path = write(tmp_path, settings_text(Settings()))
    assert load_settings(path) == Settings()


def test_values_come_back(tmp_path: Path) -> None:
    chosen = replace(
        Settings(),
        shop=Identity(name='Bäckerei "Süß" \\ 店', language="de", currency="EUR"),
        serve=ServeSettings(cors_origins=("https://a.example", "https://b.example")),
    )
    assert load_settings(write(tmp_path, settings_text(chosen))) == chosen


def test_tables_that_stand_several_times_come_back(tmp_path: Path) -> None:
    feeds = (
        FeedSettings(url="https://a.example/f.xml", every_minutes=5, full=True),
        FeedSettings(url="https://b.example/log", asset="events", map=("ts=when", "event=what")),
    )
    chosen = replace(Settings(), feeds=feeds)
    text = settings_text(chosen)
    assert text.count("[[feeds]]") == 2
    assert load_settings(write(tmp_path, text)) == chosen


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'format = 1\n[shop]\nname = "Corner"\n'))
    assert settings == replace(Settings(), shop=Identity(name="Corner"))


def test_no_shop(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="mercato init"):
        load_settings(tmp_path / "nowhere" / "shop.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format = ", "TOML"),
        ("", "no format"),
        ("format = 99", "newer Mercato"),
        ("format = 1\n[serch]\n", "Did you mean 'search'"),
        ("format = 1\n[search]\nencodr = 'none'", "Did you mean 'encoder'"),
        ("format = 1\n[search]\nsemantic_most = 'many'", "search.semantic_most as int"),
        ("format = 1\n[serve]\ncors_origins = 'x'", "a list of strings"),
        ("format = 1\nsearch = 3", "a table"),
        ("format = 1\n[feeds]\nurl = 'x'", r"tables \[\[feeds\]\]"),
        ("format = 1\nfeeds = ['x']", r"a table \[feeds\]"),
        ("format = 1\n[[feeds]]\nevery_minute = 5", "Did you mean 'every_minutes'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        load_settings(write(tmp_path, text))
