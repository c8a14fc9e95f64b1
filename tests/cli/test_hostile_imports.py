"""The worst files through the command line: three parts of an error, and no traceback."""

import os

import pytest


@pytest.fixture
def hostile_shop(mercato, tmp_path):
    mercato("init", "shop")
    return tmp_path


def test_the_worst_files_are_errors_of_ours(mercato, hostile_shop):
    contents = {
        "brackets.json": (b"[" * 200_000, "end that is missing"),
        "entities.xml": (
            b'<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
            b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>&b;</g:id>',
            "document type",
        ),
    }
    os.mkfifo(hostile_shop / "pipe.csv")
    for name, (content, _) in contents.items():
        (hostile_shop / name).write_bytes(content)
    for name, (_, said) in [*contents.items(), ("pipe.csv", (b"", "a named pipe"))]:
        done = mercato("import", "shop", "--items", name)
        assert done.returncode == 1, name
        assert "Traceback" not in done.stderr
        assert said in done.stderr, done.stderr
        assert [part in done.stderr for part in ("expected", "found", "remedy")] == [True] * 3


def test_what_a_row_says_is_neither_run_nor_sent_to_the_terminal(mercato, hostile_shop):
    """Formulas are text to us; a terminal's own signs are shown, not obeyed."""
    rows = "1,=cmd|' /C calc'!A0,1\n2,x,\x1b]0;owned\x07 on request\n" + "".join(
        f"{n},x,1\n" for n in range(3, 30)
    )
    (hostile_shop / "feed.csv").write_text("id,title,price\n" + rows)
    done = mercato("import", "shop", "--items", "feed.csv")
    assert done.returncode == 0, done.stderr
    assert "price-readable" in done.stdout
    assert "\x1b]" not in done.stdout + done.stderr
    assert r"\x1b]0;owned\x07" in done.stdout
