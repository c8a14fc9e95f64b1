from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mercato.catalogue.analysis import Word, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.entities import Entities, Entity, save_entities
from mercato.catalogue.query import Alternative, Sought, as_sought
from mercato.ranking.understood import Understood
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search
from mercato.search.understanding.entities import name_properties
from mercato.search.understanding.reading import Reading

KNOWN = {
    "acme": [Entity("brand", ("Acme",), 0.95)],
    "orange": [Entity("color", ("Orange",), 0.6), Entity("product_type", ("Food > Oranges",), 0.5)],
    "shoe": [Entity("product_type", ("Wear > Shoes",), 0.7)],
    "running shoe": [Entity("product_type", ("Wear > Shoes > Running",), 0.8)],
}


@pytest.fixture(scope="module")
def naming(tmp_path_factory: pytest.TempPathFactory) -> Entities:
    folder: Path = tmp_path_factory.mktemp("naming")
    save_entities(folder, KNOWN)
    return Entities.open(folder)


@pytest.fixture(scope="module")
def worn(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(
        [
            {"id": "a", "title": "walking shoe", "brand": "Acme", "size": "42"},
            {"id": "b", "title": "walking shoe for acme fans", "brand": "Bull", "size": "M"},
            {"id": "c", "title": "walking shoe", "brand": "Bull", "color": "Orange", "size": "44"},
        ]
    )


def read(q: str, naming: Entities, worn: Catalogue, **how: Any) -> Understood:
    return name_properties(Understood(q, q, as_sought(words(q))), naming, worn, Reading(**how))


def meant(understood: Understood) -> list[tuple[str, str, bool]]:
    return [(each.text, str(each.filter), each.hard) for each in understood.meant]


def test_the_longest_phrase_is_what_is_named(naming: Entities, worn: Catalogue) -> None:
    assert meant(read("acme running shoes", naming, worn)) == [
        ("acme", "brand:Acme", False),
        ("running shoe", 'product_type:"Wear > Shoes > Running"', False),
    ]


def test_preferences_leave_the_words(naming: Entities, worn: Catalogue) -> None:
    found = read("orange acme shoes", naming, worn)
    assert found.sought == as_sought(words("orange acme shoes"))
    assert [text for text, _, _ in meant(found)] == ["orange", "orange", "acme", "shoe"]
    assert {each.name for each in found.steps} == {"property"}


def test_where_filters_are_wanted_the_sure_become_such(naming: Entities, worn: Catalogue) -> None:
    found = read("orange acme sandals", naming, worn, properties="filter")
    assert [text for text, _, hard in meant(found) if hard] == ["acme"]
    assert found.text == "orange sandal"
    assert [each.words[0].whole for each in found.sought] == ["orange", "sandal"]


def test_off_reads_nothing(naming: Entities, worn: Catalogue) -> None:
    assert read("acme shoes size 42", naming, worn, properties="off").meant == ()


def test_a_misspelt_name_is_read_as_it_was_put_right(naming: Entities, worn: Catalogue) -> None:
    sought = Sought((Word("acmee"),), (Alternative((Word("acme"),), 0.9, "spelling"),))
    found = name_properties(Understood("acmee", "acme", (sought,)), naming, worn, Reading())
    assert meant(found) == [("acme", "brand:Acme", False)]


@pytest.mark.parametrize(
    ("q", "size"),
    [
        ("shoe size 42", "42"),
        ("shoe EU 42", "42"),
        ("鞋 42码", "42"),
        ("size m", "M"),
        ("M号", "M"),
    ],
)
def test_a_size_that_is_called_so(q: str, size: str, naming: Entities, worn: Catalogue) -> None:
    (_, named, _), *_ = meant(read(q, naming, worn))
    assert named.lower() == f"size:{size}".lower()


@pytest.mark.parametrize("q", ["42 shoe", "size 39", "m", "xl"])
def test_other_numbers_and_letters_are_no_size(q: str, naming: Entities, worn: Catalogue) -> None:
    assert [f for _, f, _ in meant(read(q, naming, worn)) if f.startswith("size")] == []


def test_what_is_meant_comes_first(naming: Entities, worn: Catalogue) -> None:
    def ids(**known: Any) -> list[str]:
        context = SearchContext(worn, **known)
        return worn.ids(search(SearchRequest("acme walking shoe"), context).rows)

    assert set(ids()) >= {"a", "b"}
    assert ids(entities=naming)[0] == "a"
    told = search(SearchRequest("orange shoe"), SearchContext(worn, entities=naming))
    assert worn.ids(told.rows)[0] == "c"
    assert ("orange", "color:Orange", "boost") in [
        (each.text, each.filter, each.effect) for each in told.applied.understood
    ]
