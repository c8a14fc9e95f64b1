from collections.abc import Callable

import numpy as np
import pytest

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import as_sought
from mercato.core.changes import Change, ItemChange
from mercato.ranking.fusion import Calibration
from mercato.ranking.understood import Understood
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search
from mercato.search.understanding.codes import gtin_spellings, is_gtin, read_codes

ITEMS = [
    {"id": "drill-7", "title": "DeWalt DCD771C2 drill", "gtin": "0885911425308"},
    {"id": "drill-8", "title": "DeWalt DCD791D2 drill", "attributes": '{"mpn": "DCD-791"}'},
    {
        "id": "book",
        "title": "The C programming language",
        "attributes": '{"isbn": "9780131103627"}',
    },
    {"id": "oil", "title": "WD-40 oil", "gtin": "96385074"},
    {"id": "SKU-20031", "title": "a drill and an oil"},
]


@pytest.fixture(scope="module")
def coded(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS, vector_of=lambda _: np.array((1.0, 0.0), np.float32))


def read(q: str, catalogue: Catalogue) -> Understood:
    return read_codes(Understood(q, q, as_sought(words(q))), catalogue)


def ids(q: str, catalogue: Catalogue) -> list[str]:
    """As everything means the same to the encoder, all products are found by meaning."""
    context = SearchContext(
        catalogue, lambda _: np.array((1.0, 0.0), np.float32), Calibration(semantic_threshold=0.7)
    )
    return catalogue.ids(search(SearchRequest(q), context).rows)


@pytest.mark.parametrize(
    ("digits", "right"),
    [
        ("96385074", True),  # 27 + 6 + 9 + 8 + 15 + 0 + 21 + 4 = 90
        ("96385075", False),
        ("036000291452", True),
        ("4006381333931", True),
        ("10614141000415", True),
        ("9638507", False),
        ("9638507x", False),
        ("٩٦٣٨٥٠٧٤", False),
    ],
)
def test_check_digits(digits: str, right: bool) -> None:
    assert is_gtin(digits) is right


def test_a_number_is_known_in_every_length() -> None:
    assert set(gtin_spellings("036000291452")) >= {"0036000291452", "00036000291452", "36000291452"}
    assert set(gtin_spellings("0-306-40615-2".replace("-", ""))) >= {"9780306406157"}
    assert list(gtin_spellings("036000291453")) == []
    assert list(gtin_spellings("dcd771c2")) == []


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("885911425308", "drill-7"),
        ("00885911425308", "drill-7"),
        ("0-88591-14253-08", "drill-7"),
        ("0131103628", "book"),
        ("0-13-110362-8", "book"),
        ("96385074", "oil"),
        ("dcd-791", "drill-8"),
        ("DCD771C2", "drill-7"),
        ("dcd 771 c2", "drill-7"),
        ("SKU-20031", "SKU-20031"),
    ],
)
def test_a_code_finds_its_product_first_and_nothing_by_meaning(
    q: str, expected: str, coded: Catalogue
) -> None:
    found = ids(q, coded)
    assert found[0] == expected
    assert len(found) < len(ITEMS)


def test_a_code_among_words_is_joined(coded: Catalogue) -> None:
    found = read("dewalt dcd 771 c2 drill", coded)
    (other,) = [each for sought in found.sought for each in sought.alternatives]
    assert [word.whole for word in other.words] == ["dcd771c2"]
    assert found.exact == ()
    assert ids("dewalt dcd 771 c2 drill", coded)[0] == "drill-7"


def test_the_beginning_of_a_code_is_sought_as_what_goes_on_from_it(coded: Catalogue) -> None:
    (sought,) = read("dcd77", coded).sought
    assert [(each.words[0].whole, each.kind) for each in sought.alternatives] == [
        ("dcd771c2", "prefix")
    ]
    assert ids("dcd77", coded)[0] == "drill-7"


@pytest.mark.parametrize("q", ["drill", "2 x 4", "18 volt drill", "wd-40 oil", "mp3", "96385075"])
def test_what_is_no_code_stays(q: str, coded: Catalogue) -> None:
    found = read(q, coded)
    assert (found.exact, found.by_meaning, found.steps) == ((), True, ())
    assert found.sought == as_sought(words(q))


def test_codes_of_live_changes_are_known_at_once(coded: Catalogue) -> None:
    new = {"id": "new", "title": "Makita XFD131 drill", "gtin": "4006381333931"}
    changed = coded.apply(
        [ItemChange(1, Change.PUT, "new", new), ItemChange(2, Change.DELETE, "oil", {})]
    )
    assert ids("4006381333931", changed)[0] == "new"
    assert ids("xfd131", changed)[0] == "new"
    assert read("96385074", changed).exact == ()
