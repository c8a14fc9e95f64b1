"""Words and what may stand in their place, in a catalogue of five titles."""

from collections.abc import Callable

import numpy as np
import pytest

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import Alternative, Sought, as_sought
from mercato.catalogue.text_matching import TextMatches, match
from mercato.core.changes import Change, ItemChange

TITLES = {
    "a": "dishwasher white",
    "b": "dish washer white",
    "c": "white dish",
    "d": "sofa grey",
    "e": "grey couch",
}


@pytest.fixture
def titled(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue([{"id": id_, "title": title} for id_, title in TITLES.items()])


def found(catalogue: Catalogue, *sought: Sought) -> tuple[set[str], TextMatches]:
    matches = match(catalogue.text, sought, catalogue.alive)
    return set(catalogue.ids(matches.rows)), matches


def either(typed: str, other: str, weight: float = 1.0) -> Sought:
    return Sought(words(typed), (Alternative(words(other), weight, "synonym"),))


def test_an_alternative_matches_like_the_word_itself(titled: Catalogue) -> None:
    assert found(titled, *as_sought(words("grey sofa")))[0] == {"d", "e"}
    ids, matches = found(titled, *as_sought(words("grey")), either("sofa", "couch"))
    assert ids == {"d", "e"}
    assert matches.n_known == 2
    assert set(matches.held[matches.rows].tolist()) == {2}


def test_two_words_joined_hold_both(titled: Catalogue) -> None:
    ids, matches = found(titled, either("dish washer", "dishwasher"))
    held = dict(zip(titled.ids(matches.rows), matches.held[matches.rows].tolist(), strict=True))
    assert held == {"a": 2, "b": 2, "c": 1}
    assert ids == {"a", "b", "c"}  # fewer than ten hold both, so one word is enough


def test_a_word_that_nothing_has_is_found_by_its_alternative(titled: Catalogue) -> None:
    ids, matches = found(titled, either("sopha", "sofa", weight=0.5))
    assert ids == {"d"}
    right = found(titled, *as_sought(words("sofa")))[1]
    assert matches.scores_of(matches.rows) == pytest.approx(0.5 * right.scores_of(right.rows))
    assert matches.best == pytest.approx(0.5 * right.best)


def test_the_better_of_word_and_alternative_counts(titled: Catalogue) -> None:
    low, high = (found(titled, either("white", "dish", weight))[1] for weight in (0.01, 1.0))
    row = titled.row("c")
    own = found(titled, *as_sought(words("white")))[1].sums[row]
    other = found(titled, *as_sought(words("dish")))[1].sums[row]
    assert low.sums[row] == pytest.approx(own)
    assert high.sums[row] == pytest.approx(max(own, other))


def test_an_alternative_of_two_words_needs_both(titled: Catalogue) -> None:
    assert found(titled, either("spulmaschine", "dish washer"))[0] == {"b"}
    assert found(titled, either("spulmaschine", "dish unknown"))[0] == set()


def test_rows_changed_since_the_release_have_alternatives_too(titled: Catalogue) -> None:
    grown = titled.apply([ItemChange(1, Change.PUT, "f", {"title": "green couch"})])
    assert found(grown, either("sofa", "couch"))[0] == {"d", "e", "f"}
    assert np.all(found(grown, either("sofa", "couch"))[1].held[grown.row("f")] == 1)
