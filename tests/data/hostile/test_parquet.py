"""Parquet files as they should not be."""

import datetime
import decimal
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.errors import BadInput
from mercato.data.report import ImportRefused


def parquet(build, **options):
    """A file with the columns that ``build`` gives for a prefix of ids."""

    def written(k):
        stream = io.BytesIO()
        columns = build(k)
        table = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(table, stream, **options)
        return stream.getvalue()

    return written


def beside(name, good, bad, kind=None):
    """A good row and one whose column ``name`` is ``bad``."""
    return parquet(
        lambda k: {"id": [f"{k}1", f"{k}2"], "title": ["x", "y"], name: pa.array([good, bad], kind)}
    )


def cut(build, start=0, end=None):
    return lambda k: build(k)[start:end]


GOOD = parquet(lambda k: {"id": [f"{k}1"], "title": ["x"]})
TOO_LATE = 10**15
"""Seconds since 1970, in the year 31,690,708."""

KINDS = {
    "as it should be": (GOOD, 1, ()),
    "no pages of dictionaries": (
        parquet(lambda k: {"id": [k], "title": ["x"]}, use_dictionary=False),
        1,
        (),
    ),
    "ids as numbers": (parquet(lambda k: {"id": [7, 8], "title": ["x", "y"]}), 2, ()),
    "ids as fractions": (parquet(lambda k: {"id": [0.5], "title": ["x"]}), 1, ()),
    "ids as bytes": (parquet(lambda k: {"id": [k.encode()], "title": ["x"]}), 1, ()),
    "ids as categories": (
        parquet(lambda k: {"id": pa.array([k]).dictionary_encode(), "title": ["x"]}),
        1,
        (),
    ),
    "ids that are null": (
        parquet(lambda k: {"id": [f"{k}1", None], "title": ["x", "y"]}),
        1,
        ("id-required",),
    ),
    "columns of nulls": (
        parquet(lambda k: {"id": [k], "title": ["x"], "brand": pa.nulls(1)}),
        1,
        (),
    ),
    "a column without a name": (
        parquet(lambda k: {"id": [k], "title": ["x"], "": ["y"]}),
        1,
        (),
    ),
    "texts that are no utf-8": (
        beside("brand", b"x", b"\xff\xfe", pa.binary()),
        1,
        ("text-utf8",),
    ),
    "zero sign": (beside("brand", "x", "y\0"), 1, ("text-nul",)),
    "price as a decimal": (
        beside("price", decimal.Decimal("1.50"), decimal.Decimal("2.25")),
        2,
        (),
    ),
    "price not a number": (beside("price", 1.5, float("nan")), 1, ("price-readable",)),
    "price without end": (beside("price", 1.5, float("inf")), 1, ("price-readable",)),
    "negative price": (beside("price", 1, -1), 1, ("price-not-negative",)),
    "price as truth": (beside("availability", True, False), 2, ()),
    "price as bytes": (beside("price", b"1.5", b"x"), 1, ("price-readable",)),
    "time as a day": (beside("created_at", datetime.date(2026, 5, 1), None), 2, ()),
    "time as a time of day": (
        beside("created_at", None, datetime.time(12, 30)),
        1,
        ("created_at-readable",),
    ),
    "time beyond all years": (
        beside("created_at", 0, TOO_LATE, pa.timestamp("s")),
        1,
        ("created_at-readable",),
    ),
    "time before all years": (
        beside("created_at", 0, -TOO_LATE, pa.timestamp("s", "UTC")),
        1,
        ("created_at-readable",),
    ),
    "time beyond all years that is further": (
        beside("seen", 0, TOO_LATE, pa.timestamp("s")),
        2,
        (),
    ),
    "duration": (beside("lead", datetime.timedelta(1), None), 2, ()),
    "lists": (beside("tags", ["a", "b"], []), 2, ()),
    "lists of decimals": (beside("tags", [decimal.Decimal("1.5")], None), 2, ()),
    "structs": (beside("made", {"in": "Italy", "on": datetime.date(2026, 5, 1)}, None), 2, ()),
    "structs of bytes": (beside("made", {"by": b"\xff"}, None), 2, ()),
    "structs as a title": (
        parquet(lambda k: {"id": [k], "title": [{"en": "x"}]}),
        1,
        (),
    ),
    "maps": (
        beside("made", [("a", 1)], None, pa.map_(pa.string(), pa.int64())),
        2,
        (),
    ),
    "nested lists": (beside("tags", [[["a"]]], None), 2, ()),
    "lists of times beyond all years": (
        beside("tags", [TOO_LATE], None, pa.list_(pa.timestamp("s"))),
        2,
        (),
    ),
    "half floats": (beside("weight", 1.5, None, pa.float16()), 2, ()),
    "numbers without a sign": (beside("stock", 2**64 - 1, None, pa.uint64()), 2, ()),
    "a hundred row groups": (
        parquet(
            lambda k: {"id": [f"{k}{n}" for n in range(100)], "title": ["x"] * 100},
            row_group_size=1,
        ),
        100,
        (),
    ),
    "no rows": (
        parquet(lambda k: {"id": pa.array([], "string"), "title": pa.array([], "string")}),
        BadInput,
        "rows in",
    ),
    "no columns": (parquet(lambda k: pa.table({})), BadInput, "columns"),
    "a name twice": (
        parquet(lambda k: pa.table([["1"], ["x"], ["y"]], names=["id", "title", "title"])),
        BadInput,
        "title twice",
    ),
    "names of others": (parquet(lambda k: {"sku": ["1"]}), BadInput, "columns id, title .* sku"),
    "all rows bad": (
        parquet(lambda k: {"id": [None, None], "title": ["x", "y"]}),
        (ImportRefused),
        "id-required",
    ),
    "end cut off": (cut(GOOD, end=-10), BadInput, "whole Parquet"),
    "half of it": (cut(GOOD, end=200), BadInput, "whole Parquet"),
    "mark alone": (lambda k: b"PAR1", BadInput, "whole Parquet"),
    "marks alone": (lambda k: b"PAR1PAR1", BadInput, "whole Parquet"),
    "footer of two gigabytes": (
        lambda k: b"PAR1" + b"\xff" * 99 + b"\xff\xff\xff\x7fPAR1",
        BadInput,
        "whole Parquet",
    ),
    "footer of junk": (
        lambda k: b"PAR1" + b"x" * 100 + (100).to_bytes(4, "little") + b"PAR1",
        BadInput,
        "whole Parquet",
    ),
    "encrypted": (lambda k: b"PARE" + b"x" * 100 + b"PARE", BadInput, "encrypted Parquet"),
    "start cut off": (cut(GOOD, start=4), BadInput, "."),
    "pages of junk": (
        lambda k: GOOD(k)[:4] + b"\xaa" * 60 + GOOD(k)[64:],
        BadInput,
        "whole Parquet",
    ),
    "a gigabyte in a kilobyte": (
        parquet(
            lambda k: {
                "id": [str(n) for n in range(2000)],
                "title": pa.DictionaryArray.from_arrays(pa.array([0] * 2000), ["x" * (1 << 20)]),
            }
        ),
        BadInput,
        "decompression bomb",
    ),
}
ROWS = [name for name, kind in KINDS.items() if isinstance(kind[1], int)]
ERRORS = [name for name in KINDS if name not in ROWS]


@pytest.fixture(scope="module")
def parquet_outcomes(hostile_rows):
    return hostile_rows("items", "parquet", KINDS)


@pytest.mark.parametrize("name", ROWS)
def test_rows(parquet_outcomes, name):
    assert parquet_outcomes[name] == KINDS[name][1:]


@pytest.mark.parametrize("name", ERRORS)
def test_refused_whole(refused_whole, name):
    refused_whole("items", "parquet", KINDS[name])
