from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.core.errors import BadInput
from mercato.data.importers import dialect_of, xml_files
from mercato.data.importers.raw import Source
from mercato.data.importers.xml_files import Element, elements

FEED = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{}</channel></rss>'
ITEM = "<item><g:id>1</g:id><g:title>A</g:title></item>"


@pytest.fixture
def xml(tmp_path: Path) -> Callable[..., Source]:
    def write(content: str | bytes, encoding: str | None = None) -> Source:
        path = tmp_path / "feed.xml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Source(path, (path,), encoding)

    return write


def items(source: Source) -> list[Element]:
    return list(elements(source, frozenset({"item"})))


def test_elements_come_with_their_lines_and_texts(xml: Callable[..., Source]) -> None:
    lines = "\n".join(f"<item><a>n{n}</a>\n<b>x<c>y</c>z</b></item>" for n in range(40_000))
    found = items(xml(FEED.format("\n" + lines)))
    # The first stands in line 2, each takes two lines; libxml2 stops counting at 65,535.
    assert [element.line for element in found] == [2 + 2 * n for n in range(40_000)]
    assert [child.text for child in found[39_999].children] == ["n39999", "xyz"]


BOMB = (
    '<!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)).replace("&a0;", "&a;")
    + "]>"
)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (BOMB + FEED.format("<item><g:id>&a11;</g:id></item>"), "document type in line 1"),
        (
            '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + FEED.format("<item><g:id>&x;</g:id></item>"),
            "document type in line 1",
        ),
        (
            '<?xml version="1.0"?>\n<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd">'
            + FEED.format(ITEM),
            "document type in line 2",
        ),
        (
            FEED.format(
                '\n<item><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="x"/></item>'
            ),
            "an XInclude in line 2, column 7",
        ),
        (FEED.format("<item>" + "<a>" * 200 + "</a>" * 200 + "</item>"), "nested 65 deep"),
        (FEED.format(ITEM + "\n<item><g:id>2</item>"), "mismatched tag in line 2, column 16"),
        (FEED.format(ITEM)[:-20], "unclosed token|no element found"),
        (FEED.format("<item><g:id>&nbsp;</g:id></item>"), "undefined entity in line 1"),
        (FEED.format("<item><g:id>a\0b</g:id></item>"), "invalid token"),
        (FEED.format("<item><g:id>é</g:id></item>").encode("latin-1"), "invalid token"),
        ('<?xml version="1.0" encoding="gb2312"?>' + FEED.format(ITEM), "multi-byte"),
        ('<?xml version="1.0" encoding="utf-9"?>' + FEED.format(ITEM), "unknown encoding"),
    ],
)
def test_traps_and_broken_places_are_named(
    xml: Callable[..., Source], content: str | bytes, found: str
) -> None:
    source = xml(content)
    assert dialect_of(source, "items", None).name == "merchant-xml"
    with pytest.raises(BadInput, match=found):
        items(source)


def test_a_tag_that_never_ends_is_given_up(
    xml: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_files, "_MOST_TOKEN", 1 << 18)
    with pytest.raises(BadInput, match="tag, comment or instruction of more than"):
        items(xml(FEED.format("<item a='" + "x" * (1 << 20))))


def test_what_is_too_long_is_cut_and_reading_goes_on(
    xml: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_files, "MOST_RECORD", 5_000)
    content = f"<item>{'x' * 9_000}</item><item>{'<a/>' * 9_000}</item>{ITEM}"
    assert [each.is_cut for each in items(xml(FEED.format(content)))] == [True, True, False]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (
            b'<?xml version="1.0" encoding="ISO-8859-1"?><r><item>\xe9</item></r>',
            None,
        ),
        ("<r><item>é</item></r>".encode("utf-16"), None),
        ('<?xml version="1.0" encoding="x-odd"?><r><item>é</item></r>'.encode("cp1252"), "cp1252"),
        ('<?xml version="1.0"?><r><item>é</item></r>'.encode("gb18030"), "gb18030"),
        ("\ufeff<r><item>é</item></r>".encode(), None),
    ],
)
def test_encodings_are_those_declared_marked_or_named(
    xml: Callable[..., Source], content: bytes, encoding: str | None
) -> None:
    assert [element.text for element in items(xml(content, encoding))] == ["é"]
