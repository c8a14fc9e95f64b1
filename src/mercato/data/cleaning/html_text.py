"""HTML in titles and descriptions, as plain text."""

import html
import re
from collections.abc import Sequence
from html.entities import html5

import pyarrow as pa
import pyarrow.compute as pc
from selectolax.lexbor import LexborHTMLParser

from mercato.data.cleaning.step import Cleaning
from mercato.data.cleaning.texts import by_distinct, over

_NAMES = (
    "a|abbr|article|b|blockquote|body|br|center|code|div|em|figure|font|footer|h[1-6]|head|header"
    "|hr|html|i|iframe|img|li|meta|noscript|ol|p|pre|s|script|section|small|span|strike|strong"
    "|style|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul|video"
)
_TAG = rf"(?i)<(?:(?:{_NAMES})(?:\s+[\w:-]+\s*=[^<>]*|\s*)/?|/(?:{_NAMES})\s*)>|<!--"
"""A known tag, closed: ``size < 5``, ``<b and c>`` and ``AT&T`` are no HTML."""

_ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_ENCODED = r"(?i)&lt;(?:/(?:" + _NAMES + r")|br\s*/?)\s*&gt;"
"""Tags that were encoded once more: told by one that closes."""

_ENTITIES = re.compile(_ENTITY)
_TAGS = re.compile(_TAG)
_BARE = re.compile(rf"&(?!{_ENTITY[1:]})")
_ENCODED_TAGS = re.compile(_ENCODED)

_UNSEEN = ["script", "style", "noscript", "template", "iframe", "head"]
_LONGEST, _DEEPEST = 200_000, 500
"""Signs of a text, and elements within each other. Beyond, tags are only taken out: a parser's time
grows with the square of the depth, and its memory is a hundred times the text."""

_NESTING = re.compile(r"(?i)<(/?)(?!(?:br|hr|img|input|link|meta|p|li|t[dhr])\b)[a-z]")
_ANY_TAG = re.compile(r"<[^<>]*>")

_LINES = "br, li, tr, dt, dd"
_PARAGRAPHS = "p, div, ul, ol, table, h1, h2, h3, h4, h5, h6, blockquote, section, article, pre, hr"


def html_to_text(columns: Sequence[str]) -> Cleaning:
    return Cleaning(
        "html-to-text",
        tuple(columns),
        "HTML becomes text: entities are read, tags go, paragraphs and list items begin a line, "
        "scripts and styles are dropped. A bare `<` or `&` stays.",
        over(columns, _plain),
    )


def _plain(texts: pa.StringArray) -> pa.StringArray:
    if not pc.any(pc.match_substring_regex(texts, "[<&]")).as_py():
        return texts
    return by_distinct(texts, pc.match_substring_regex(texts, f"{_TAG}|{_ENTITY}"), text_of)


def text_of(source: str) -> str:
    """The text of one piece of HTML, lines apart by line ends; other text as it is."""
    if not _TAGS.search(source) and _ENCODED_TAGS.search(source):
        source = _without_entities(source)
    if not _TAGS.search(source):
        return _without_entities(source).strip()
    if len(source) > _LONGEST or _depth(source) > _DEEPEST:
        return " ".join(_without_entities(_ANY_TAG.sub(" ", source)).split())
    tree = LexborHTMLParser(_BARE.sub("&amp;", re.sub(r"\s+", " ", source)))
    tree.strip_tags(_UNSEEN, recursive=True)
    for node in tree.css(_LINES):
        node.insert_before("\n")
    for node in tree.css(_PARAGRAPHS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    text = tree.body.text() if tree.body else ""
    lines = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t]+", " ", text))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _depth(source: str) -> int:
    """How many elements stand within each other at most; no closing tag closes more than one."""
    depth = deepest = 0
    for tag in _NESTING.finditer(source):
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _without_entities(text: str) -> str:
    """Entities that HTML knows, as their signs; ``&foo;`` stays."""
    return _ENTITIES.sub(_sign, text)


def _sign(entity: re.Match[str]) -> str:
    found = entity.group()
    return html.unescape(found) if found[1] == "#" or found[1:] in html5 else found
