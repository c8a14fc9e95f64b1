import pytest

from mercato.catalogue.analysis import Word, fold, stem, surface_words, tokens, words


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Crème Brûlée", "creme brulee"),
        ("ＡＢＣ１２", "abc12"),  # full width, as Chinese keyboards give it
        ("ﬁnish", "finish"),
        ("STRASSE", "straße"),
    ],
)
def test_spellings_that_a_reader_takes_for_one_are_one(typed: str, written: str) -> None:
    assert fold(typed) == fold(written)


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("mugs", "mug"),
        ("boxes", "box"),
        ("dishes", "dish"),
        ("batteries", "battery"),
        ("cookies", "cookie"),
        ("hoses", "hose"),
        ("shelves", "shelf"),
        ("shoes", "shoe"),
        ("glasses", "glass"),
        ("tomatoes", "tomato"),
        ("pies", "pie"),
        ("women's", "woman"),
    ],
)
def test_a_plural_gives_the_token_of_its_singular(plural: str, singular: str) -> None:
    assert tokens(plural) == tokens(singular)


@pytest.mark.parametrize("word", ["glass", "bus", "tennis", "gas", "ss", "c3s", "日本s"])
def test_what_is_no_plural_stays(word: str) -> None:
    assert stem(word) == word


@pytest.mark.parametrize("written", ["WD-40", "wd40", "Wd 40", "WD.40"])
def test_a_model_number_is_found_however_it_is_joined(written: str) -> None:
    held = set(tokens(f"{written} lubricant"))
    for asked in ("wd-40", "wd40"):
        (word,) = words(asked)
        assert word.whole in held or set(word.parts) <= held


def test_a_model_number_gives_the_whole_and_its_parts() -> None:
    assert tokens("C63") == ["c63", "c", "63"]
    assert words("C63 amg") == (Word("c63", ("c", "63")), Word("amg"))


def test_a_number_with_a_point_or_a_stroke_is_one_token() -> None:
    assert tokens("no 1.5 or 3/4") == ["no", "1.5", "or", "3/4"]
    assert tokens("1,000 screws") == tokens("1000 screws") == ["1000", "screw"]


def test_a_stroke_between_words_parts_them() -> None:
    assert tokens("and/or") == ["and", "or"]


def test_stop_words_count_only_where_there_is_nothing_else() -> None:
    assert words("a mug for the tea") == (Word("mug"), Word("tea"))
    assert words("the for") == (Word("the"), Word("for"))


def test_a_word_of_a_query_counts_once() -> None:
    assert words("tea TEA teas") == (Word("tea"),)


def test_a_text_without_words_gives_none() -> None:
    assert words("!?… — 🎄") == ()
    assert tokens("") == []


def test_chinese_gives_words_and_characters() -> None:
    assert {"手机", "充电器", "手", "器"} <= set(tokens("手机充电器"))


@pytest.mark.parametrize("asked", ["充电", "充电器", "手机", "器"])
def test_a_chinese_word_is_found_inside_a_longer_one(asked: str) -> None:
    held = set(tokens("手机充电器"))
    assert all(word.whole in held or {*word.parts} <= held for word in words(asked))


def test_traditional_characters_find_simplified_ones() -> None:
    assert words("手機充電器") == words("手机充电器") != ()


def test_surface_words_keep_their_endings() -> None:
    assert surface_words("Men’s Boots WD-40") == ["men's", "boots", "wd-40"]
