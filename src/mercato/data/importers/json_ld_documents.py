"""JSON-LD as it is found: a document, lines or an array of them, and scripts in saved pages.

https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents for the scripts.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import orjson

from mercato.data.importers.json_files import objects
from mercato.data.importers.raw import MOST_RECORD, SHOWN, Refusal, Source

Placed = tuple[int, object]
"""A JSON value with the line on which it, or the script around it, starts."""

_TOGETHER = 4_096
"""Elements of an array among which references are looked up."""

_OPENS = re.compile(r"<!--|<script\b([^<>]*)>", re.IGNORECASE)
_CLOSES = re.compile(r"</script", re.IGNORECASE)
_JSON_LD = re.compile(r"application/ld\+json", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta\b[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_WRAPPERS = ("//", "/*", "*/", "<![CDATA[", "]]>", "<!--", "-->", ";")
"""What old pages write around a script's content; JSON begins and ends with none of it."""


def documents(source: Source) -> Iterator[Sequence[Placed | Refusal]]:
    """Values that may refer to one another: those of a page, of a document, of a line, and of
    `_TOGETHER` elements of an array. Raises BadInput for an array that is broken."""
    if source.kind in ("html", "xml"):
        yield list(_of_page(source))
    elif _is_one_document(source.head):
        yield [_whole(source)]
    elif source.head.lstrip()[:1] == b"[":
        elements = objects(source)
        while some := list(islice(elements, _TOGETHER)):
            yield [_placed(line, value) for line, value in some]
    else:
        for line, value in objects(source):
            yield [_placed(line, value)]


def _placed(line: int, value: object | Refusal) -> Placed | Refusal:
    return value if isinstance(value, Refusal) else (line, value)


def _is_one_document(head: bytes) -> bool:
    """Whether the first line is the beginning of an object that goes on in the next."""
    first = head.lstrip().split(b"\n", 1)[0].rstrip()
    return first[:1] == b"{" and first[-1:] in (b"{", b"[", b",")


def _whole(source: Source) -> Placed | Refusal:
    with source.open_text() as stream:
        found = _bounded(stream)
    return found if isinstance(found, Refusal) else _parsed(found, 1)


def _bounded(stream: BinaryIO) -> bytes | Refusal:
    found = stream.read(MOST_RECORD + 1)
    if len(found) <= MOST_RECORD:
        return found
    shown = json.dumps(found[:SHOWN].decode("utf-8", "backslashreplace"))
    return Refusal(1, "row-size", None, f"more than {MOST_RECORD >> 20} MiB", shown)


def has_json_ld(source: Source) -> bool:
    """Whether a page holds such a script; many have theirs at the end."""
    with source.open_text() as stream:
        return b"application/ld+json" in stream.read(MOST_RECORD).lower()


def _of_page(source: Source) -> Iterator[Placed | Refusal]:
    with source.open_text() as stream:
        found = _bounded(stream)
    page = found if isinstance(found, Refusal) else _decoded(found)
    if isinstance(page, Refusal):
        yield page
        return
    line, counted = 1, 0
    for start, script in _scripts(page):
        line += page.count("\n", counted, start)
        counted = start
        if script.strip():
            yield _parsed(script, line)


def _decoded(page: bytes) -> str | Refusal:
    declared = _CHARSET.search(page[:8192])
    for encoding in ("utf-8", declared[1].decode() if declared else "utf-8"):
        try:
            return page.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    shown = json.dumps(page[:SHOWN].decode("utf-8", "backslashreplace"))
    return Refusal(1, "text-utf8", None, None, shown)


def _scripts(page: str) -> Iterator[tuple[int, str]]:
    """Each script of JSON-LD with its place; those in comments are none."""
    at = 0
    while opened := _OPENS.search(page, at):
        if opened[1] is None:
            end = page.find("-->", opened.end())
        else:
            closed = _CLOSES.search(page, opened.end())
            end = closed.start() if closed else -1
            if end >= 0 and _JSON_LD.search(opened[1]):
                yield opened.start(), page[opened.end() : end]
        if end < 0:
            return
        at = end


def _parsed(found: bytes | str, line: int) -> Placed | Refusal:
    """Line ends within texts, which are not JSON but frequent in pages, are taken as they are."""
    text = found.decode("utf-8", "backslashreplace") if isinstance(found, bytes) else found
    bare = _unwrapped(text)
    try:
        return line, orjson.loads(bare)
    except orjson.JSONDecodeError as error:
        reason = str(error)
    try:  # twice, since Python's JSON may say what is none: NaN, halves of characters
        return line, orjson.loads(orjson.dumps(json.loads(bare, strict=False)))
    except (ValueError, TypeError, RecursionError):
        return Refusal(line, "row-json", None, reason, json.dumps(text[:SHOWN]))


def _unwrapped(text: str) -> str:
    bare, before = text.strip(), ""
    while bare != before:
        before = bare
        for wrapper in _WRAPPERS:
            bare = bare.removeprefix(wrapper).removesuffix(wrapper).strip()
    return bare
