"""Terms that stand for each other, or one for others that are kinds of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from mercato.catalogue.analysis import words
from mercato.core.errors import BadInput

MOST_TERMS = 50
LONGEST_TERM = 100
"""Characters."""
MOST_WORDS = 4
"""Words of a term."""


class Status(StrEnum):
    """Only accepted synonyms are sought with."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Synonym:
    """A query for any of ``terms`` finds the others too; with ``also``, what one of those names.

    also     : empty: the terms stand for each other. Otherwise one way only: ``footwear`` finds
               ``sneaker``, and ``sneaker`` no other footwear
    language : only where the shop speaks it; None: everywhere
    source   : ``person``, ``file``, ``clicks``, ``sessions`` or ``vectors``
    score    : of a proposal, 0 to 1
    evidence : what a proposal was made from, as a person reads it
    """

    terms: tuple[str, ...]
    also: tuple[str, ...] = ()
    language: str | None = None
    status: Status = Status.ACCEPTED
    source: str = "person"
    score: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def key(self) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
        """The same for synonyms that say the same."""
        return frozenset(map(term_key, self.terms)), frozenset(map(term_key, self.also))


def term_key(term: str) -> tuple[str, ...]:
    """The tokens that a term is found by in a query."""
    return tuple(word.whole for word in words(term))


def read_synonym(sent: object) -> Synonym:
    """A synonym from a JSON object. Raises BadInput where it does not fit."""
    if not isinstance(sent, Mapping):
        raise _bad("a JSON object", type(sent).__name__)
    known = set(Synonym.__dataclass_fields__)
    if unknown := sorted(set(sent) - known):
        raise _bad(f"fields out of {', '.join(sorted(known))}", repr(unknown[0]))
    language, score = sent.get("language"), sent.get("score")
    if not (language is None or (isinstance(language, str) and language.isalpha())):
        raise _bad("language as en or zh", repr(language))
    if not (score is None or isinstance(score, int | float)):
        raise _bad("score as a number", repr(score))
    evidence = sent.get("evidence") or {}
    if not isinstance(evidence, Mapping):
        raise _bad("evidence as a JSON object", repr(evidence))
    return checked(
        Synonym(
            _terms(sent, "terms"),
            _terms(sent, "also"),
            language,
            _status(sent.get("status", Status.ACCEPTED)),
            str(sent.get("source", "person")),
            score,
            dict(evidence),
        )
    )


def checked(synonym: Synonym) -> Synonym:
    """The same. Raises BadInput where nothing could be found by it."""
    for term in (*synonym.terms, *synonym.also):
        key = term_key(term)
        if not key or len(key) > MOST_WORDS or len(term) > LONGEST_TERM:
            raise _bad(f"terms of 1 to {MOST_WORDS} words", repr(term[:LONGEST_TERM]))
    different = {term_key(term) for term in (*synonym.terms, *synonym.also)}
    if len(different) < 2 or not synonym.terms:
        found = ", ".join((*synonym.terms, *synonym.also)) or "none"
        raise _bad("two terms that differ in more than their endings", found)
    if len(synonym.terms) + len(synonym.also) > MOST_TERMS:
        raise _bad(f"at most {MOST_TERMS} terms", f"{len(synonym.terms) + len(synonym.also)}")
    return synonym


def _terms(sent: Mapping[Any, Any], name: str) -> tuple[str, ...]:
    found = sent.get(name) or []
    if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
        raise _bad(f"{name} as a list of texts", repr(found)[:LONGEST_TERM])
    return tuple(dict.fromkeys(each.strip() for each in found))


def _status(found: object) -> Status:
    if found not in list(Status):
        raise _bad(f"status as one of {', '.join(Status)}", repr(found))
    return Status(str(found))


def _bad(expected: str, found: str) -> BadInput:
    return BadInput(f"a synonym with {expected}", found, 'Send it as {"terms": ["sofa", "couch"]}.')
