"""Amounts however they are written."""

import pytest

from mercato.catalogue.analysis import Word, tokens, words
from mercato.catalogue.measures import UNIT_OF


@pytest.mark.parametrize(
    "spellings",
    [
        ("18V", "18-Volt", "18 volts", "18 v"),
        ("1/2 in.", '1/2"', "1/2-inch", "1/2 inches", "1/2in"),
        ("6 ft.", "6'", "6-foot", "6 feet", "6ft"),
        ("2.5 lb", "2.5 lbs.", "2.5-pound", "2.5 pounds"),
        ("500 GB", "500gb", "500 gigabytes"),
        ("12 pk", "12-pack", "12 packs"),
        ("2x4", "2 x 4", "2X4"),
    ],
)
def test_spellings_of_an_amount_are_the_same_words(spellings: tuple[str, ...]) -> None:
    assert len({words(each) for each in spellings}) == 1


def test_an_amount_gives_the_whole_its_number_and_its_unit() -> None:
    assert tokens("drill 18-Volt") == ["drill", "18volt", "18", "volt"]


def test_the_sides_of_a_size_are_words() -> None:
    asked = {word.whole for word in words("2x4x8 stud")}
    assert asked == {"2", "4", "8", "stud"}
    assert asked <= set(tokens("2 in. x 4 in. x 8 ft. wood studs"))


def test_the_number_of_an_amount_is_found_without_its_unit() -> None:
    (word,) = words("18 volt")
    assert set(word.parts) <= set(tokens("18 and some volts"))


@pytest.mark.parametrize("text", ["dcd771x2", "iphone x", "a 4k tv", "b12v4", "wd-40"])
def test_a_model_number_is_no_amount(text: str) -> None:
    assert not any(part in UNIT_OF.values() for word in words(text) for part in word.parts)


def test_a_unit_on_its_own_is_a_word() -> None:
    assert words("oz") == words("ounces") == (Word("ounce"),)
