import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.core.errors import BadInput
from mercato.data.importers import csv_blocks, csv_files, csv_records
from mercato.data.importers.csv_blocks import plain_batch
from mercato.data.importers.csv_files import header, read_csv
from mercato.data.importers.csv_records import Layout, Records
from mercato.data.importers.raw import RawBatch, Source
from mercato.data.importers.window import Window


def source(path: Path, content: str | bytes) -> Source:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source(path, (path,))


def refused(batch: RawBatch) -> list[tuple[int, str, str | None]]:
    return [(each.line, each.check, each.value) for each in batch.refusals]


def test_rows_with_quoted_line_ends_keep_their_line_numbers(tmp_path: Path) -> None:
    content = 'id,title\n1,"two\nlines"\n\n2,"three\r\nlines\r\nhere"\n3,one\n'
    (batch,) = read_csv(source(tmp_path / "a.csv", content))
    assert batch.columns["id"].to_pylist() == ["1", "2", "3"]
    assert batch.columns["title"].to_pylist() == ["two\nlines", "three\r\nlines\r\nhere", "one"]
    # line 1 the header, 2-3 the first row, 4 empty, 5-7 the second, 8 the third
    assert batch.lines.to_pylist() == [2, 5, 8]


def test_line_numbers_go_on_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "BLOCK", 8)
    monkeypatch.setattr(csv_files, "_MOST_HEADER", 4)
    monkeypatch.setattr("mercato.data.importers.window._BLOCK", 4)
    batches = list(read_csv(source(tmp_path / "a.csv", 'a\n"x\ny"\n2\n3\n4\n5\n')))
    assert len(batches) > 1
    lines = [line for batch in batches for line in batch.lines.to_pylist()]
    values = [value for batch in batches for value in batch.columns["a"].to_pylist()]
    assert (lines, values) == ([2, 4, 5, 6, 7], ["x\ny", *"2345"])


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    content = delimiter.join(["id", "title, long"]) + "\n" + delimiter.join(["1", "x"]) + "\n"
    if delimiter == ",":
        content = content.replace("title, long", "title")
    (batch,) = read_csv(source(tmp_path / "a.csv", content))
    assert batch.columns["id"].to_pylist() == ["1"]
    assert len(batch.columns) == 2


def test_excel_may_name_the_delimiter_itself(tmp_path: Path) -> None:
    (batch,) = read_csv(source(tmp_path / "a.csv", "sep=^\nid^title\n1^a,b\n"))
    assert batch.columns["title"].to_pylist() == ["a,b"]
    assert batch.lines.to_pylist() == [3]


def test_gzip_and_byte_order_marks_are_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(b"\xef\xbb\xbfid,title\n1,x\n")
    (batch,) = read_csv(source(tmp_path / "a.csv.gz", packed))
    assert batch.columns["id"].to_pylist() == ["1"]


def test_ragged_rows_are_refused_with_their_line(tmp_path: Path) -> None:
    (batch,) = read_csv(source(tmp_path / "a.csv", "id,title\n1,x\n2\n3,y,z\n4,w\n"))
    assert batch.columns["id"].to_pylist() == ["1", "4"]
    assert batch.lines.to_pylist() == [2, 5]
    assert refused(batch) == [
        (3, "row-shape", "1 fields instead of 2"),
        (4, "row-shape", "3 fields instead of 2"),
    ]


def test_rows_that_are_not_utf8_are_refused_and_legible(tmp_path: Path) -> None:
    (batch,) = read_csv(source(tmp_path / "a.csv", b"id,title\n1,caf\xc3\xa9\n2,caf\xe9\n"))
    assert batch.columns["title"].to_pylist() == ["café"]
    (refusal,) = batch.refusals
    assert (refusal.line, refusal.check, refusal.column) == (3, "text-utf8", "title")
    assert (refusal.value, refusal.row) == (r"caf\xe9", r'{"id":"2","title":"caf\\xe9"}')


def test_a_quote_that_is_not_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    content = 'id,title\n1,"never closed\n2,x\n3,"y"\n4,2" nail\n5,"a"b\n6,z\n'
    (batch,) = read_csv(source(tmp_path / "a.csv", content))
    assert batch.columns["id"].to_pylist() == ["2", "3", "4", "6"]
    # A quote within a field that does not begin with one is a sign like others (RFC 4180).
    assert batch.columns["title"].to_pylist() == ["x", "y", '2" nail', "z"]
    assert [(line, check) for line, check, _ in refused(batch)] == [
        (2, "row-quotes"),
        (6, "row-quotes"),
    ]


def test_columns_without_a_name_are_kept(tmp_path: Path) -> None:
    (batch,) = read_csv(source(tmp_path / "a.csv", "id,,title,\n1,a,x,b\n"))
    found = {name: column.to_pylist() for name, column in batch.columns.items()}
    assert found == {"id": ["1"], "column 2": ["a"], "title": ["x"], "column 4": ["b"]}


def test_a_header_alone_has_columns(tmp_path: Path) -> None:
    (batch,) = read_csv(source(tmp_path / "a.csv", "id,title\n"))
    assert (list(batch.columns), len(batch.lines)) == (["id", "title"], 0)


def test_too_long_records_are_refused_and_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_records, "MOST_RECORD", 64)
    monkeypatch.setattr(csv_files, "BLOCK", 32)
    monkeypatch.setattr("mercato.data.importers.window._BLOCK", 16)
    rows = ["1,short", "2," + "x" * 500, "3,short", '4,"' + "y\n" * 40, '5,"q"']
    lines = "id,title\n" + "\n".join(rows) + "\n"
    batches = list(read_csv(source(tmp_path / "a.csv", lines)))
    kept = [each for batch in batches for each in batch.columns["id"].to_pylist()]
    assert kept == ["1", "3", "5"]
    found = [each for batch in batches for each in refused(batch)]
    assert [(line, check) for line, check, _ in found] == [
        (3, "row-size"),
        (5, "row-quotes"),
        *((line, "row-shape") for line in range(6, 45)),  # the rest of the open quote
    ]


def test_quotes_that_never_close_end_the_file_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line closes the quote of the line before and opens its own: without a limit, the end
    would be looked for from every line anew."""
    monkeypatch.setattr(csv_records, "MOST_RECORD", 1 << 12)
    monkeypatch.setattr(csv_records, "_MOST_READ_TWICE", 1 << 16)
    content = "id,title\n1,x\n" + 'a","b\n' * 5_000
    with pytest.raises(BadInput, match="many that are not, the first in line 3"):
        list(read_csv(source(tmp_path / "a.csv", content)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no names"),
        (b"\n \n", "no names"),
        (b"id,title,id\n1,x,2\n", "id twice"),
        (b'"id,title\n1,x\n', "in line 1"),
        (b"id,pr\xe9nom\n1,x\n", "--encoding cp1252"),
    ],
)
def test_files_that_are_no_tables_are_refused_whole(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        list(read_csv(source(tmp_path / "a.csv", content)))
    assert len(header(Source(tmp_path / "a.csv", ()))) in (0, 3)


CELLS = st.text(st.sampled_from('ab,"\n\r \x00é\udce9'), max_size=4)
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=12)


def rows_of(batches: list[RawBatch]) -> list[tuple[int, tuple[object, ...]]]:
    """Every row and refusal with its line."""
    found: list[tuple[int, tuple[object, ...]]] = []
    for batch in batches:
        columns = [column.to_pylist() for column in batch.columns.values()]
        found += zip(batch.lines.to_pylist(), zip(*columns, strict=True), strict=True)
        found += [(r.line, (r.check, r.column, r.value, r.row)) for r in batch.refusals]
    return sorted(found, key=lambda each: each[0])


def read_by(content: bytes, by_blocks: bool) -> list[tuple[int, tuple[object, ...]]]:
    window = Window(io.BytesIO(content))
    layout = Layout(Path("x"), ",", ("one", "two"))
    records = Records(window, layout)
    batches = []
    window.fill(1 << 20)
    while len(window):
        batch = plain_batch(window, layout) if by_blocks else None
        batches.append(batch or records.batch(1))
        window.fill(1 << 20)
    return rows_of(batches)


@given(LINES, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_arrow_and_the_csv_module_read_the_same(
    written: list[list[str]], quoted: bool, ending: str
) -> None:
    """Whether cells are quoted as they should be, or are written as they are."""
    text = io.StringIO(newline="")
    if quoted:
        csv.writer(text, lineterminator=ending).writerows(written)
    else:
        text.write("".join(",".join(row) + ending for row in written))
    content = text.getvalue().encode("utf-8", "surrogateescape")
    least = csv_blocks._LEAST
    try:
        csv_blocks._LEAST = 1  # so that Arrow is tried before every odd place
        assert read_by(content, by_blocks=True) == read_by(content, by_blocks=False)
    finally:
        csv_blocks._LEAST = least


def test_plain_blocks_are_read_by_arrow() -> None:
    """Else the property above would compare one reader with itself."""
    content = b'1,"a\nb"\r\n\n2,x\n3\n'
    batch = plain_batch(window := held(content), Layout(Path("x"), ",", ("one", "two")))
    assert batch is not None and not len(window)
    assert rows_of([batch]) == [
        (1, ("1", "a\nb")),
        (4, ("2", "x")),
        (5, ("row-shape", None, "1 fields instead of 2", '{"one":"3","two":null}')),
    ]
    assert window.line == 6


def held(content: bytes) -> Window:
    window = Window(io.BytesIO(content))
    window.fill(1 << 20)
    return window
