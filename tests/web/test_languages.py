"""Both languages say the same things."""

import ast
import re
import string
from pathlib import Path

import pytest

import mercato.web
from mercato.web.languages import CODES, choose, language

ROOM = Path(mercato.web.__file__).parent


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_languages_have_the_same_keys_and_places():
    first, *others = (language(code).texts for code in CODES)
    for other in others:
        assert other.keys() == first.keys()
        assert {key: places(text) for key, text in other.items()} == {
            key: places(text) for key, text in first.items()
        }


def test_no_text_is_empty():
    for code in CODES:
        assert [key for key, text in language(code).texts.items() if not text.strip()] == []


def test_chinese_is_chinese():
    texts = language("zh").texts
    plain = {key for key, text in texts.items() if not re.search(r"[\u4e00-\u9fff]", text)}
    assert plain == {"fact.gtin", "page.title"}


def used_keys() -> tuple[set[str], set[str]]:
    """Keys that stand whole in templates and code, and beginnings of those put together."""
    whole, begun = set(), set()
    for template in ROOM.rglob("*.html"):
        begun |= {f"{key}." for key in re.findall(r'\bword\("([\w.]+)",', template.read_text())}
        for key, joined in re.findall(r'\b(?:t|count)\(\s*"([\w.]+)"\s*(~)?', template.read_text()):
            (begun if joined else whole).add(key)
    for module in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(node.values[0].value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
    return whole, begun


def test_every_text_is_used_and_every_used_text_is_there():
    texts = language("en").texts.keys()
    whole, begun = used_keys()

    def used(key: str) -> bool:
        stems = {key, key.removesuffix(".one"), key.removesuffix(".other")}
        return bool(stems & whole) or any(key.startswith(each) for each in begun if "." in each)

    assert [key for key in texts if not used(key)] == []
    from_templates = set()
    for template in ROOM.rglob("*.html"):
        found = re.findall(r'\b(t|count)\(\s*"([\w.]+)"\s*[,)]', template.read_text())
        from_templates |= {key if name == "t" else f"{key}.other" for name, key in found}
    assert from_templates - texts == set()


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "default", "expected"),
    [
        ("zh", "en", "en", "en", "zh"),
        (None, "zh", "en", "en", "zh"),
        (None, None, "de, zh-CN;q=0.8, en;q=0.5", "en", "zh"),
        (None, None, "en;q=0.1, zh;q=0.2", "en", "zh"),
        (None, None, "zh;q=0, en", "zh", "en"),
        (None, None, "fr;q=nonsense", "zh-TW", "zh"),
        ("xx", "../en", "", "fr", "en"),
    ],
)
def test_the_first_language_that_we_speak_is_chosen(asked, remembered, accepted, default, expected):
    assert choose(asked, remembered, accepted, default).code == expected


def test_counts_choose_their_form():
    english = language("en")
    assert english.count("search.total", 1) == "1 product"
    assert english.count("search.total", 1200) == "1,200 products"
