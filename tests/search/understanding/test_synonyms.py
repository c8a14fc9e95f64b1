from collections.abc import Callable

import pytest

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.catalogue.query import Alternative, as_sought
from mercato.ranking.synonyms.synonym import Status, Synonym
from mercato.ranking.understood import Step, Understood
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search
from mercato.search.understanding import understand
from mercato.search.understanding.synonyms import HYPONYM, SYNONYM, Synonyms, with_synonyms

BOOK = Synonyms.of(
    [
        Synonym(("sofa", "couch", "love seat")),
        Synonym(("footwear",), ("sneaker", "rain boots")),
        Synonym(("torch", "flashlight"), language="en"),
        Synonym(("handy", "mobile phone"), language="de"),
        Synonym(("lamp", "torch"), status=Status.PROPOSED),
        Synonym(("lamp", "fan"), status=Status.REJECTED),
        Synonym(("蓝牙", "bluetooth")),
    ],
    ("en",),
)


def expanded(q: str, book: Synonyms = BOOK) -> Understood:
    return with_synonyms(Understood(q, q, as_sought(words(q))), book)


def others(understood: Understood) -> list[tuple[str, list[str]]]:
    """What was typed in each stretch, and the words that stand for it."""
    return [
        (
            " ".join(word.whole for word in each.words),
            [" ".join(word.whole for word in other.words) for other in each.alternatives],
        )
        for each in understood.sought
    ]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("red sofa", [("red", []), ("sofa", ["couch", "love seat"])]),
        ("Sofas", [("sofa", ["couch", "love seat"])]),
        ("love seat blue", [("love seat", ["sofa", "couch"]), ("blue", [])]),
        ("love", [("love", [])]),
        ("seat love", [("seat", []), ("love", [])]),
        ("footwear", [("footwear", ["sneaker", "rain boot"])]),
        ("sneaker", [("sneaker", [])]),
        ("rain boots", [("rain", []), ("boot", [])]),
        ("torch", [("torch", ["flashlight"])]),
        ("handy", [("handy", [])]),
        ("lamp", [("lamp", [])]),
        ("蓝牙", [("蓝牙", ["bluetooth"])]),
        ("bluetooth", [("bluetooth", ["蓝牙"])]),
        ("", []),
    ],
)
def test_terms_are_sought_under_their_synonyms(q: str, expected: list[object]) -> None:
    assert others(expanded(q)) == expected


def test_both_ways_count_more_than_one_way() -> None:
    assert expanded("sofa").sought[0].alternatives[0] == Alternative(
        words("couch"), SYNONYM, "synonym"
    )
    assert expanded("footwear").sought[0].alternatives[0] == Alternative(
        words("sneaker"), HYPONYM, "hyponym"
    )
    assert expanded("sofa").steps == (Step("synonyms", "sofa", "couch, love seat", SYNONYM),)
    assert expanded("lamp").steps == ()
    assert expanded("sofa", Synonyms()) == expanded("sofa", Synonyms.of([], ("en",)))


@pytest.fixture(scope="module")
def furnished(open_catalogue: Callable[..., Catalogue]) -> SearchContext:
    titles = ["blue couch", "red love seat", "love potion", "car seat", "sneaker", "rain boots"]
    titles += ["rain coat", "settle bench"]
    catalogue = open_catalogue([{"id": title, "title": title} for title in titles])
    return SearchContext(catalogue, written=WrittenWords.of(catalogue.base, {}), synonyms=BOOK)


def found(q: str, context: SearchContext) -> set[str]:
    return set(context.catalogue.ids(search(SearchRequest(q), context).rows))


def test_a_search_finds_synonyms_and_kinds(furnished: SearchContext) -> None:
    assert found("sofa", furnished) == {"blue couch", "red love seat"}
    assert found("footwear", furnished) == {"sneaker", "rain boots"}
    assert found("sneaker", furnished) == {"sneaker"}
    assert search(SearchRequest("sofa"), furnished).did_you_mean is None


def test_a_mistyped_word_has_the_synonyms_of_the_right_one(furnished: SearchContext) -> None:
    assert found("cuoch", furnished) == {"blue couch", "red love seat"}
    told = [(step.name, step.text, step.made) for step in understand("cuoch", furnished).steps]
    assert told == [("spelling", "cuoch", "couch"), ("synonyms", "cuoch", "sofa, love seat")]
    assert found("lvoe seat", furnished) >= {"blue couch", "red love seat"}


def test_a_term_is_not_put_right(furnished: SearchContext) -> None:
    book = Synonyms.of([Synonym(("settee", "couch"))], ("en",))
    context = SearchContext(furnished.catalogue, written=furnished.written, synonyms=book)
    assert found("settee", context) == {"blue couch"}
    assert search(SearchRequest("settee"), context).did_you_mean is None
    assert search(SearchRequest("settee"), furnished).did_you_mean == "settle"
