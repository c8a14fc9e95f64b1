from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mercato.catalogue.analysis import Word, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.lexicon import Near
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.catalogue.query import as_sought
from mercato.core.changes import Change, ItemChange
from mercato.ranking.understood import Step, Understood
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search
from mercato.search.understanding.compounds import WEIGHT, both_ways
from mercato.search.understanding.spelling import BEST_WEIGHT, put_right

TITLES = [
    "kitchen faucet chrome",
    "bathroom faucet brass",
    "faucet",
    "facet cutter",
    "ceiling fan white",
    "ceiling fan black",
    "led ceiling lamp",
    "sealing tape",
    "canvas dropcloth",
    "plastic drop cloth",
    "paint brush",
    "paint roller",
    "print frame",
    "print paper",
    "dishwasher rack",
    "dish soap",
    "washer drum",
    "model xk4521 drill",
    "蓝牙 耳机",
]


@pytest.fixture(scope="module")
def spelled(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue([{"id": str(at), "title": title} for at, title in enumerate(TITLES)])


@pytest.fixture(scope="module")
def written_words(spelled: Catalogue) -> WrittenWords:
    return WrittenWords.of(spelled.base, {})


@pytest.fixture
def respell(spelled: Catalogue, written_words: WrittenWords) -> Callable[[str], Understood]:
    def run(q: str) -> Understood:
        return put_right(Understood(q, q, as_sought(words(q))), written_words, spelled)

    return run


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("kitchen fuacet", "kitchen faucet"),
        ("kichen faucet", "kitchen faucet"),
        ("kittchen faucet", "kitchen faucet"),
        ("kitchen faucwt", "kitchen faucet"),
        ("Kitchen FAUCTE", "kitchen faucet"),
        ("cieling fna", "ceiling fan"),
        ("ceilingfan", "ceiling fan"),
        ("dish wahser", "dish washer"),
        ("faucets chrom", "faucets chrome"),
        ("plastic drop-clothh", "plastic dropcloth"),
    ],
)
def test_an_unknown_word_is_put_right(
    respell: Callable[[str], Understood], typed: str, right: str
) -> None:
    found = respell(typed)
    assert found.text == found.did_you_mean == right
    assert found.q == typed
    assert found.sought != as_sought(words(typed))


def test_a_word_that_is_two_is_asked_for_as_two(respell: Callable[[str], Understood]) -> None:
    assert respell("ceilingfan white").sought == as_sought(words("ceiling fan white"))


def test_one_word_in_place_of_two_unknown_ones(respell: Callable[[str], Understood]) -> None:
    assert respell("chrome fac et").did_you_mean == "chrome facet"
    assert respell("chrome facu et").did_you_mean != "chrome faucet"  # one error at a time


def test_other_words_of_the_query_tell_which_word_is_meant(
    respell: Callable[[str], Understood],
) -> None:
    assert respell("prnt brush").text == "print brush"  # n is missing in neither
    assert respell("pint roller").text == "paint roller"
    assert respell("pint frame").text == "print frame"


@pytest.mark.parametrize(
    "typed",
    [
        "facet",
        "sealing",
        "faucet facet",
        "FACETS",
        "xk4512",
        "xk4521x",
        "qqqqqq",
        "蓝呀",
        "",
        "1/2",
    ],
)
def test_known_words_codes_and_other_scripts_are_left(
    respell: Callable[[str], Understood], typed: str
) -> None:
    found = respell(typed)
    assert (found.text, found.did_you_mean, found.steps) == (typed, None, ())
    assert found.sought == as_sought(words(typed))


def test_each_step_is_told_and_what_was_typed_is_still_sought(
    respell: Callable[[str], Understood],
) -> None:
    found = respell("white cieling fan")
    assert found.steps == (Step("spelling", "cieling", "ceiling", found.steps[0].confidence),)
    assert found.steps[0].confidence > 0.9
    ceiling = found.sought[1]
    assert ceiling.words == words("cieling")
    assert ceiling.alternatives[0].words == words("ceiling")
    assert ceiling.alternatives[0].weight == BEST_WEIGHT
    assert found.sought[0] == as_sought(words("white"))[0]


def test_a_word_typed_as_two_is_joined(respell: Callable[[str], Understood]) -> None:
    found = respell("chrome fau cet")
    assert found.did_you_mean == "chrome faucet"
    assert [len(each.words) for each in found.sought] == [1, 2]
    assert respell("ceil in ing").did_you_mean != "ceiling"  # no neighbours


def test_what_earlier_steps_took_out_stays_in_the_suggestion(
    spelled: Catalogue, written_words: WrittenWords
) -> None:
    before = Understood("Fuacet under $50", "Fuacet", as_sought(words("Fuacet")))
    found = put_right(before, written_words, spelled)
    assert (found.text, found.did_you_mean) == ("faucet", "faucet under $50")


def test_words_of_later_products_are_known_and_meant(
    spelled: Catalogue, written_words: WrittenWords, respell: Callable[[str], Understood]
) -> None:
    assert respell("gizzmotron").did_you_mean is None
    put = ItemChange(1, Change.PUT, "new", {"title": "gizmotron cieling"})
    later = spelled.apply([put])
    q = "gizzmotron cieling"
    found = put_right(Understood(q, q, as_sought(words(q))), written_words, later)
    assert found.did_you_mean == "gizmotron cieling"  # the catalogue now knows "cieling"


def test_what_is_searched_for_more_often_is_likelier_meant(spelled: Catalogue) -> None:
    def respelled(searched: dict[str, int]) -> str:
        written = WrittenWords.of(spelled.base, searched)
        return put_right(
            Understood("pint", "pint", as_sought(words("pint"))), written, spelled
        ).text

    assert respelled({"paint": 9, "print": 1, "nowhere": 5}) == "paint"
    assert respelled({"paint": 1, "print": 9}) == "print"
    # Of 10 words typed 6 were "print": as if 6/10 of the 19 products had it, beside its own 2.
    lexicon = WrittenWords.of(spelled.base, {"paint": 4, "print": 6}).lexicon
    assert Near("print", 1, 2 + round(19 * 6 / 10)) in lexicon.near("prnt", 1)


def both(q: str, written: WrittenWords, catalogue: Catalogue) -> Understood:
    return both_ways(Understood(q, q, as_sought(words(q))), written.compounds, catalogue)


def test_words_are_sought_in_one_and_in_two(
    spelled: Catalogue, written_words: WrittenWords
) -> None:
    found = both("canvas drop cloth", written_words, spelled)
    (other,) = found.sought[1].alternatives
    assert (other.words, other.kind, other.weight) == ((Word("dropcloth"),), "joined", WEIGHT)
    assert found.sought[1].words == words("drop cloth")
    (other,) = both("dropcloth", written_words, spelled).sought[0].alternatives
    assert (other.words, other.kind) == (words("drop cloth"), "split")
    assert found.text == "canvas drop cloth"
    assert found.did_you_mean is None


def test_a_pair_found_in_one_only_is_sought_so(
    spelled: Catalogue, written_words: WrittenWords
) -> None:
    (found,) = both("dish washer", written_words, spelled).sought
    assert found.alternatives[0].words == (Word("dishwasher"),)
    assert both("dishwasher", written_words, spelled).sought[0].alternatives == ()


def test_a_search_finds_what_was_meant(
    spelled: Catalogue, written_words: WrittenWords, tmp_path: Path
) -> None:
    written_words.save(tmp_path)
    context = SearchContext(spelled, written=WrittenWords.open(tmp_path))

    def ids(q: str, context: SearchContext = context) -> list[str]:
        return spelled.ids(search(SearchRequest(q), context).rows)

    assert ids("cieling fan") == ids("ceiling fan")
    assert ids("cieling fan")[:2] == ["4", "5"]
    assert ids("cieling", replace(context, written=None)) == []
    assert set(ids("drop cloth")[:2]) == set(ids("dropcloth")[:2]) == {"8", "9"}
    assert "14" in ids("dish washer")
    assert "14" not in ids("dish washer", replace(context, written=None))
    answer = search(SearchRequest("cieling fan"), context)
    assert answer.did_you_mean == "ceiling fan"
    assert answer.applied.corrected == ({"from": "cieling", "to": "ceiling"},)


def test_the_singular_of_a_word_that_stands_in_the_plural_is_known(
    open_catalogue: Callable[..., Catalogue],
) -> None:
    shelf = open_catalogue([{"id": "a", "title": "fresh strawberries"}])
    written = WrittenWords.of(shelf.base, {})
    found = put_right(
        Understood("strawbery", "strawbery", as_sought(words("strawbery"))), written, shelf
    )
    assert found.did_you_mean == "strawberry"
    right = put_right(
        Understood("strawberry", "strawberry", as_sought(words("strawberry"))), written, shelf
    )
    assert right.did_you_mean is None
