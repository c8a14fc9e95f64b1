"""HTML, invisible signs, white space, Unicode's forms, words for nothing."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.data.cleaning.html_text import text_of


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>Soft <b>and</b> warm</p>", "Soft and warm"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("Holds:<ul><li>water</li><li>wine</li></ul>", "Holds:\n\nwater\nwine"),
        ("<h2>Care</h2>Wash cold", "Care\n\nWash cold"),
        ("<div>\n   <p>A</p>\n   <p>B</p>\n</div>", "A\n\nB"),
        ("Tea<script>alert('x')</script><style>p{color:red}</style>", "Tea"),
        ("<!-- note --> Tea", "Tea"),
        ('<a href="https://x.example/?a=1&b=2">Tea</a>', "Tea"),
        ("Salt &amp; pepper &ndash; 5&nbsp;g", "Salt & pepper – 5 g"),
        ("&#169; &#xE9;t&eacute;", "© été"),
        ("&lt;p&gt;Tea&lt;/p&gt;&lt;br/&gt;Milk", "Tea\n\nMilk"),
        ("<b>unclosed", "unclosed"),
    ],
)
def test_html_becomes_text(item_cells, written: str, read: str) -> None:
    assert item_cells("description", [written]) == [read]


@pytest.mark.parametrize(
    "title",
    ["AT&T", "size < 5", "3 < 4 > 2", "R&region", "<b and c>", "&foo; bar", "a&b;c", "I <3 tea"],
)
def test_what_is_no_html_stays(item_cells, title: str) -> None:
    assert item_cells("title", [title]) == [title]


def test_a_title_of_markup_alone_is_missing(clean) -> None:
    found = clean("items", {"id": ["a", "b"], "title": ["<br>", "Milk"]})
    assert [refusal.check for refusal in found.refusals] == ["title-required"]
    assert found.refusals[0].value == "<br>"


@given(st.text(max_size=60))
def test_any_text_gives_a_text(text: str) -> None:
    assert isinstance(text_of(text), str)


@given(st.text(alphabet="ab <>&;/p\n", max_size=40))
def test_texts_without_tags_and_entities_stay(text: str) -> None:
    if "</" not in text and "<a" not in text and "<b" not in text and "<p" not in text:
        assert text_of(text) == text.strip()


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 15_000 + "tea" + "</div>" * 15_000,
        "<a " * 300_000 + "<b>tea</b>",
        "<p>" * 100_000 + "tea",
        "&" * 500_000 + "<b>tea</b>",
        "<!--" * 200_000 + "<b>tea</b>",
    ],
    ids=["nested", "unclosed", "paragraphs", "ampersands", "comments"],
)
@pytest.mark.timeout(20)
def test_hostile_markup_takes_no_time(hostile: str) -> None:
    assert len(text_of(hostile)) <= len(hostile)


def test_invisible_signs_go_and_joiners_stay(item_cells) -> None:
    written = ["Mi\u200blk", "\ufeffMilk", "Mi\x00lk", "Mi\u00adlk", "Mi\x07lk", "👩\u200d🌾 Milk"]
    assert item_cells("title", written) == ["Milk"] * 5 + ["👩\u200d🌾 Milk"]


def test_ids_lose_invisible_signs_and_keep_their_spaces(clean) -> None:
    found = clean("items", {"id": ["\ufeffA  1", "B\u200b2"], "title": ["x", "y"]})
    assert found.rows["id"].to_pylist() == ["A  1", "B2"]


def test_spaces_are_single_and_lines_of_descriptions_stay(item_cells) -> None:
    assert item_cells("title", ["Oat\u00a0 milk\t1\nl", "茶\u3000葉"]) == ["Oat milk 1 l", "茶 葉"]
    written = ["a  b \r\n c\n\n\n\nd", "x\ty", "one\rtwo"]
    assert item_cells("description", written) == ["a b\nc\n\nd", "x y", "one\ntwo"]


def test_marks_are_composed_as_python_composes_them(item_cells) -> None:
    written = ["cafe\u0301", "A\u030angstro\u0308m", "가", "plain"]
    expected = [unicodedata.normalize("NFC", each) for each in written]
    assert item_cells("title", written) == expected
    assert expected[0] == "café"


def test_words_for_nothing_are_nothing(clean) -> None:
    rows = clean(
        "items",
        {
            "id": ["a", "b", "c", "d"],
            "title": ["Milk"] * 4,
            "brand": ["null", "N/A", "NAN", "(not set)"],
            "price": ["-", "N/A", "2.50", "null"],
            "availability": ["n/a", "in stock", "--", "out of stock"],
        },
    )
    assert rows.refusals == ()
    assert rows.rows["brand"].to_pylist() == [None, None, "NAN", None]
    assert rows.rows["price"].to_pylist() == [None, None, 2.5, None]
    expected = ["in_stock", "in_stock", "in_stock", "out_of_stock"]
    assert rows.rows["availability"].to_pylist() == expected
    (count,) = rows.cleaned
    assert (count.step, count.rows, count.before, count.after) == ("missing-words", 4, "n/a", None)


def test_a_shopper_may_search_for_none(clean) -> None:
    columns = {
        "event_id": ["e1", "e2"],
        "ts": ["2026-05-01T12:00:00Z"] * 2,
        "event": ["search", "search"],
        "search_term": ["none", "null"],
        "user_id": ["(not set)", "u1"],
    }
    rows = clean("events", columns).rows
    assert rows["search_term"].to_pylist() == ["none", "null"]
    assert rows["user_id"].to_pylist() == [None, "u1"]


def test_each_change_is_counted_with_its_first_example(clean) -> None:
    columns = {
        "id": ["a", "b", "c"],
        "title": ["Milk", "Oat  milk", "Tea\u200b"],
        "description": ["<b>x</b>", None, "<i>y</i> &amp; z"],
    }
    counts = {count.step: count for count in clean("items", columns).cleaned}
    assert {step: count.rows for step, count in counts.items()} == {
        "html-to-text": 2,
        "control-characters": 1,
        "spaces": 1,
    }
    assert (counts["html-to-text"].before, counts["html-to-text"].after) == ("<b>x</b>", "x")


def test_clean_rows_are_given_back_as_they_are(clean) -> None:
    columns = {"id": ["a"], "title": ["Plain title"], "size": ["XL"], "gtin": ["4006381333931"]}
    found = clean("items", columns)
    assert found.cleaned == ()
    assert found.rows["title"].to_pylist() == ["Plain title"]
    assert isinstance(found.rows, pa.RecordBatch)
