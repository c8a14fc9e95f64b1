"""JSON feeds as they should not be."""

import json

import pytest

from mercato.core.errors import BadInput
from mercato.data.report import ImportRefused


def lines(*written, end="\n", encoding="utf-8"):
    """Lines; one that is no text is written as JSON."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in written]
    return lambda k: "".join(text + end for text in texts).replace("@", k).encode(encoding)


def beside(line):
    """A good line, then one of a kind."""
    return lines(GOOD, line)


def raw(content):
    return lambda k: content.replace(b"@", k.encode())


def item(**fields):
    return {"id": "@1", "title": "x"} | fields


GOOD = {"id": "@good", "title": "x"}

KINDS = {
    "lines": (lines(GOOD), 1, ()),
    "lines with a mark": (lines(GOOD, encoding="utf-8-sig"), 1, ()),
    "lines in utf-16": (lines(GOOD, item(), encoding="utf-16"), 2, ()),
    "lines ended by crlf": (lines(GOOD, item(), end="\r\n"), 2, ()),
    "lines ended by cr": (lines(GOOD, item(), end="\r"), 2, ()),
    "blank lines": (lines("", GOOD, "", "  ", item()), 2, ()),
    "no last line end": (lambda k: json.dumps({"id": k, "title": "x"}).encode(), 1, ()),
    "array": (raw(b'[{"id": "@1", "title": "x"}, {"id": "@2", "title": "y"}]'), 2, ()),
    "array over lines": (
        raw(b'[\n{"id": "@1",\n"title": "x"}\n,\n{"id": "@2", "title": "y"}]'),
        2,
        (),
    ),
    "arrays joined": (raw(b'[{"id": "@1", "title": "x"}]\n[{"id": "@2", "title": "y"}]'), 2, ()),
    "array with a last comma": (raw(b'[{"id": "@1", "title": "x"},]'), 1, ()),
    "array of arrays": (raw(b'[{"id": "@1", "title": "x"}, [1]]'), 1, ("row-object",)),
    "array with gaps": (raw(b'[{"id": "@1", "title": "x"},,null]'), 1, ("row-object",)),
    "array with a broken element": (
        raw(b'[{"id": "@1", "title": "x"}, {"id" 2}, {"id": "@3", "title": "z"}]'),
        2,
        ("row-json",),
    ),
    "objects over lines": (
        lines('{\n"id": "@1",\n"title": "x"\n}', '{\n"id": "@2",\n"title": "y"\n}'),
        2,
        (),
    ),
    "one object over lines": (lines('{\n  "id": "@1",\n  "title": "x"\n}'), 1, ()),
    "objects on one line": (lines('{"id": "@1", "title": "x"}{"id": "@2", "title": "y"}'), 2, ()),
    "objects apart by commas": (
        lines('{"id": "@1", "title": "x"},', '{"id": "@2", "title": "y"},'),
        2,
        (),
    ),
    "cut line": (beside('{"id": "@1", "ti'), 1, ("row-json",)),
    "cut first line": (lines('{"id": "@1", "ti', GOOD), 1, ("row-json",)),
    "text behind the object": (beside('{"id": "@1", "title": "x"} # ours'), 1, ("row-json",)),
    "log line in between": (beside("2026-05-01 INFO started"), 1, ("row-json",)),
    "python's notation": (beside("{'id': '@1', 'title': None}"), 1, ("row-json",)),
    "javascript's notation": (beside('{id: "@1", title: "x"}'), 1, ("row-json",)),
    "comment": (beside("// done"), 1, ("row-json",)),
    "last comma": (beside('{"id": "@1", "title": "x",}'), 1, ("row-json",)),
    "not a number": (beside('{"id": "@1", "title": "x", "price": NaN}'), 1, ("row-json",)),
    "infinity": (beside('{"id": "@1", "title": "x", "price": -Infinity}'), 1, ("row-json",)),
    "beyond all numbers": (beside('{"id": "@1", "title": "x", "price": 1e999}'), 1, ("row-json",)),
    "number with a leading zero": (
        beside('{"id": "@1", "title": "x", "price": 01}'),
        1,
        ("row-json",),
    ),
    "control sign in a text": (beside('{"id": "@1", "title": "x\ty"}'), 1, ("row-json",)),
    "half a surrogate": (beside('{"id": "@1", "title": "\\ud83d"}'), 1, ("row-json",)),
    "surrogates the wrong way round": (
        beside('{"id": "@1", "title": "\\ude00\\ud83d"}'),
        1,
        ("row-json",),
    ),
    "a pair of surrogates": (beside('{"id": "@1", "title": "\\ud83d\\ude00"}'), 2, ()),
    "zero sign": (beside('{"id": "@1", "title": "x\\u0000"}'), 1, ("text-nul",)),
    "zero sign in a name": (beside('{"id": "@1", "title": "x", "\\u0000": 1}'), 1, ("text-nul",)),
    "notation of a zero sign": (beside('{"id": "@1", "title": "\\\\u0000"}'), 2, ()),
    "bytes that are no utf-8": (
        raw(b'{"id": "@2", "title": "x"}\n{"id": "@1", "title": "\xff"}\n'),
        1,
        ("row-json",),
    ),
    "zero bytes": (raw(b'{"id": "@2", "title": "x"}\n\0\0\n'), 1, ("row-json",)),
    "a hundred thousand brackets": (beside("[" * 100_000), 1, ("row-json",)),
    "brackets that close": (beside("[" * 100_000 + "]" * 100_000), 1, ("row-json",)),
    "nested objects without end": (beside('{"a":' * 50_000 + "1" + "}" * 50_000), 1, ("row-json",)),
    "nested deep": (
        beside('{"id": "@1", "title": "x", "a": ' + "[" * 300 + "]" * 300 + "}"),
        1,
        ("row-json",),
    ),
    "nested": (beside(item(a={"b": [{"c": [1, {"d": None}]}]})), 2, ()),
    "text as a row": (beside('"@1"'), 1, ("row-object",)),
    "number as a row": (beside("42"), 1, ("row-object",)),
    "null as a row": (beside("null"), 1, ("row-object",)),
    "list as a row": (beside(["@1", "x"]), 1, ("row-object",)),
    "nothing in it": (beside({}), 1, ("id-required",)),
    "no id": (beside({"title": "x"}), 1, ("id-required",)),
    "null as an id": (beside(item(id=None)), 1, ("id-required",)),
    "empty text as an id": (beside(item(id=" ")), 1, ("id-required",)),
    "null as a title": (beside(item(title=None)), 1, ("title-required",)),
    "number as an id": (beside('{"id": 77, "title": "x"}'), 2, ()),
    "number beyond 64 bits as an id": (beside('{"id": 18446744073709551615, "title": "x"}'), 2, ()),
    "fraction as an id": (beside('{"id": 1.5, "title": "x"}'), 2, ()),
    "truth as a title": (beside(item(title=True)), 2, ()),
    "list as a title": (beside(item(title=["x", "y"])), 2, ()),
    "a name twice": (beside('{"id": "@0", "id": "@1", "title": "x"}'), 2, ()),
    "a name of no signs": (beside(item(**{"": 1})), 2, ()),
    "names like python's": (beside(item(**{"__proto__": 1, "__class__": 2, "__source": 3})), 2, ()),
    "names in capitals": (lines({"ID": "@1", "Title": "x", "imageLink": "/x"}), 1, ()),
    "ten thousand names": (
        lambda k: json.dumps(
            {"id": k, "title": "x"} | {f"n{n}": n for n in range(10_000)}
        ).encode(),
        1,
        (),
    ),
    "a megabyte of a name": (
        lambda k: json.dumps({"id": k, "title": "x", "n" * (1 << 20): 1}).encode(),
        1,
        (),
    ),
    "a megabyte of a list": (
        lambda k: json.dumps({"id": k, "title": "x", "n": [1] * 300_000}).encode(),
        1,
        (),
    ),
    "price as text": (beside(item(price="12.50 EUR")), 2, ()),
    "price as an object": (beside(item(price={"amount": 1})), 1, ("price-readable",)),
    "price as a list": (beside(item(price=[1, 2])), 1, ("price-readable",)),
    "price as truth": (beside(item(price=True)), 1, ("price-readable",)),
    "negative price": (beside(item(price=-1)), 1, ("price-not-negative",)),
    "time as a number": (beside(item(created_at=1_777_636_800)), 2, ()),
    "time as a huge number": (beside(item(created_at=1e300)), 1, ("created_at-readable",)),
    "time as an object": (beside(item(created_at={"$date": 1})), 1, ("created_at-readable",)),
    "attributes as an object": (beside(item(attributes={"a": 1})), 2, ()),
    "attributes as a number": (beside(item(attributes=7)), 1, ("attributes-readable",)),
    "script as a link": (beside(item(link="javascript:alert(1)")), 1, ("link-address",)),
    "array that is cut": (
        raw(b'[{"id": "1", "title": "x"},\n{"id": "2", "tit'),
        BadInput,
        "end that is missing, behind line 1",
    ),
    "array that is not closed": (
        raw(b'[{"id": "1", "title": "x"}'),
        BadInput,
        "end that is missing",
    ),
    "array alone that is opened": (raw(b"["), BadInput, "end that is missing"),
    "array of a hundred thousand arrays": (raw(b"[" * 100_000), BadInput, "end that is missing"),
    "array closed twice": (raw(b'[{"id": "1", "title": "x"}]]'), BadInput, "closes nothing"),
    "array and an object": (
        raw(b'[{"id": "1", "title": "x"}]{"id": 2}'),
        BadInput,
        "behind the array",
    ),
    "array and a text": (
        raw(b'[{"id": "1", "title": "x"}] and more'),
        BadInput,
        "end that is missing",
    ),
    "empty array": (raw(b"[]"), BadInput, "rows in"),
    "empty object": (raw(b"{}"), BadInput, "columns id, title"),
    "object that is opened": (raw(b"{"), ImportRefused, "row-json"),
    "wrapped rows": (
        raw(b'{"data": [{"id": 1, "title": "x"}]}'),
        BadInput,
        "columns id, title .* found",
    ),
    "an error's object": (raw(b'{"error": {"code": 401}}'), BadInput, "columns id, title"),
    "array of scalars": (raw(b'[1, "x", null]'), ImportRefused, "row-object"),
    "names of others": (raw(b'{"sku": 1, "name": "x"}'), BadInput, "columns id, title"),
}
ROWS = [name for name, kind in KINDS.items() if isinstance(kind[1], int)]
ERRORS = [name for name in KINDS if name not in ROWS]


@pytest.fixture(scope="module")
def json_outcomes(hostile_rows):
    return hostile_rows("items", "json", KINDS)


@pytest.mark.parametrize("name", ROWS)
def test_rows(json_outcomes, name):
    assert json_outcomes[name] == KINDS[name][1:]


@pytest.mark.parametrize("name", ERRORS)
def test_refused_whole(refused_whole, name):
    refused_whole("items", "json", KINDS[name])
