from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.catalogue.lexicon import Lexicon, Near
from mercato.catalogue.lexicon_compounds import Compounds
from mercato.catalogue.lexicon_edits import (
    DOUBLED,
    FIRST_LETTER,
    MISSING,
    NEIGHBOUR_KEY,
    OTHER_LETTER,
    SOUND,
    SWAPPED,
    edit_cost,
)

WORDS = {"faucet": 40, "facet": 2, "ceiling": 9, "ceilings": 3, "garden": 12, "жёлтый": 5}


def edits(one: str, other: str) -> int:
    """Optimal string alignment as in the textbook: the whole table, nothing left out."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            ways = [i + j] if not (i and j) else []
            if i:
                ways.append(table[i - 1][j] + 1)
            if j:
                ways.append(table[i][j - 1] + 1)
            if i and j:
                ways.append(table[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                ways.append(table[i - 2][j - 2] + 1)
            table[i][j] = min(ways)
    return table[-1][-1]


word = st.text("abcdeé", min_size=3, max_size=7)


@given(st.dictionaries(word, st.integers(1, 99), max_size=40), word, st.integers(1, 2))
def test_near_words_are_those_of_an_exhaustive_search(
    counts: dict[str, int], typed: str, most: int
) -> None:
    expected = {
        Near(each, edits(typed, each), count)
        for each, count in counts.items()
        if 0 < edits(typed, each) <= most
    }
    assert set(Lexicon.of(counts).near(typed, most)) == expected


def test_a_lexicon_on_disk_is_the_same(tmp_path: Path) -> None:
    Lexicon.of(WORDS).save(tmp_path)
    opened = Lexicon.open(tmp_path)
    assert opened.near("falcet", 2) == Lexicon.of(WORDS).near("falcet", 2)
    assert {near.word for near in opened.near("falcet", 2)} == {"faucet", "facet"}
    assert opened.near("желтый", 1) == [Near("жёлтый", 1, 5)]


def test_only_words_of_letters_are_held_and_looked_for() -> None:
    lexicon = Lexicon.of({"wd40": 5, "ab": 5, "word": 5, "o'brien": 5})
    assert len(lexicon) == 1
    assert lexicon.near("wd41", 2) == []
    assert Lexicon.of({}).near("word", 2) == []


def test_the_most_frequent_words_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercato.catalogue.lexicon.MOST_WORDS", 2)
    lexicon = Lexicon.of({"aaaa": 1, "bbbb": 3, "cccc": 2})
    assert [near.word for near in lexicon.near("bbbc", 1)] == ["bbbb"]
    assert lexicon.near("aaab", 1) == []


def test_what_is_typed_wrongly_more_often_costs_less() -> None:
    assert edit_cost("faucet", "faucet") == 0
    assert edit_cost("gardenn", "garden") == DOUBLED
    assert edit_cost("acessory", "accessory") == DOUBLED
    assert edit_cost("cieling", "ceiling") == SWAPPED
    assert edit_cost("facet", "faucet") == MISSING
    assert edit_cost("sistem", "system") == SOUND
    assert edit_cost("gardem", "garden") == SOUND
    assert edit_cost("fsucet", "faucet") == NEIGHBOUR_KEY
    assert edit_cost("falcet", "faucet") == OTHER_LETTER
    assert edit_cost("garden", "harden") == NEIGHBOUR_KEY + FIRST_LETTER
    assert edit_cost("flourscent", "fluorescent") == SWAPPED + MISSING


@given(word, word)
def test_a_way_of_typing_costs_something_exactly_where_words_differ(one: str, other: str) -> None:
    assert (edit_cost(one, other) == 0) == (one == other)
    assert edit_cost(one, other) >= DOUBLED * (one != other)


def compounds(*titles: str) -> Compounds:
    rows = [title.split() for title in titles]
    vocabulary = sorted({token.encode() for row in rows for token in row})
    tokens = np.array([vocabulary.index(t.encode()) for row in rows for t in row], np.int32)
    offsets = np.cumsum([0, *map(len, rows)])
    return Compounds.of(np.array(vocabulary, "S"), offsets, tokens)


def test_words_written_both_ways_are_found(tmp_path: Path) -> None:
    found = compounds("canvas dropcloth", "drop cloth", "work shop", "sawmill")
    assert found.parts(["dropcloth", "workshop", "drop"]) == [("drop", "cloth"), None, None]
    found.save(tmp_path)
    assert Compounds.open(tmp_path).parts(["dropcloth"]) == [("drop", "cloth")]


def test_a_hyphen_is_no_second_way_of_writing() -> None:
    # "drop-cloth" gives the whole token, then its parts.
    assert compounds("dropcloth drop cloth").parts(["dropcloth"]) == [None]
    assert compounds("dropcloth drop cloth", "drop cloth").parts(["dropcloth"]) == [None]
    both = compounds("dropcloth drop cloth", "drop cloth", "dropcloth")
    assert both.parts(["dropcloth"]) == [("drop", "cloth")]


def test_words_of_two_titles_do_not_meet() -> None:
    assert compounds("dropcloth", "canvas drop", "cloth").parts(["dropcloth"]) == [None]
    assert compounds().parts(["dropcloth"]) == [None]
