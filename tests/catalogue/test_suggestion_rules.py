import itertools
import random

import numpy as np
import pytest

from mercato.catalogue.prefixes import nearly_starting, starting
from mercato.catalogue.suggested import typed_key
from mercato.catalogue.suggestion_rules import Blocked, looks_personal


@pytest.mark.parametrize(
    "typed",
    [
        "jane.doe@mail.example",
        "mail to jane @ example.com",
        "＋４９ １７０ １２３４５６７",
        "+1 (555) 123-4567",
        "555-1234",
        "13812345678",
        "order 100234",
        "DE89370400440532013000",
        "4111 1111 1111 1111",
        "www.example.com/me",
        "AB12CD34EF56GH",
    ],
)
def test_what_leads_to_a_person_is_seen(typed: str) -> None:
    assert looks_personal(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "wh-1000xm4",
        "iphone 15 pro 256",
        "10-20-10 fertilizer",
        "1920 1080",
        "2x4",
        "wd-40",
        "5000mah",
    ],
)
def test_models_sizes_and_mixtures_are_no_persons(typed: str) -> None:
    assert not looks_personal(typed)


def test_blocked_words_are_whole_words_in_any_writing() -> None:
    blocked = Blocked.of(["Sex", "crème brûlée", "武器", " "])
    assert [blocked(text) for text in ("SEX toy", "ｓｅｘ", "sexy", "Essex")] == [
        True,
        True,
        False,
        False,
    ]
    assert blocked("creme  brulee torch") and not blocked("creme torch")
    assert blocked("玩具武器盒") and not Blocked()("sex")


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Crème ", "creme "),
        ("手机 ", "手机"),
        ("手機 殼", "手机壳"),
        ("iPhone 手", "iphone手"),
        ("  ", ""),
    ],
)
def test_a_space_behind_a_word_says_that_it_is_whole(typed: str, key: str) -> None:
    assert typed_key(typed) == key


def distance_to_prefix(word: str, typed: str) -> int:
    """Mistakes (Damerau 1964, restricted) that lead from ``typed`` to some beginning of a word."""
    rows = [list(range(len(word) + 1))]
    for i, letter in enumerate(typed, 1):
        row = [i]
        for j, other in enumerate(word, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == word[j - 2] and typed[i - 2] == other:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return min(rows[-1])


def test_beginnings_with_one_mistake_are_all_of_those_and_only_those() -> None:
    chance = random.Random(2)
    every = ["".join(each) for each in itertools.product("abc", repeat=7)]
    words = sorted(chance.sample(every, 500))
    array = np.array([word.encode() for word in words], "S")
    for typed in chance.sample(["".join(each) for each in itertools.product("abc", repeat=5)], 60):
        spans = nearly_starting(array, typed, "abc")
        found = {word for span in spans for word in words[span]}
        expected = {
            word
            for word in words
            if word[0] == typed[0] and distance_to_prefix(word[1:], typed[1:]) <= 1
        }
        assert found == expected
        assert len(found) == sum(span.stop - span.start for span in spans)
        assert {word for word in words if word.startswith(typed)} == set(
            words[starting(array, typed)]
        )
    assert nearly_starting(array, "abc", "abc") == []
