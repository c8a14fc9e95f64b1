import gzip
from pathlib import Path

import pytest

from mercato.core.errors import BadInput
from mercato.data.importers import csv_files
from mercato.data.importers.csv_files import read_csv
from mercato.data.importers.raw import Source


def source(path: Path, content: str | bytes) -> Source:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source(path, (path,))


def test_rows_with_quoted_line_ends_keep_their_line_numbers(tmp_path: Path) -> None:
    content = 'id,title\n1,"two\nlines"\n\n2,"three\r\nlines\r\nhere"\n3,one\n'
    (batch,) = read_csv(source(tmp_path / "a.csv", content))
    assert batch.columns["id"].to_pylist() == ["1", "2", "3"]
    assert batch.columns["title"].to_pylist() == ["two\nlines", "three\r\nlines\r\nhere", "one"]
    # line 1 the header, 2-3 the first row, 4 empty, 5-7 the second, 8 the third
    assert batch.lines.to_pylist() == [2, 5, 8]


def test_line_numbers_go_on_over_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "BATCH_ROWS", 2)
    batches = list(read_csv(source(tmp_path / "a.csv", 'a\n"x\ny"\n2\n3\n4\n5\n')))
    assert [batch.lines.to_pylist() for batch in batches] == [[2, 4], [5, 6], [7]]
    assert [value for batch in batches for value in batch.columns["a"].to_pylist()][1:] == list(
        "2345"
    )


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    content = delimiter.join(["id", "title, long"]) + "\n" + delimiter.join(["1", "x"]) + "\n"
    if delimiter == ",":
        content = content.replace("title, long", "title")
    (batch,) = read_csv(source(tmp_path / "a.csv", content))
    assert batch.columns["id"].to_pylist() == ["1"]
    assert len(batch.columns) == 2


def test_gzip_and_byte_order_marks_are_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(b"\xef\xbb\xbfid,title\n1,x\n")
    (batch,) = read_csv(source(tmp_path / "a.csv.gz", packed))
    assert batch.columns["id"].to_pylist() == ["1"]


def test_ragged_rows_are_refused_with_their_line(tmp_path: Path) -> None:
    (batch,) = read_csv(source(tmp_path / "a.csv", "id,title\n1,x\n2\n3,y,z\n4,w\n"))
    assert batch.columns["id"].to_pylist() == ["1", "4"]
    assert batch.lines.to_pylist() == [2, 5]
    assert [(each.line, each.check, each.value) for each in batch.refusals] == [
        (3, "row-shape", "1 fields instead of 2"),
        (4, "row-shape", "3 fields instead of 2"),
    ]


def test_rows_that_are_not_utf8_are_refused_and_legible(tmp_path: Path) -> None:
    (batch,) = read_csv(source(tmp_path / "a.csv", b"id,title\n1,caf\xc3\xa9\n2,caf\xe9\n"))
    assert batch.columns["title"].to_pylist() == ["café"]
    (refusal,) = batch.refusals
    assert (refusal.line, refusal.check, refusal.column) == (3, "text-utf8", "title")
    assert refusal.value == r"caf\xe9"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no names"),
        ("id,title,id\n1,x,2\n", "id twice"),
        ('id,title\n1,"never closed\n2,x\n', "in line 2"),
    ],
)
def test_files_that_are_no_tables_are_refused_whole(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        list(read_csv(source(tmp_path / "a.csv", content)))
