"""Forms of words that grammars of the languages name, as shoppers type them."""

from pathlib import Path

import pytest

from mercato.catalogue.analysis import fold, stem
from mercato.catalogue.forms import Forms
from mercato.catalogue.languages import ALWAYS, LANGUAGES, language
from mercato.core.errors import BadInput

SAME = [
    ("da", "lampe lamper lampen"),
    ("da", "rød rødt røde"),
    ("de", "Schuh Schuhe Schuhen"),
    ("de", "Möbel Möbeln Moebel Mobel"),
    ("de", "Stuhl Stühle Stuehle"),
    ("de", "rot rote roter rotes roten"),
    ("es", "zapato zapatos"),
    ("es", "instalación instalaciones instalacion"),
    ("es", "luz luces"),
    ("fi", "lamppu lamput lamppuja"),
    ("fr", "chaussure chaussures"),
    ("fr", "doré dorée dorés dorées doree"),
    ("fr", "cheval chevaux"),
    ("fr", "jeu jeux"),
    ("it", "scarpa scarpe"),
    ("it", "rosso rossa rossi rosse"),
    ("nl", "schoen schoenen"),
    ("no", "lampe lamper lampen"),
    ("pt", "cartão cartões cartoes"),
    ("pt", "vermelho vermelha vermelhos"),
    ("ru", "лампа лампы ламп лампу лампой"),
    ("ru", "красный красная красное красные"),
    ("ru", "ёлка елка елки"),
    ("sv", "lampa lampor"),
]

DIFFERENT = [
    ("de", "Tisch Tasche Tuch"),
    ("es", "casa caza"),
    ("fr", "poisson poison"),
    ("it", "casa cosa"),
    ("ru", "лампа лапа"),
]


def read(text: str) -> list[str]:
    return [stem(fold(word)) for word in text.split()]


@pytest.mark.parametrize(("code", "text"), SAME)
def test_forms_of_one_word_find_each_other(code: str, text: str) -> None:
    written = read(text)
    forms = Forms.of([code], written)
    for word in written:
        assert {word, *forms.others(word)} == set(written)
        assert word not in forms.others(word)


@pytest.mark.parametrize(("code", "text"), DIFFERENT)
def test_other_words_stay_apart(code: str, text: str) -> None:
    forms = Forms.of([code], read(text))
    assert all(forms.others(word) == [] for word in read(text))


def test_every_language_has_a_stemmer_and_folded_stop_words() -> None:
    assert {code for code, _ in SAME} == set(LANGUAGES)
    for each in LANGUAGES.values():
        assert len(each.stop_words) >= 10
        assert all(fold(word) == word for word in each.stop_words)


def test_a_form_that_no_product_has_finds_those_that_products_have() -> None:
    forms = Forms.of(["de"], ["lampe", "lampenschirm"])
    assert forms.others("lampen") == ["lampe"]


def test_one_language_is_enough_to_join_two_forms() -> None:
    words = ["lampen", "lampe", "chevaux", "cheval"]
    forms = Forms.of(["de", "fr", "en"], words)
    assert forms.others("lampe") == ["lampen"]
    assert forms.others("cheval") == ["chevaux"]
    assert forms.is_stop_word("mit") and forms.is_stop_word("avec")
    assert not forms.is_stop_word("sin")


@pytest.mark.parametrize("word", ["ab", "wd40", "手机壳", "1.5"])
def test_codes_numbers_and_chinese_have_no_other_forms(word: str) -> None:
    forms = Forms.of(["de"], [word, word + "e", word + "en"])
    assert forms.others(word) == []


def test_they_are_the_same_once_written(tmp_path: Path) -> None:
    forms = Forms.of(["de", "ru"], ["lampe", "lampen", "лампа", "лампы"])
    forms.save(tmp_path)
    opened = Forms.open(tmp_path)
    assert opened.others("lampe") == ["lampen"]
    assert opened.others("лампы") == ["лампа"]
    assert opened.is_stop_word("und")


def test_an_unknown_language_is_said_with_those_that_are_known() -> None:
    assert [language(code) for code in ALWAYS] == [None, None]
    with pytest.raises(BadInput, match=r"da, de, en, es.*found 'xx'.*shop\.toml"):
        language("xx")
