from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from mercato.core.errors import BadInput
from mercato.core.settings import Settings
from mercato.data.assets.items import ITEMS
from mercato.data.importers import DIALECTS, xml_files
from mercato.data.importers.raw import Reading, Source
from mercato.data.importing import import_items
from mercato.data.store import AssetStore

ReadItems = Callable[..., Any]
FEED = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n{}</channel></rss>'
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def feed(tmp_path: Path) -> Callable[[str], Path]:
    def write(items: str) -> Path:
        path = tmp_path / "feed.xml"
        path.write_text(items if items.startswith("<?") else FEED.format(items), encoding="utf-8")
        return path

    return write


def test_lines_are_those_on_which_items_start(read_items: ReadItems) -> None:
    feed = FIXTURES / "merchant_rss.xml"
    lines = feed.read_text(encoding="utf-8").splitlines()
    starts = [at for at, line in enumerate(lines, start=1) if line.strip() == "<item>"]
    found = read_items(feed).lines
    assert found == dict(zip(["SHIRT-1", "LAMP-7", "NOTE"], starts, strict=True))


def test_what_an_item_lacks_is_for_the_checks(
    read_items: ReadItems, feed: Callable[[str], Path]
) -> None:
    found = read_items(
        feed(
            "<item><g:id>1</g:id><g:title>A</g:title></item>\n"
            "<item><g:title>B</g:title></item>\n"
            "<item><g:id>3</g:id><g:title>C</g:title><g:price>dear</g:price></item>"
        )
    )
    assert list(found.items) == ["1"]
    refused = [(each.line, each.check, each.value) for each in found.refusals]
    assert refused == [(3, "id-required", None), (4, "price-readable", "dear")]


def test_googles_elements_stand_before_rss_and_those_before_others(
    read_items: ReadItems, feed: Callable[[str], Path]
) -> None:
    found = read_items(
        feed(
            '<item xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://media/">'
            "<dc:title>Third</dc:title><title>Second</title><g:title>First</g:title>"
            "<g:id>1</g:id><dc:description>of dc</dc:description><description>of rss</description>"
            '<media:content url="https://shop.example/m.jpg"/><dc:creator>Ada</dc:creator>'
            "<guid>entry</guid></item>"
        )
    ).items["1"]
    assert (found["title"], found["description"]) == ("First", "of rss")
    assert found["attributes"] == {"creator": "Ada"}


def test_a_column_may_be_read_from_any_element(
    read_items: ReadItems, feed: Callable[[str], Path]
) -> None:
    path = feed(
        "<item><guid>7</guid><title>A</title><g:mpn>M1</g:mpn><g:product_detail>"
        "<g:attribute_name>Fabric</g:attribute_name><g:attribute_value>wool</g:attribute_value>"
        "</g:product_detail></item>"
    )
    found = read_items(path, "merchant-xml", id="guid", gtin="mpn", material="fabric").items["7"]
    assert (found["gtin"], found["material"], found["attributes"]) == ("M1", "wool", {})


def test_texts_that_machines_wrote_and_repeated_attributes(
    read_items: ReadItems, feed: Callable[[str], Path]
) -> None:
    found = read_items(
        feed(
            "<item><g:id>1</g:id><g:structured_title><g:digital_source_type>"
            "trained_algorithmic_media</g:digital_source_type><g:content>Shoe: the red one"
            "</g:content></g:structured_title><g:color>red</g:color><g:color>blue</g:color>"
            "<g:product_detail><g:attribute_name>Sole</g:attribute_name><g:attribute_value>cork"
            "</g:attribute_value></g:product_detail><g:product_detail><g:attribute_name>Sole"
            "</g:attribute_name><g:attribute_value>rubber</g:attribute_value></g:product_detail>"
            "<g:product_detail><g:attribute_name>Color</g:attribute_name><g:attribute_value>crimson"
            "</g:attribute_value></g:product_detail></item>"
        )
    ).items["1"]
    assert (found["title"], found["color"]) == ("Shoe: the red one", "red")
    assert found["attributes"] == {
        "additional_color": ["blue"],
        "color": "crimson",
        "sole": ["cork", "rubber"],
    }


def test_an_item_without_measure_is_refused(
    read_items: ReadItems, feed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_files, "MOST_RECORD", 10_000)
    long = f"<item><g:id>1</g:id><g:title>{'x' * 20_000}</g:title></item>\n"
    found = read_items(feed(long + "<item><g:id>2</g:id><g:title>B</g:title></item>"))
    assert list(found.items) == ["2"]
    assert [(each.line, each.check) for each in found.refusals] == [(2, "row-size")]


def test_a_feed_that_breaks_in_the_middle_changes_nothing(
    store: AssetStore, settings: Settings, feed: Callable[[str], Path]
) -> None:
    whole = "<item><g:id>1</g:id><g:title>A</g:title></item>\n"
    import_items(store, [feed(whole)], settings=settings)
    before = store.version("items")
    # The wrong name stands behind <item>, <g:id>, x, </g:id> and </: 6 + 6 + 1 + 7 + 2 signs.
    items = "".join(whole.replace(">1<", f">{n}<") for n in range(2, 20_000))
    with pytest.raises(BadInput, match="mismatched tag in line 20000, column 23"):
        import_items(store, [feed(items + "<item><g:id>x</g:id></g:x>")], settings=settings)
    assert store.version("items") == before


@pytest.mark.parametrize(
    "content",
    [
        "<html><body>Not found</body></html>",
        '<?xml version="1.0"?><urlset><url><loc>https://shop.example</loc></url></urlset>',
        '<?xml version="1.0"?><rss><item><title>News</title><link>x</link></item></rss>',
        '<?xml version="1.0"?><orders><item><id>1</id><price>2</price></item></orders>',
        "<rss",
        "< a < b",
        "<?xml",
        '<?xml version="1.0" encoding="utf-9"?><a/>',
    ],
)
def test_other_markup_is_no_feed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(content)
    assert not DIALECTS["merchant-xml"].holds(Source(path, (path,)), "items")


def test_a_feed_is_known_by_its_content(tmp_path: Path) -> None:
    for name in ("merchant_rss.xml", "merchant_atom.xml", "merchant_bare.xml"):
        path = tmp_path / "export.dat"
        path.write_bytes((FIXTURES / name).read_bytes())
        assert DIALECTS["merchant-xml"].holds(Source(path, (path,)), "items")


def test_thousands_of_names_take_no_room(
    read_items: ReadItems, feed: Callable[[str], Path]
) -> None:
    """Each item has attributes that no other has; columns of all of them would be 3,000 wide."""
    items = "".join(
        f"<item><g:id>{n}</g:id><g:title>A</g:title><g:a{n}>x</g:a{n}><g:product_detail>"
        f"<g:attribute_name>b{n}</g:attribute_name><g:attribute_value>y</g:attribute_value>"
        "</g:product_detail></item>"
        for n in range(3_000)
    )
    path = feed(items)
    (batch,) = DIALECTS["merchant-xml"].read(
        Source(path, (path,)), Reading("items", frozenset(ITEMS.schema.names))
    )
    assert set(batch.columns) == {"id", "title"}
    assert batch.rest is not None
    assert orjson.loads(batch.rest[2_999].as_py()) == {"a2999": "x", "b2999": "y"}
