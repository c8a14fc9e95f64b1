"""A query that is still being typed: its last word may be the beginning of others."""

import re
from dataclasses import replace

from mercato.catalogue.analysis import fold, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import Alternative, Sought
from mercato.ranking.understood import Step, Understood

KIND = "beginning"
"""Of an alternative that begins as the typed word does."""

WEIGHT = 0.7
"""What a word that only begins so counts beside one that was typed whole. Assumed."""

MOST_WORDS = 30
"""Words that a beginning may stand for, those of the most items."""

_LAST = re.compile(r"[^\W_]+$")
_SPELLINGS = frozenset({"spelling", "joined", "split"})
"""Alternatives that a word has no need of while it is typed."""


def last_word_begun(understood: Understood, catalogue: Catalogue) -> Understood:
    """With the words that begin as the last one does as alternatives of it.

    Behind a space no word is begun; nor where the last word became a filter.
    """
    last = _LAST.search(understood.q)
    read = words(last.group()) if last else ()
    if last is None or len(read) != 1 or not understood.sought:
        return understood
    stretch = understood.sought[-1]
    if stretch.words != read:
        return understood
    typed = fold(last.group())
    begun = [words(word) for word in catalogue.completions.words_with(typed, MOST_WORDS)]
    found = tuple(Alternative(word, WEIGHT, KIND) for word in begun if word and word != read)
    if not found:
        return understood
    kept = tuple(each for each in stretch.alternatives if each.kind not in _SPELLINGS)
    step = Step(KIND, typed, ", ".join(word[0].whole for word in begun[:5] if word), WEIGHT)
    return replace(
        understood,
        sought=(*understood.sought[:-1], Sought(stretch.words, (*kept, *found))),
        did_you_mean=understood.did_you_mean if kept == stretch.alternatives else None,
        steps=(*understood.steps, step),
    )
