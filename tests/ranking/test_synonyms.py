import re
from typing import Any

import pytest

from mercato.core.errors import BadInput
from mercato.ranking.synonyms.formats import read_synonyms
from mercato.ranking.synonyms.synonym import Status, Synonym, read_synonym

SOLR = """\
# furniture
sofa, couch , love seat

footwear => sneaker, rain boot
a\\,b, c
"""

CSV = """\
Terms,also,language
sofa|couch | love seat,,
footwear,"sneaker|rain boot",en

"""


def file(*terms: str, also: tuple[str, ...] = (), language: str | None = None) -> Synonym:
    return Synonym(terms, also, language, source="file")


def test_the_format_of_solr_is_read() -> None:
    assert read_synonyms(SOLR, "s.txt") == [
        file("sofa", "couch", "love seat"),
        file("footwear", also=("sneaker", "rain boot")),
        file("a,b", "c"),
    ]


def test_a_csv_file_is_read() -> None:
    assert read_synonyms("\ufeff" + CSV, "s.csv") == [
        file("sofa", "couch", "love seat"),
        file("footwear", also=("sneaker", "rain boot"), language="en"),
    ]
    assert read_synonyms("", "s.csv") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sofa, couch\nsofa\n", "two terms .* in line 2 of s.csv; found sofa"),
        ("sofa, couch\nsofa, sofas", "line 2 .* found sofa, sofas"),
        ("a => b => c", "line 1"),
        ("=> b, c", "line 1"),
        ("sofa =>", "line 1 .* found sofa"),
        ("one two three four five, six", "1 to 4 words in line 1 .* 'one two three four five'"),
        ("!!!, sofa", "words in line 1 .* '!!!'"),
        ("terms,also\nsofa|couch,\nsofa,\n", "line 3 .* found sofa"),
        ("terms,what\nsofa|couch,\n", "columns out of .* line 1 .* found 'what'"),
        ('terms\n"sofa|couch\n', "CSV in line 2"),
        (",".join(f"term{n}" for n in range(51)), "at most 50 terms in line 1 .* found 51"),
    ],
)
def test_the_line_that_cannot_be_read_is_named(text: str, expected: str) -> None:
    with pytest.raises(BadInput, match=re.compile(expected, re.S)):
        read_synonyms(text, "s.csv")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([], "a JSON object; found list"),
        ({"terms": ["sofa"]}, "two terms"),
        ({"terms": "sofa"}, "terms as a list of texts"),
        ({"terms": ["sofa", 1]}, "terms as a list of texts"),
        ({"terms": ["sofa", "couch"], "status": "maybe"}, "status as one of"),
        ({"terms": ["sofa", "couch"], "language": "en-GB"}, "language as en or zh"),
        ({"terms": ["sofa", "couch"], "direction": "both"}, "found 'direction'"),
        ({"terms": ["sofa", "couch"], "score": "high"}, "score as a number"),
        ({"terms": ["sofa", "couch"], "evidence": [1]}, "evidence as a JSON object"),
        ({"also": ["sofa", "couch"]}, "two terms"),
    ],
)
def test_what_does_not_fit_is_refused(sent: Any, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        read_synonym(sent)


def test_a_synonym_is_the_same_after_its_json() -> None:
    synonym = Synonym(("a b", "c"), ("d",), "en", Status.PROPOSED, "clicks", 0.5, {"shared": 3})
    assert read_synonym(synonym.to_json()) == synonym


def test_what_says_the_same_has_one_key() -> None:
    assert Synonym(("sofa", "couches")).key == Synonym(("Couch", "sofas")).key
    assert Synonym(("sofa",), ("couch",)).key != Synonym(("couch",), ("sofa",)).key
