import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.core.errors import BadInput
from mercato.data.importers import json_texts
from mercato.data.importers.json_files import objects, read_json
from mercato.data.importers.raw import Refusal, Source


def source(path: Path, content: str | bytes) -> Source:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source(path, (path,))


def told(path: Path, content: str | bytes) -> list[tuple[int, object]]:
    """The values by line; of a refusal its check."""
    found = objects(source(path / "a.json", content))
    return [(line, v.check if isinstance(v, Refusal) else v) for line, v in found]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything lies across the ends of blocks."""
    monkeypatch.setattr(json_texts, "BLOCK", 16)
    monkeypatch.setattr("mercato.data.importers.window._BLOCK", 8)


def test_lines_that_are_no_json_are_refused_and_the_others_stay(tmp_path: Path) -> None:
    found = list(objects(source(tmp_path / "a.jsonl", '{"a": 1}\n\n{"a": \n{"a": 2}\n')))
    assert [(line, value) for line, value in found if not isinstance(value, Refusal)] == [
        (1, {"a": 1}),
        (4, {"a": 2}),
    ]
    (refusal,) = [value for _, value in found if isinstance(value, Refusal)]
    assert (refusal.line, refusal.check, refusal.row) == (3, "row-json", '"{\\"a\\":"')


WRITTEN = [{"n": n, "text": 'a ]},{[ "b\\' * (n % 3)} for n in range(50)]


@pytest.mark.usefixtures("small_blocks")
def test_arrays_are_read_object_by_object(tmp_path: Path) -> None:
    whole = told(tmp_path, "\n" + json.dumps(WRITTEN, indent=1))
    assert [value for _, value in whole] == WRITTEN
    # json.dumps(indent=1) writes "[", then four lines an object: {, n, text, }
    assert [line for line, _ in whole] == [3 + 4 * n for n in range(50)]


@pytest.mark.usefixtures("small_blocks")
def test_objects_over_several_lines_are_read_one_by_one(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(each, indent=1) for each in WRITTEN)
    assert told(tmp_path, text) == [(1 + 4 * n, each) for n, each in enumerate(WRITTEN)]


def test_what_is_wrong_in_an_array_costs_its_element_only(tmp_path: Path) -> None:
    text = '[{"a": 1},\n{"a": NaN},\n3,\n{"a" 3}, [4],]\n\n[{"a": 2}]'
    assert told(tmp_path, text) == [
        (1, {"a": 1}),
        (2, "row-json"),
        (3, 3),
        (4, "row-json"),
        (4, [4]),
        (6, {"a": 2}),
    ]


@pytest.mark.parametrize(
    "text",
    ['[{"a": 1},\n{"a": 2', '[{"a": 1},\n{"a": "2}]', "[1,\n", '{\n"a": 1}\n{\n"a": [2}\n'],
)
def test_a_file_that_ends_too_early_says_where(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="whole JSON in .*missing, behind line [12]"):
        told(tmp_path, text)


@pytest.mark.parametrize("text", ['[{"a": 1}]\n]', '[{"a": 1}]\n{"a": 2}'])
def test_something_behind_an_array_says_where(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="behind line 1"):
        told(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"a": 1}{"a": 2} {"a": 3}', [{"a": 1}, {"a": 2}, {"a": 3}]),
        (b'{"a": 1}\r{"a": 2}\r', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1} and more', ["row-json"]),
        (b'\xef\xbb\xbf{"a": 1}', [{"a": 1}]),
        (b'{"a": 1, "a": 2}', [{"a": 2}]),
        (b'{"a": "\\ud800"}', ["row-json"]),
        (b'{"a": "\xff"}', ["row-json"]),
        (b'{"a": "\\u0000"}', ["text-nul"]),
        (b'{"\\u0000": 1}', ["text-nul"]),
        (b'{"a": "\\\\u0000"}', [{"a": "\\u0000"}]),
        (b'{"a": 1e999}', ["row-json"]),
        (b"[" * 2_000 + b"]" * 2_000, ["row-json"]),
        (b'{"a": ' + b"[" * 101 + b"]" * 101 + b"}", ["row-json"]),
        (b'{"a": ' + b"[{}," * 200 + b"1" + b"]" * 200 + b"}", ["row-json"]),
        (b'{"a": [' + b"{}," * 200 + b"1]}", [{"a": [*[{}] * 200, 1]}]),
    ],
)
def test_single_lines(tmp_path: Path, line: bytes, expected: list[object]) -> None:
    content = b'{"first": 1}\n' + line + b'\n{"last": 1}\n'
    values = [value for _, value in told(tmp_path, content)]
    assert values == [{"first": 1}, *expected, {"last": 1}]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("brackets", ["", "[]"])
def test_too_long_values_are_refused_and_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brackets: str
) -> None:
    monkeypatch.setattr(json_texts, "MOST_RECORD", 64)
    long = json.dumps({"a": 2, "text": 'x"{[' * 100})
    rows = ('{"a": 1}', long, '{"a": 3}')
    text = "[" + ",\n".join(rows) + "]" if brackets else "\n".join(rows)
    assert told(tmp_path, text) == [(1, {"a": 1}), (2, "row-size"), (3, {"a": 3})]


JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(st.sampled_from('a"\\[]{},\n'), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from("abc"), JSON), min_size=1), st.integers(0, 2))
def test_every_way_of_writing_objects_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], indent: int
) -> None:
    folder = tmp_path_factory.mktemp("json", numbered=True)
    block, json_texts.BLOCK = json_texts.BLOCK, 8
    try:
        for text in (
            "\n".join(map(json.dumps, rows)),
            json.dumps(rows),
            json.dumps(rows, indent=indent),
            "\n".join(json.dumps(row, indent=indent) for row in rows),
        ):
            assert [value for _, value in told(folder, text)] == rows
    finally:
        json_texts.BLOCK = block


def test_wanted_fields_are_columns_and_the_rest_goes_together(tmp_path: Path) -> None:
    content = (
        '{"id": 7, "price": 12.50, "gtin": ["0123"], "colour": "red", "hot": true}\n'
        '{"id": "8", "price": null, "tags": ["a", "b"]}\n'
        '["no object"]\n'
    )
    wanted = frozenset({"id", "price", "gtin", "title"})
    (batch,) = read_json(source(tmp_path / "a.jsonl", content), wanted)
    assert {name: column.to_pylist() for name, column in batch.columns.items()} == {
        "id": ["7", "8"],
        "price": [12.5, None],
        "gtin": ["0123", None],
    }
    assert batch.rest is not None
    assert batch.rest.to_pylist() == ['{"colour":"red","hot":"true"}', '{"tags":["a","b"]}']
    assert [(each.line, each.check) for each in batch.refusals] == [(3, "row-object")]


def test_values_that_python_holds_equal_stay_apart(tmp_path: Path) -> None:
    lines = "".join(f'{{"a": 1, "x": {x}}}\n' for x in ("1", "1.0", "true", '"1"', "null"))
    (batch,) = read_json(source(tmp_path / "a.jsonl", lines), frozenset({"a"}))
    assert batch.rest is not None
    assert batch.rest.to_pylist() == ['{"x":1}', '{"x":1.0}', '{"x":"true"}', '{"x":"1"}', None]


def test_other_spellings_of_a_wanted_name_are_that_column(tmp_path: Path) -> None:
    lines = '{"ID": 1, "Title": "x"}\n{"id": 2, "Title": "y"}\n'
    wanted = frozenset({"id", "title"})
    (batch,) = read_json(source(tmp_path / "a.jsonl", lines), wanted, str.lower)
    assert batch.columns["title"].to_pylist() == ["x", "y"]
    assert batch.columns["id"].to_pylist() == [None, 2]  # where both stand, ours counts
    assert batch.rest is not None and batch.rest.to_pylist() == ['{"ID":1}', None]


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, -(2**63)])
def test_whole_numbers_beyond_64_bits_are_text(tmp_path: Path, number: int) -> None:
    (batch,) = read_json(source(tmp_path / "a.jsonl", f'{{"id": {number}}}'), frozenset({"id"}))
    assert str(batch.columns["id"][0].as_py()) == str(number)
