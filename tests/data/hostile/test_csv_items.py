"""CSV feeds as they should not be."""

import pytest

from mercato.core.errors import BadInput
from mercato.data.report import ImportRefused


def csv(text, encoding="utf-8"):
    return lambda k: text.replace("@", k).encode(encoding)


def raw(content):
    return lambda k: content.replace(b"@", k.encode())


def one(column, value):
    """A good row, and one whose ``column`` has ``value``."""
    quoted = value.replace('"', '""')
    return csv(f'id,title,{column}\n@1,x,\n@2,y,"{quoted}"\n')


KINDS = {
    "as it should be": (csv("id,title\n@1,x\n"), 1, ()),
    "byte order mark": (csv("id,title\n@1,x\n", "utf-8-sig"), 1, ()),
    "utf-16 with mark": (csv("id,title\n@1,Käse\n", "utf-16"), 1, ()),
    "utf-16 big endian": (csv("\ufeffid,title\n@1,茶\n", "utf-16-be"), 1, ()),
    "utf-32 with mark": (csv("id,title\n@1,茶\n", "utf-32"), 1, ()),
    "utf-16 lone surrogate": (
        lambda k: f"\ufeffid,title\n{k}1,\ud800\n{k}2,x\n".encode("utf-16-le", "surrogatepass"),
        1,
        ("text-utf8",),
    ),
    "crlf": (csv("id,title\r\n@1,x\r\n@2,y\r\n"), 2, ()),
    "cr alone": (csv("id,title\r@1,x\r@2,y\r"), 2, ()),
    "three line ends": (csv("id,title\r\n@1,x\n@2,y\r@3,z\r\n"), 3, ()),
    "no last line end": (csv("id,title\n@1,x"), 1, ()),
    "blank lines": (csv("\n\nid,title\n\n@1,x\n\n\n@2,y\n\n"), 2, ()),
    "lines of blanks": (csv("id,title\n   \n@1,x\n\t\n"), 1, ()),
    "trailing delimiters": (csv("id,title,,\n@1,x,,\n"), 1, ()),
    "names without values": (csv("id,title,colour,\n@1,x,,red\n"), 1, ()),
    "tabs": (csv("id\ttitle\n@1\tx, y\n"), 1, ()),
    "semicolons": (csv("id;title;price\n@1;x;1,50\n"), 1, ()),
    "pipes": (csv("id|title\n@1|x\n"), 1, ()),
    "excel's delimiter line": (csv("sep=;\nid;title\n@1;x\n"), 1, ()),
    "quoted header": (csv('"id","title"\n@1,x\n'), 1, ()),
    "header over two lines": (csv('id,title,"note\nof mine"\n@1,x,y\n'), 1, ()),
    "header in capitals": (csv("ID,Title,IMAGE LINK\n@1,x,\n"), 1, ()),
    "two spellings of one name": (csv("id,title,Title\n@1,x,y\n"), 1, ()),
    "blanks around names": (csv(" id , title \n@1,x\n"), 1, ()),
    "quoted line ends": (csv('id,title\n@1,"a\nb\r\nc"\n@2,y\n'), 2, ()),
    "quoted delimiters": (csv('id,title\n@1,"a,b"\n'), 1, ()),
    "doubled quotes": (csv('id,title\n@1,"2"" nail"\n'), 1, ()),
    "quote within a field": (csv('id,title\n@1,2" nail\n@2,y\n'), 2, ()),
    "text behind a quote": (csv('id,title\n@1,"a"b\n@2,y\n'), 1, ("row-quotes",)),
    "blank behind a quote": (csv('id,title\n@1,"a" \n@2,y\n'), 1, ("row-quotes",)),
    "quotes escaped by backslash": (csv('id,title\n@1,"2\\" nail"\n@2,y\n'), 1, ("row-quotes",)),
    "quote open at the end": (csv('id,title\n@1,x\n@2,"y\n'), 1, ("row-quotes",)),
    "quote open in between": (csv('id,title\n@1,"x\n@2,y\n@3,"z"\n'), 2, ("row-quotes",)),
    "quotes open twice": (csv('id,title\n@1,"x\n@2,y\n@3,"z\n@4,w\n'), 2, ("row-quotes",) * 2),
    "single quotes": (csv("id,title\n@1,'x'\n"), 1, ()),
    "one field": (csv("id,title\n@1\n@2,y\n"), 1, ("row-shape",)),
    "a field too many": (csv("id,title\n@1,x,y\n@2,y\n"), 1, ("row-shape",)),
    "ragged both ways": (csv("id,title\n@1\n@2,y\n@3,y,z\n,,\n"), 1, ("row-shape",) * 3),
    "delimiters alone": (csv("id,title\n,\n@2,y\n"), 1, ("id-required",)),
    "a total at the end": (csv("id,title\n@1,x\nTotal: 1\n"), 1, ("row-shape",)),
    "comment in between": (csv("id,title\n# draft\n@1,x\n"), 1, ("row-shape",)),
    "header in between": (csv("id,title\n@1,x\nid,title\n@2,y\n"), 2, ("row-header",)),
    "two files joined": (
        lambda k: f"id,title\n{k}1,x\n".encode() + f"\ufeffid,title\n{k}2,y\n".encode(),
        2,
        ("row-header",),
    ),
    "merge conflict": (
        csv("id,title\n@1,x\n<<<<<<< ours\n@2,y\n=======\n@2,z\n>>>>>>> theirs\n"),
        2,
        ("row-shape", "row-shape", "id-unique", "row-shape"),
    ),
    "latin-1 row": (raw(b"id,title\n@1,caf\xe9\n@2,y\n"), 1, ("text-utf8",)),
    "gb18030 row": (raw("id,title\n@1,茶\n@2,y\n".encode("gb18030")), 1, ("text-utf8",)),
    "overlong utf-8": (raw(b"id,title\n@1,\xc0\xaf\n@2,y\n"), 1, ("text-utf8",)),
    "surrogates in utf-8": (raw(b"id,title\n@1,\xed\xa0\x80\n@2,y\n"), 1, ("text-utf8",)),
    "half a sign at the end": (raw(b"id,title\n@1,x\n@2,caf\xc3"), 1, ("text-utf8",)),
    "zero byte": (raw(b"id,title\n@1,x\0y\n@2,y\n"), 1, ("text-nul",)),
    "zero byte in quotes": (raw(b'id,title\n@1,"x\0\ny"\n@2,y\n'), 1, ("text-nul",)),
    "end-of-file sign of DOS": (raw(b"id,title\n@1,x\n\x1a"), 1, ("row-shape",)),
    "escape signs of a terminal": (csv("id,title\n@1,\x1b[31mred\x1b[0m\n"), 1, ()),
    "direction marks": (csv("id,title\n@1,\u202egnp.exe\n"), 1, ()),
    "mark within the text": (csv("id,title\n@1,\ufeffx\n"), 1, ()),
    "private and unassigned signs": (csv("id,title\n@1,\ue000\U0010ffff\n"), 1, ()),
    "ten thousand columns": (
        lambda k: (
            ",".join(["id", "title", *map("c{}".format, range(10_000))])
            + f"\n{k}1,x"
            + ",v" * 10_000
            + "\n"
        ).encode(),
        1,
        (),
    ),
    "a megabyte of title": (lambda k: f"id,title\n{k}1,{'x' * (1 << 20)}\n".encode(), 1, ()),
    "a name of a hundred thousand signs": (
        lambda k: f"id,title,{'n' * 100_000}\n{k}1,x,y\n".encode(),
        1,
        (),
    ),
    "no id": (csv("id,title\n,x\n@2,y\n"), 1, ("id-required",)),
    "blank id": (csv("id,title\n  ,x\n@2,y\n"), 1, ("id-required",)),
    "no title": (csv("id,title\n@1,\n@2,y\n"), 1, ("title-required",)),
    "title of blanks": (csv("id,title\n@1,\u3000 \n@2,y\n"), 1, ("title-required",)),
    "an id twice, unchanged": (csv("id,title\n@1,x\n@1,x\n"), 1, ()),
    "an id twice, not the same": (csv("id,title\n@1,x\n@1,y\n"), 1, ("id-unique",)),
    "too long an id": (csv("id,title\n" + "1" * 300 + ",x\n@2,y\n"), 1, ("id-length",)),
    "path as an id": (csv("id,title\n../../etc/passwd#@,x\n"), 1, ()),
    "path of windows as an id": (csv("id,title\nC:\\con\\..\\@,x\n"), 1, ()),
    "sql as a title": (csv("id,title\n@1,'); DROP TABLE items; --\n"), 1, ()),
    "template as a title": (csv("id,title\n@1,{{7*7}} ${7*7} <%= 7 %>\n"), 1, ()),
    "script as a title": (csv("id,title\n@1,<b>x</b><script>alert(1)</script>\n"), 1, ()),
    "formula as a title": (csv("id,title\n@1,=cmd|' /C calc'!A0\n"), 1, ()),
    "at sum as a title": (csv("id,title\n@1,+SUM(1)\n"), 1, ()),
    "negative price": (one("price", "-1"), 1, ("price-not-negative",)),
    "negative sale price": (one("sale_price", "-0.01"), 1, ("sale_price-not-negative",)),
    "price in words": (one("price", "on request"), 1, ("price-readable",)),
    "price not a number": (one("price", "1.2.3.x"), 1, ("price-readable",)),
    "price without end": (one("price", "inf"), 1, ("price-readable",)),
    "price beyond all numbers": (one("price", "1e999"), 1, ("price-readable",)),
    "price in hexadecimal": (one("price", "0x10"), 1, ("price-readable",)),
    "price as a formula": (one("price", "=1+1"), 1, ("price-readable",)),
    "price as a range": (one("price", "10-20"), 1, ("price-readable",)),
    "price with a comma": (one("price", "1,50"), 2, ()),
    "price with a thousand": (one("price", "1.299,00 €"), 2, ()),
    "unknown currency": (one("currency", "XXQ"), 1, ("currency-accepted",)),
    "unknown currency beside a price": (one("price", "5 XXQ"), 1, ("currency-accepted",)),
    "unknown availability": (one("availability", "maybe"), 1, ("availability-accepted",)),
    "time in words": (one("created_at", "yesterday"), 1, ("created_at-readable",)),
    "month thirteen": (one("created_at", "2026-13-01"), 1, ("created_at-readable",)),
    "30 February": (one("created_at", "2026-02-30"), 1, ("created_at-readable",)),
    "year 99999": (one("created_at", "99999-01-01"), 1, ("created_at-readable",)),
    "epoch beyond all years": (one("created_at", "9" * 30), 1, ("created_at-readable",)),
    "epoch before all years": (one("created_at", "-" + "9" * 25), 1, ("created_at-readable",)),
    "day of week in a time": (one("created_at", "Fri, 01 May 2026 12:00:00 GMT"), 2, ()),
    "day before month": (one("created_at", "31.12.2025"), 2, ()),
    "month before day": (one("created_at", "12/31/2025"), 2, ()),
    "epoch": (one("created_at", "1777636800"), 2, ()),
    "attributes that are no json": (one("attributes", "{red}"), 1, ("attributes-readable",)),
    "attributes as a list": (one("attributes", "[1]"), 1, ("attributes-readable",)),
    "attributes nested without end": (
        one("attributes", '{"a":' + "[" * 3_000 + "]" * 3_000 + "}"),
        1,
        ("attributes-readable",),
    ),
    "attributes nested deep": (
        one("attributes", '{"a":' + "[" * 500 + "]" * 500 + "}"),
        1,
        ("attributes-readable",),
    ),
    "script as a link": (one("link", "javascript:alert(1)"), 1, ("link-address",)),
    "script in capitals": (one("link", " JavaScript:alert(1)"), 1, ("link-address",)),
    "script behind a tab": (one("link", "java\tscript:alert(1)"), 1, ("link-address",)),
    "data as a picture": (one("image_link", "data:image/svg+xml,x"), 1, ("image_link-address",)),
    "file as a picture": (one("image_link", "file:///etc/passwd"), 1, ("image_link-address",)),
    "link within the shop": (one("link", "/tea?size=1:2"), 2, ()),
    "empty file": (raw(b""), BadInput, "nothing but blanks"),
    "mark alone": (raw(b"\xef\xbb\xbf"), BadInput, "nothing but blanks"),
    "blanks alone": (raw(b" \n\n \t\n"), BadInput, "nothing but blanks"),
    "header alone": (csv("id,title\n"), BadInput, "rows in .* found none"),
    "name twice": (csv("id,title,title\n1,x,y\n"), BadInput, "title twice"),
    "no header": (csv("1,x\n2,y\n"), BadInput, "columns id, title .* found 1, x"),
    "names of others": (csv("sku,name\n1,x\n"), BadInput, "found name, sku.* --map id=THEIRS"),
    "unknown delimiter": (csv("id^title\n1^x\n"), BadInput, "columns id, title .* found id.title"),
    "header without end": (raw(b"id,title," + b"n" * (2 << 20)), BadInput, "a header in"),
    "quote open in the header": (csv('"id,title\n1,x\n2,y\n'), BadInput, "a header in .* line 1"),
    "text behind a quote in the header": (csv('"id"s,title\n1,x\n'), BadInput, "a header in"),
    "latin-1 header": (raw(b"id,title,pr\xe9nom\n1,x,y\n"), BadInput, "try --encoding cp1252"),
    "gb18030 header": (raw("编号,标题\n1,x\n".encode("gb18030")), BadInput, "--encoding gb18030"),
    "zero byte in the header": (raw(b"id,ti\0tle,some,other,names\n1,x,,,\n"), BadInput, "header"),
    "utf-16 without mark": (csv("id,title\n1,x\n", "utf-16-le"), BadInput, "utf-16-le"),
    "utf-16 without mark, big endian": (csv("id,t\n1,x\n", "utf-16-be"), BadInput, "utf-16-be"),
    "utf-16 cut within a sign": (
        lambda k: "id,title\n1,x\n".encode("utf-16") + b"x",
        BadInput,
        "text in utf-16",
    ),
    "zeros alone": (raw(b"\0" * 5_000), BadInput, "zero bytes"),
    "random bytes": (raw(bytes(range(256)) * 20), BadInput, "binary data"),
    "pdf": (raw(b"%PDF-1.7\n%\xe2\xe3\n"), BadInput, "a PDF document"),
    "png": (raw(b"\x89PNG\r\n\x1a\n"), BadInput, "a PNG image"),
    "jpeg": (raw(b"\xff\xd8\xff\xe0\0\x10JFIF"), BadInput, "a JPEG image"),
    "gif": (raw(b"GIF89a"), BadInput, "a GIF image"),
    "webp": (raw(b"RIFF\x24\0\0\0WEBP"), BadInput, "WebP"),
    "old workbook": (raw(b"\xd0\xcf\x11\xe0\xa1\xb1"), BadInput, "Excel workbook"),
    "sqlite": (raw(b"SQLite format 3\0"), BadInput, "SQLite database"),
    "program": (raw(b"\x7fELF\x02\x01"), BadInput, "a program"),
    "avro": (raw(b"Obj\x01\x04"), BadInput, "an Avro file"),
    "arrow file": (raw(b"ARROW1\0\0"), BadInput, "an Arrow file"),
    "web page": (raw(b"<!DOCTYPE html><html><h1>503</h1></html>"), BadInput, "a web page"),
    "shell script": (raw(b"#!/bin/sh\nrm -rf /\n"), BadInput, "columns id, title"),
    "yaml": (raw(b"items:\n  - id: 1\n"), BadInput, "columns id, title"),
    "a word": (raw(b"hello"), BadInput, "columns id, title"),
    "a number": (raw(b"42"), BadInput, "columns id, title"),
    "no good row": (csv("id,title\n,\n,\n"), ImportRefused, "id-required"),
    "no row of right shape": (csv("id,title\n1\n2\n"), ImportRefused, "row-shape"),
}
ROWS = [name for name, kind in KINDS.items() if isinstance(kind[1], int)]
ERRORS = [name for name in KINDS if name not in ROWS]


@pytest.fixture(scope="module")
def csv_outcomes(hostile_rows):
    return hostile_rows("items", "csv", KINDS)


@pytest.mark.parametrize("name", ROWS)
def test_rows(csv_outcomes, name):
    assert csv_outcomes[name] == KINDS[name][1:]


@pytest.mark.parametrize("name", ERRORS)
def test_refused_whole(refused_whole, name):
    refused_whole("items", "csv", KINDS[name])
