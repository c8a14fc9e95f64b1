from datetime import UTC, datetime, timedelta, timezone

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.data.casts import (
    amounts,
    attributes_json,
    currency_of_amounts,
    integers,
    json_objects,
    moments,
    numbers,
    spaced,
    text,
)
from mercato.data.importers.ga4_fields import READERS, Refused


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("15", 15.0, None),
        ("15.00 USD", 15.0, "USD"),
        ("EUR 15,00", 15.0, "EUR"),
        ("15,00", 15.0, None),
        ("$1,299.00", 1299.0, None),
        ("1.299,00 €", 1299.0, "EUR"),
        ("1\u202f299,50\u00a0zł", 1299.5, "PLN"),
        ("1'299.50 CHF", 1299.5, "CHF"),
        ("1,299", 1299.0, None),
        ("1.299.000", 1299000.0, None),
        ("US$ 3", 3.0, "USD"),
        ("-3.5", -3.5, None),
        (" 7 ", 7.0, None),
        ("free", None, None),
        ("15 or 16", None, None),
        ("12.5.3", None, None),
        ("nan", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_amounts_are_read_as_shops_write_them(written, amount, currency) -> None:
    # a second row that no number is, so that the whole column takes the long way
    column = pa.array([written, "EUR 1,00"])
    assert amounts(column)[0].as_py() == amount
    assert currency_of_amounts(column)[0].as_py() == currency


@given(st.lists(st.floats(0, 1e9).map(lambda each: round(each, 2)), min_size=1))
def test_amounts_with_a_currency_are_the_numbers_they_were(values) -> None:
    written = pa.array([f"{value:,.2f} USD" for value in values])
    assert amounts(written).to_pylist() == values
    assert amounts(pa.array(values)).to_pylist() == values


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2017-01-01", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T10:00:00Z", datetime(2017, 1, 1, 10, tzinfo=UTC)),
        ("2017-01-01 10:00", datetime(2017, 1, 1, 10, tzinfo=UTC)),
        ("2017-01-01 10:00:00 UTC", datetime(2017, 1, 1, 10, tzinfo=UTC)),
        ("2017-01-01T10:00:00.1234567+02:00", datetime(2017, 1, 1, 8, 0, 0, 123456, UTC)),
        ("2017-01-01T10:00+0130", datetime(2017, 1, 1, 8, 30, tzinfo=UTC)),
        ("1483264800", datetime(2017, 1, 1, 10, tzinfo=UTC)),
        ("1483264800.5", datetime(2017, 1, 1, 10, 0, 0, 500000, UTC)),
        ("1483264800000", datetime(2017, 1, 1, 10, tzinfo=UTC)),
        ("1483264800000000", datetime(2017, 1, 1, 10, tzinfo=UTC)),
        ("1483264800000000000", datetime(2017, 1, 1, 10, tzinfo=UTC)),
        ("2017-02-30", None),
        ("01/02/2017", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments_are_read_in_their_usual_forms(written, expected) -> None:
    column = pa.array([written, "2017-02-30", "2017-01-01"])  # bad ones do not spoil good ones
    assert moments(column)[0].as_py() == expected


def test_typed_moments_keep_their_instant() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    zoned = pa.array([noon], pa.timestamp("ms", "Europe/Berlin"))
    assert moments(zoned)[0].as_py() == datetime(2026, 5, 1, 10, tzinfo=UTC)
    wall = pa.array([datetime(2026, 5, 1, 12)], pa.timestamp("ns"))
    assert moments(wall)[0].as_py() == datetime(2026, 5, 1, 12, tzinfo=UTC)
    day = pa.array([noon.date()])
    assert moments(day)[0].as_py() == datetime(2026, 5, 1, tzinfo=UTC)
    assert moments(pa.array([1e300, -1e300])).null_count == 2


WRITTEN_TIMES = st.one_of(
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).map(datetime.isoformat),
    st.datetimes(
        datetime(1980, 1, 1),
        datetime(2100, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5, minutes=-30))]),
    ).map(datetime.isoformat),
    st.integers(10**8, 4 * 10**9).map(str),
    st.integers(10**12, 4 * 10**12).map(str),
    st.sampled_from(["", "soon", "2026-13-01", "12"]),
)


@given(WRITTEN_TIMES)
def test_single_events_and_whole_columns_read_times_alike(written: str) -> None:
    try:
        single = READERS["ts"]("ts", written)
    except Refused:
        single = None
    column = moments(pa.array([written]))
    assert column.cast(pa.int64())[0].as_py() == single


@given(st.one_of(st.integers(-(10**9), 10**9).map(str), st.floats(allow_nan=False).map(repr)))
def test_single_events_and_whole_columns_read_numbers_alike(written: str) -> None:
    for name, cast in (("quantity", numbers), ("position", integers)):
        try:
            single = READERS[name](name, written)
        except Refused:
            single = None
        assert cast(pa.array([written]))[0].as_py() == single


def test_text_is_trimmed_and_never_empty() -> None:
    assert text(pa.array(["  a b ", "", "  ", None])).to_pylist() == ["a b", None, None, None]
    assert text(pa.array([1.0, 2.5, None])).to_pylist() == ["1", "2.5", None]
    assert text(pa.array([10**15, 3])).to_pylist() == ["1000000000000000", "3"]
    assert text(pa.array(["x", "y", "x"]).dictionary_encode()).to_pylist() == ["x", "y", "x"]


def test_attributes_are_strings_numbers_and_lists() -> None:
    found = attributes_json(
        {"b": True, "a": 1.5, "list": ["x", 2, None], "deep": {"y": 1}, "none": None, "no": ""}
    )
    assert found is not None
    assert orjson.loads(found) == {"a": 1.5, "b": "true", "deep": '{"y":1}', "list": ["x", "2"]}
    assert list(orjson.loads(found)) == sorted(orjson.loads(found))
    assert attributes_json({"none": None}) is None


def test_json_objects_are_canonical_or_null() -> None:
    column = pa.array(['{"b": 1, "a": " x "}', "[1]", "{broken", "{}", None])
    assert json_objects(column).to_pylist() == ['{"a":"x","b":1}', None, None, None, None]


def test_names_are_spelled_in_one_way() -> None:
    spellings = ["Image Link", "imageLink", "image-link", "image_link", " Image  Link "]
    assert {spaced(each) for each in spellings} == {"image_link"}
