"""What a word that the catalogue does not know may stand for, and how likely each is.

A noisy channel (Kernighan, Church & Gale 1990, https://aclanthology.org/C90-2036/): the
probability of what is meant, among the other words of the query, times that of typing what was
typed for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from mercato.catalogue.analysis import LONGEST_TOKEN, STOP_WORDS, Word, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.lexicon import Lexicon, Near
from mercato.catalogue.lexicon_edits import edit_cost
from mercato.search.understanding.co_occurrence import CoOccurrence

ONE_EDIT_UP_TO = 5
"""Letters of the longest words in which no more than one error is looked for."""

SPACE = 4.0
"""Nats of leaving out a space, or of typing one too many."""

UNKNOWN = 18.0
"""Nats of a word that the catalogue rightly does not know: what is meant must be likelier."""

UNKNOWN_IN_TWO = 24.0
"""The same of a word that may be two, of LONG_PART letters or more each: such meet by chance in
few words that are right."""

LONG_PART = 4

BOTH_UNKNOWN = 8.0
"""Nats that a word in place of two unknown ones is likelier than in place of one. Assumed."""

MOST_WEIGHED = 8
"""Candidates that are looked at among the other words of the query."""

CONTEXT = 0.5
"""What the other words tell, beside the word itself and the way of typing.

Of 2,500 words with one synthetic error, .926 are put right with 1, .943 with .7, .952 with .5 and
.953 with .35; shoppers' own errors are found as well with each."""

MOST_CONTEXT = 5
"""Other words that are looked at."""

_words = lru_cache(maxsize=1 << 14)(words)
"""The same words are near to much of what is typed."""


@dataclass(frozen=True)
class Respelling:
    """What may be meant.

    start, stop : which words of the query it stands for
    text        : as it would be typed
    nats        : of typing what was typed, and of what was meant: less is likelier
    frequency   : of a word, as the lexicon has it
    """

    start: int
    stop: int
    text: str
    words: tuple[Word, ...]
    kind: str
    nats: float
    frequency: int = 0


@dataclass(frozen=True)
class Query:
    """The words of a query, one after the other.

    typed : as they were typed, folded; None for a word that is not of letters alone
    known : whether the catalogue knows them
    """

    words: tuple[Word, ...]
    typed: tuple[str | None, ...]
    known: tuple[bool, ...]

    def others(self, of: Respelling) -> list[Word]:
        """Known words that a respelling leaves as they are."""
        kept = [*range(of.start), *range(of.stop, len(self.words))]
        return [self.words[at] for at in kept if self.known[at]][:MOST_CONTEXT]


def respellings(
    at: int, query: Query, lexicons: Sequence[Lexicon], catalogue: Catalogue
) -> list[Respelling]:
    """What the unknown word at ``at`` may stand for, the likeliest first; what is less likely
    than that it is rightly unknown is left out. A word that is longer than any token of the
    catalogue stands for nothing."""
    if len(query.typed[at] or "") > LONGEST_TOKEN:
        return []
    found = [
        *_edited(at, query, lexicons),
        *_parted(at, query),
        *_joined(at, query),
    ]
    if not found:
        return []
    rows = CoOccurrence(catalogue)
    rows.read(word for each in found for word in each.words)
    likely = sorted(
        (
            replace(each, nats=each.nats + rows.nats_of(each.words, each.frequency))
            for each in found
        ),
        key=lambda each: each.nats,
    )[:MOST_WEIGHED]
    rows.read(word for each in likely for word in query.others(each))
    weighed = [
        replace(each, nats=each.nats + CONTEXT * rows.nats_among(each.words, query.others(each)))
        for each in likely
    ]
    return sorted(
        (each for each in weighed if each.nats < _unlikely(each)),
        key=lambda each: (each.nats, each.text),
    )


def _unlikely(each: Respelling) -> float:
    """Nats from which a word is rather thought to be right."""
    shortest = min(map(len, each.text.split()))
    return UNKNOWN_IN_TWO if each.kind == "split" and shortest >= LONG_PART else UNKNOWN


def _edited(at: int, query: Query, lexicons: Sequence[Lexicon]) -> list[Respelling]:
    typed = query.typed[at]
    assert typed is not None
    letters = "".join(each for each in typed if each.isalpha())
    most = 1 if len(letters) <= ONE_EDIT_UP_TO else 2
    best: dict[tuple[Word, ...], Respelling] = {}
    for near in {near for lexicon in lexicons for near in lexicon.near(letters, most)}:
        if near.word in STOP_WORDS:
            continue
        each = _of_near(at, letters, near)
        if each.words not in best or (each.nats, each.text) < _rank(best[each.words]):
            best[each.words] = each
    return list(best.values())


def _rank(each: Respelling) -> tuple[float, str]:
    return each.nats, each.text


def _of_near(at: int, letters: str, near: Near) -> Respelling:
    cost = edit_cost(letters, near.word)
    return Respelling(at, at + 1, near.word, _words(near.word), "spelling", cost, near.frequency)


def _parted(at: int, query: Query) -> list[Respelling]:
    """Two words typed as one."""
    typed = query.typed[at]
    assert typed is not None
    cuts = range(2, len(typed) - 1) if typed.isalpha() else ()
    return [
        Respelling(at, at + 1, f"{head} {tail}", (*_words(head), *_words(tail)), "split", SPACE)
        for head, tail in ((typed[:cut], typed[cut:]) for cut in cuts)
    ]


def _joined(at: int, query: Query) -> list[Respelling]:
    """One word typed as two: the unknown one and its neighbour before or behind it."""
    found = []
    for start in (at - 1, at):
        pair = query.typed[max(start, 0) : start + 2]
        if start >= 0 and len(pair) == 2 and pair[0] and pair[1]:
            whole = pair[0] + pair[1]
            nats = SPACE - (0 if any(query.known[start : start + 2]) else BOTH_UNKNOWN)
            found.append(Respelling(start, start + 2, whole, words(whole), "joined", nats))
    return found
