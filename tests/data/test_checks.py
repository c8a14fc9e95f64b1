import pyarrow as pa
import pytest

from mercato.data.assets import ASSETS
from mercato.data.checks import (
    Check,
    Rows,
    accepted,
    at_most_long,
    first_failures,
    not_negative,
    readable,
    required,
)


def failing(check: Check, typed: list[object], raw: list[object] | None = None) -> list[int]:
    rows = Rows(
        {} if raw is None else {"x": pa.array(raw)}, pa.record_batch({"x": pa.array(typed)})
    )
    found = check.fails(rows) if check.fails else None
    return [] if found is None else [at for at, bad in enumerate(found.to_pylist()) if bad]


@pytest.mark.parametrize(
    ("check", "typed", "raw", "expected"),
    [
        (required("x", ""), ["a", None, "b"], None, [1]),
        (required("x", ""), ["a", "b"], None, []),
        (readable("x", "", ""), [1.0, None, None], ["1", "one", None], [1]),
        (readable("x", "", ""), [1.0, None], None, []),
        (not_negative("x", ""), [0.0, -0.01, None, 3.0], None, [1]),
        (accepted("x", {"a", "b"}, "", ""), ["a", "c", None], None, [1]),
        (at_most_long("x", 3), ["abc", "abcd", None, "ééé"], None, [1]),
    ],
)
def test_each_check_finds_its_rows(check, typed, raw, expected) -> None:
    assert failing(check, typed, raw) == expected


def test_the_first_check_that_a_row_fails_counts() -> None:
    batch = pa.record_batch({"x": pa.array(["long", None, "ok", "a"])})
    checks = (at_most_long("x", 2), required("x", ""), accepted("x", {"ok", "long"}, "", ""))
    assert first_failures(Rows({}, batch), checks).to_pylist() == [0, 1, None, 2]


def test_every_check_says_what_is_expected_and_how_to_mend_it() -> None:
    for asset in ASSETS.values():
        names = [check.name for check in asset.checks]
        assert len(set(names)) == len(names), asset.name
        for check in asset.checks:
            assert check.expected, f"{asset.name}: {check.name}"
            assert check.remedy.endswith("."), f"{asset.name}: {check.name}"
            assert check.column in asset.schema.names
