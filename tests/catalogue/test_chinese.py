"""Chinese among other writing: words, units, characters of both kinds."""

import pytest

from mercato.catalogue.analysis import Word, fold, tokens, words


def wholes(text: str) -> list[str]:
    return [word.whole for word in words(text)]


def test_a_mixed_name_gives_its_latin_and_its_chinese_words() -> None:
    assert wholes("iPhone手机壳") == ["iphone", "手机", "壳"]
    assert wholes("Nike 运动鞋 男") == ["nike", "运动鞋", "男"]


@pytest.mark.parametrize(
    ("chinese", "latin"),
    [
        ("2米", "2 m"),
        ("500毫升", "500ml"),
        ("５００ＭＬ", "500毫升"),
        ("60瓦", "60W"),
        ("1.5升", "1.5 l"),
        ("10公斤", "10kg"),
        ("两米", "2米"),
        ("兩米", "2米"),
        ("五斤", "5斤"),
        ("5斤", "2500g"),
        ("28厘米", "28cm"),
    ],
)
def test_amounts_are_one_word_in_any_writing(chinese: str, latin: str) -> None:
    assert words(chinese) == words(latin)


def test_an_amount_stands_out_of_the_words_around_it() -> None:
    assert "2meter" in tokens("充电线2米长")
    assert wholes("大米5斤装") == ["大米", "2500gram", "装"]


@pytest.mark.parametrize("name", ["统一方便面", "小米手机", "1克拉钻戒", "5升级版"])
def test_what_only_looks_like_an_amount_is_none(name: str) -> None:
    units = {"gram", "liter", "meter", "jin", "inch"}
    assert not any(part in units for token in tokens(name) for part in {token, token[1:]})


def test_particles_and_phrases_of_asking_say_nothing() -> None:
    assert wholes("我想买红色的连衣裙") == wholes("红色连衣裙") == ["红色", "连衣裙"]
    assert wholes("有没有這個手機殼") == ["手机", "壳"]
    assert wholes("的") == ["的"]


def test_letters_keep_the_marks_that_make_them_letters() -> None:
    assert fold("Чайник") == "чайник" != fold("Чаиник")
    assert fold("がか") == "がか"
    assert fold("ёлка Rød Łódź Ελλάδα") == "елка rod lodz ελλαδα"


def test_a_word_with_parts_may_be_held_by_its_characters() -> None:
    assert words("连衣裙") == (Word("连衣裙", ("连", "衣", "裙")),)
