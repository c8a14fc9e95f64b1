import json
from pathlib import Path

import pytest

from mercato.core.errors import BadInput
from mercato.data.importers import json_files
from mercato.data.importers.json_files import objects, read_json
from mercato.data.importers.raw import Refusal, Source


def source(path: Path, content: str) -> Source:
    path.write_text(content, encoding="utf-8")
    return Source(path, (path,))


def test_lines_that_are_no_json_are_refused_and_the_others_stay(tmp_path: Path) -> None:
    found = list(objects(source(tmp_path / "a.jsonl", '{"a": 1}\n\n{"a": \n{"a": 2}\n')))
    assert [(line, value) for line, value in found if not isinstance(value, Refusal)] == [
        (1, {"a": 1}),
        (4, {"a": 2}),
    ]
    (refusal,) = [value for _, value in found if isinstance(value, Refusal)]
    assert (refusal.line, refusal.check, refusal.row) == (3, "row-json", '"{\\"a\\":"')


@pytest.mark.parametrize("chunk", [16, 1 << 20])
def test_arrays_are_read_object_by_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(json_files, "_CHUNK", chunk)
    written = [{"n": n, "text": "a ]},{[ b" * (n % 3)} for n in range(50)]
    whole = list(objects(source(tmp_path / "a.json", "\n" + json.dumps(written, indent=1))))
    assert [value for _, value in whole] == written
    # json.dumps(indent=1) writes "[", then four lines an object: {, n, text, }
    assert [line for line, _ in whole] == [3 + 4 * n for n in range(50)]


def test_a_broken_array_says_where(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="JSON array.*in line 3"):
        list(objects(source(tmp_path / "a.json", '[{"a": 1},\n{"a": 2},\n{"a" 3}]')))


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
        "price": ["12.5", None],
        "gtin": ["0123", None],
    }
    assert batch.rest is not None
    assert batch.rest.to_pylist() == ['{"colour":"red","hot":"true"}', '{"tags":["a","b"]}']
    assert [(each.line, each.check) for each in batch.refusals] == [(3, "row-object")]
