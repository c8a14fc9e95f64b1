"""Marks stand where a shopper sees the words; expected ones are drawn by hand, in brackets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.catalogue.analysis import words
from mercato.catalogue.query import Alternative, Sought, as_sought
from mercato.search.highlighting import begun, marked, sights_of, typed_words


def drawn(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    pieces, at = [], 0
    for low, high in spans:
        pieces += [text[at:low], "[", text[low:high], "]"]
        at = high
    return "".join([*pieces, text[at:]])


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("rain jackets", "Squall [Rain] [Jacket], Blue"),
        ("jacket", "[Jackets] for children"),
        ("child", "Jackets for [children]"),
        ("cafe", "[Café] au lait"),
        ("cafe", "[Cafe\u0301] au lait"),
        ("café", "[CAFE] noir"),
        ("abc", "the [ＡＢＣ] set"),
        ("wd40", "[WD-40] spray"),
        ("wd", "[WD]-40 spray"),
        ("16 oz", "Can, [16oz]"),
        ("16oz", "Can, [16] [oz]"),
        ("16oz", "Can, 16 pieces"),
        ("2x4", "Board [2]x[4]"),
        ("6 foot", "Ladder [6']"),
        ("red", "[red]/blue"),
        ("man", "[men's] boots"),
        ("strasse", "[Straße] 5"),
        ("蓝牙耳机", "无线[蓝牙耳机]"),
        ("蓝牙耳机", "無線[藍牙耳機]"),
        ("手机", "iPhone[手机]壳"),
        ("iphone", "[iPhone]手机壳"),
        ("tent", "attention"),
        ("tent", "a <b>[tent]</b>"),
        ("", "a tent"),
    ],
)
def test_marks(q, expected):
    text = expected.replace("[", "").replace("]", "")
    assert drawn(text, marked(sights_of(text), as_sought(words(q))).spans) == expected


def test_which_words_are_matched_and_whether_all_of_the_text_is():
    sought = as_sought(words("red rain jacket"))
    partly = marked(sights_of("Rain cover, red"), sought)
    assert (partly.matched, partly.whole) == ((0, 1), False)
    assert marked(sights_of("Jackets, red"), sought).whole
    nothing = marked(sights_of("…"), sought)
    assert (nothing.matched, nothing.whole, nothing.spans) == ((), False, ())


def test_alternatives_stand_for_the_words_typed():
    (typed,), (right,) = words("jaket"), words("jacket")
    sought = (Sought((typed,), (Alternative((right,), 0.9, "spelling"),)),)
    found = marked(sights_of("Rain Jacket"), sought)
    assert drawn("Rain Jacket", found.spans) == "Rain [Jacket]"
    assert found.matched == (0,)
    both = (Sought((typed,), (Alternative(tuple(words("rain coat")), 0.9, "synonym"),)),)
    assert marked(sights_of("Rain Jacket"), both).spans == ()


def test_of_a_word_that_is_still_being_typed_its_beginning_is_marked():
    (typed,), (whole,) = words("jac"), words("jacket")
    sought = (Sought((typed,), (Alternative((whole,), 0.7, "beginning"),)),)
    assert drawn("Jackets", marked(sights_of("Jackets"), sought).spans) == "[Jac]kets"


def test_words_are_told_as_they_were_typed():
    assert typed_words("The RAIN jackets", as_sought(words("The RAIN jackets"))) == [
        "rain",
        "jackets",
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("no", "[No]rrvik"),
        ("no", "[No]r and [no]n"),
        ("ca", "[Ca]fé"),
        ("caf\u00e9", "[CAFE]S"),
        ("ss", "Pass"),
        ("", "Norrvik"),
        ("&", "A & B"),
        ("蓝", "无线[蓝]牙"),
    ],
)
def test_beginnings(typed, expected):
    text = expected.replace("[", "").replace("]", "")
    assert drawn(text, begun(text, typed)) == expected


@given(st.text(), st.text())
def test_marks_are_disjoint_in_order_and_inside(text, q):
    sights = sights_of(text)
    for spans in (marked(sights, as_sought(words(q))).spans, sights.units, begun(text, q)):
        ends = [end for span in spans for end in span]
        assert ends == sorted(ends)
        assert all(low < high <= len(text) for low, high in spans)


@given(st.text(alphabet="ab é-.'/&蓝牙", max_size=30))
def test_a_text_holds_its_own_words(text):
    found = words(text)
    assert marked(sights_of(text), as_sought(found)).matched == tuple(range(len(found)))
