"""Places that hold no data, or hold it in odd ways."""

import os
import socket
import subprocess
import sys

import pytest

from mercato.core.errors import BadInput, MercatoError, NotFound, WrongUse
from mercato.data.importers import sources_of
from mercato.data.importing import import_items


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def feed(path, name="1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"id,title\n{name},x\n")
    return path


def names(path):
    return [str(source.path) for source in sources_of(path)]


def test_a_folder_gives_its_files_in_order(place):
    ours = ("b.csv", "a.csv", "month=05/c.csv")
    others = (".hidden.csv", "_SUCCESS", "a.csv.crc", "_temporary/x.csv", ".git/y.csv")
    for name in (*ours, *others, "Thumbs.db", "d.csv.part", "old.csv~"):
        feed(place / "feeds" / name)
    (place / "feeds" / "part-0009.csv").touch()
    found = [
        str(each.relative_to(place / "feeds")) for each in map(type(place), names(place / "feeds"))
    ]
    assert found == ["a.csv", "b.csv", "month=05/c.csv"]


def test_a_pattern_gives_what_matches(place):
    for name in ("a.csv", "b.csv", "c.tsv", "deep/er/d.csv"):
        feed(place / name)
    assert names(type(place)("*.csv")) == ["a.csv", "b.csv"]
    assert names(type(place)("**/*.csv")) == ["a.csv", "b.csv", "deep/er/d.csv"]
    assert names(type(place)("[ab].?sv")) == ["a.csv", "b.csv"]
    with pytest.raises(NotFound, match="nothing"):
        sources_of(type(place)("*.xml"))


@pytest.mark.parametrize(
    "name", ["[ab].csv", "*.csv", "what?.csv", "a b.csv", "茶.csv", "-full.csv", "'.csv"]
)
def test_signs_of_patterns_in_a_name_are_its_own(place, settings, store, name):
    feed(place / "a.csv", "other")
    feed(place / name)
    report = import_items(store, [place / name], settings=settings)
    assert (report.sources, report.accepted) == ((str(place / name),), 1)
    assert store.read("items")["id"].to_pylist() == ["1"]


def test_the_same_file_twice_is_no_news(place, settings, store):
    path = feed(place / "a.csv")
    report = import_items(store, [path, path, place / "x" / ".." / "a.csv"][:2], settings=settings)
    assert (report.read, report.accepted, report.unchanged) == (2, 1, 1)


def test_links_to_files_are_followed_and_circles_are_not(place):
    feed(place / "real" / "a.csv")
    os.symlink(place / "real" / "a.csv", place / "real" / "b.csv")
    os.symlink(place / "real", place / "real" / "again")
    assert [each.rsplit("/", 1)[1] for each in names(place / "real")] == ["a.csv", "b.csv"]
    feed(place / "a.csv")
    (place / "down").mkdir()
    assert names(type(place)("down/../a.csv")) == ["down/../a.csv"]


def pipe(place):
    os.mkfifo(place / "odd")


def link_nowhere(place):
    os.symlink(place / "gone", place / "odd")


def link_to_itself(place):
    os.symlink(place / "odd", place / "odd")


def a_socket(place):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("odd")


def empty_folder(place):
    (place / "odd").mkdir()


def folder_with_a_pipe(place):
    empty_folder(place)
    os.mkfifo(place / "odd" / "a.csv")


def folder_with_a_broken_link(place):
    empty_folder(place)
    os.symlink(place / "gone", place / "odd" / "a.csv")


def delta_table(place):
    feed(place / "odd" / "_delta_log" / "0.json")
    feed(place / "odd" / "part-0.csv")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda place: None, NotFound, "nothing"),
        (pipe, BadInput, "a named pipe"),
        (a_socket, BadInput, "a socket"),
        (link_nowhere, NotFound, "a link to .*gone', which is not there"),
        (link_to_itself, BadInput, "Too many levels of symbolic links"),
        (empty_folder, NotFound, "data files in .*none"),
        (folder_with_a_pipe, BadInput, "a named pipe"),
        (folder_with_a_broken_link, NotFound, "a link to"),
        (delta_table, BadInput, "a Delta table"),
    ],
)
def test_odd_places_are_named(place, settings, store, make, error, message):
    make(place)
    with pytest.raises(error, match=message):
        import_items(store, [type(place)("odd")], settings=settings)
    assert store.names() == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/dev/zero", "a device"),
        ("/dev/null", "a device"),
        ("two\nlines.csv", "printable"),
        ("red\x1b[31m.csv", "printable"),
        ("\u202egnp.csv", "printable"),
        ("caf\udce9.csv", r"printable .*caf\\\\xe9"),
        ("zero\0.csv", "printable"),
        ("n" * 300, "nothing"),
        ("a.csv/b.csv", "nothing"),
        ("/proc/self/mem", "."),
    ],
)
def test_odd_names_are_refused(place, settings, store, name, message):
    feed(place / "a.csv")
    if len(name) < 100 and "/" not in name and "\0" not in name:
        feed(place / name)
    with pytest.raises(MercatoError, match=message):
        import_items(store, [type(place)(name)], settings=settings)
    assert store.names() == ()


def test_what_may_not_be_read_is_said(place):
    """As a user who may not, since root may."""
    feed(place / "closed.csv").chmod(0)
    feed(place / "folder" / "a.csv")
    (place / "folder").chmod(0)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from mercato.data.importers import sources_of\n"
        "from mercato.core.errors import BadInput\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "for name in sys.argv[1:]:\n"
        "    try: sources_of(Path(name))\n"
        "    except BadInput as error: print(error.found)\n"
    )
    for folder in (place, *place.parents):
        if folder.stat().st_uid == os.geteuid() and "pytest-of" in str(folder):
            folder.chmod(0o755)
    asked = ["closed.csv", "folder", "folder/a.csv"]
    done = subprocess.run([sys.executable, "-c", code, *asked], capture_output=True, text=True)
    (place / "folder").chmod(0o755)
    assert done.stdout.splitlines() == ["Permission denied"] * 3, done.stderr


@pytest.mark.parametrize("name", ["utf-9", "hex", "zip", "rot13", "undefined", "", "a\0b"])
def test_encodings_that_are_none_are_refused(place, name):
    with pytest.raises(WrongUse, match="text encoding"):
        sources_of(feed(place / "a.csv"), name)


@pytest.mark.parametrize("name", ["cp1252", "gb18030", "shift_jis", "utf-16-le", "utf-7", "cp037"])
def test_named_encodings_are_read(place, settings, store, name):
    title = {"cp1252": "Käse", "utf-7": "茶", "cp037": "Kaese"}.get(name, "茶")
    (place / "a.csv").write_bytes(f"id,title\n1,{title}\n".encode(name))
    import_items(store, [place / "a.csv"], encoding=name, settings=settings)
    assert store.read("items")["title"].to_pylist() == [title]


def test_what_a_named_encoding_lacks_costs_its_row(place, settings, store):
    (place / "a.csv").write_bytes(b"id,title\n1,x\n2,\x81\n")  # 0x81 is nothing in cp1252
    report = import_items(store, [place / "a.csv"], encoding="cp1252", settings=settings)
    assert [(each.check.name, each.value) for each in report.checks] == [("text-utf8", r"\x81")]
