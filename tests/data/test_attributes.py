import json

import orjson
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mercato.data.attributes import packed

VALUES = st.one_of(st.none(), st.text(max_size=5))


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=20))
def test_columns_become_the_objects_that_row_by_row_packing_gives(rows) -> None:
    columns = {'b "quoted"': pa.array([b for b, _ in rows], pa.string())} | {
        "a": pa.array([a for _, a in rows], pa.string())
    }

    def by_hand(b: str | None, a: str | None) -> str | None:
        fields = {'b "quoted"': (b or "").strip(), "a": (a or "").strip()}
        kept = {name: value for name, value in sorted(fields.items()) if value}
        return orjson.dumps(kept).decode() if kept else None

    found = packed(columns)
    assert found is not None

    def has_odd_space(text: str | None) -> bool:  # Arrow and Python differ in rare control signs
        return any(letter.isspace() and letter not in " \t\n\r\f\v" for letter in text or "")

    for (b, a), each in zip(rows, found.to_pylist(), strict=True):
        if not (has_odd_space(b) or has_odd_space(a)):
            assert each == by_hand(b, a)


def test_numbers_lists_and_truths_keep_their_kind() -> None:
    columns = {
        "whole": pa.array([1, None]),
        "part": pa.array([1.5, float("nan")]),
        "yes": pa.array([True, False]),
        "list": pa.array([["a", ""], []]),
    }
    found = packed(columns)
    assert found is not None
    assert [json.loads(each) for each in found.to_pylist()] == [
        {"list": ["a"], "part": 1.5, "whole": 1, "yes": "true"},
        {"yes": "false"},
    ]


def test_objects_and_columns_are_merged() -> None:
    given = pa.array(['{"a":"1"}', None])
    rest = pa.array(['{"z":2}', None])
    found = packed({"m": pa.array(["x", None])}, given, rest)
    assert found is not None
    assert found.to_pylist() == ['{"a":"1","m":"x","z":2}', None]
    assert packed({}, given) == given
    assert packed({}) is None
