"""A query held against candidates, word by word: what the families of features start from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import Word
from mercato.catalogue.bm25 import rarity
from mercato.catalogue.facts import FactRows
from mercato.catalogue.query import Sought
from mercato.catalogue.text_holding import Holding, holding
from mercato.catalogue.titles import TITLE_FIELD, TitleTokens
from mercato.ranking.candidates import Candidates

TITLE_BIT = np.uint8(1 << TITLE_FIELD)

MOST_SEQUENCE = 16
"""Tokens of a query whose places in titles are looked at."""


@dataclass(frozen=True)
class Words:
    """What candidates hold of each typed word, k candidates and n words.

    typed  : the words
    fields : (n, k) uint8, bit f where field f of `bm25.TEXT_FIELDS` holds the word, or what
             stands in its place
    weight : (n, k) float32, 1 where it is held as typed, an alternative's weight where that is,
             0 where neither is
    rarity : (n,) float32, idf; of an alternative where the word itself is unknown
    known  : (n,) bool, whether any row of the catalogue holds it or an alternative
    """

    typed: tuple[Word, ...]
    fields: NDArray[np.uint8]
    weight: NDArray[np.float32]
    rarity: NDArray[np.float32]
    known: NDArray[np.bool_]

    @cached_property
    def share(self) -> NDArray[np.float32]:
        """(n,) of the rarity of all words, each word's part."""
        return np.asarray(self.rarity / max(float(self.rarity.sum()), 1e-9), np.float32)

    @cached_property
    def in_title(self) -> NDArray[np.bool_]:
        """(n, k)"""
        return np.asarray((self.fields & TITLE_BIT) != 0)


@dataclass(frozen=True)
class Places:
    """Where the m tokens of a query stand in k titles; a token that an alternative put in a
    word's place is one of the query's.

    lengths    : (k,) tokens of each title
    present    : (m, k) bool, whether a title has a token
    first      : (m, k) where, from 0; `ABSENT` where it has not
    neighbours : (max(m - 1, 0), k) bool, whether a token and the next stand side by side
    matched    : (k,) tokens of each title that the query has
    """

    lengths: NDArray[np.int64]
    present: NDArray[np.bool_]
    first: NDArray[np.int64]
    neighbours: NDArray[np.bool_]
    matched: NDArray[np.int64]

    @classmethod
    def of(cls, sequence: NDArray[np.int64], titles: TitleTokens) -> "Places":
        """sequence : (m,) numbers of the query's tokens in order, -1 for those nothing holds"""
        m, k = len(sequence), len(titles.lengths)
        same = titles.tokens == sequence[:, None]  # (m, n)
        token, at = np.nonzero(same)
        row, place = titles.row[at], titles.place[at]
        first = np.full((m, k), ABSENT)
        first[token[::-1], row[::-1]] = place[::-1]  # the last one written stays
        neighbours = np.zeros((max(m - 1, 0), k), bool)
        if m > 1:
            pair, left = np.nonzero(same[:-1, :-1] & same[1:, 1:])
            within = titles.row[left] == titles.row[left + 1]
            neighbours[pair[within], titles.row[left[within]]] = True
        matched = np.bincount(titles.row[same.any(axis=0)], minlength=k)
        return cls(titles.lengths, first != ABSENT, first, neighbours, matched)


ABSENT = 1 << 10
"""Behind every title's end."""


@dataclass(frozen=True)
class Asked:
    """A query and its candidates, rows ascending: what several families need is looked up once,
    and only where a family needs it."""

    candidates: Candidates

    def __len__(self) -> int:
        return len(self.candidates.rows)

    @cached_property
    def _lookup(self) -> "_Lookup":
        return _Lookup(self.candidates, self.candidates.understood.sought)

    @cached_property
    def words(self) -> Words:
        return self._lookup.words()

    @cached_property
    def places(self) -> Places:
        index = self.candidates.catalogue.text
        sequence = index.numbers(list(self._lookup.sequence())[:MOST_SEQUENCE])
        return Places.of(sequence, index.titles.of(self.candidates.rows))

    @cached_property
    def facts(self) -> FactRows:
        return self.candidates.catalogue.facts.of(self.candidates.rows)

    @cached_property
    def standing(self) -> NDArray[np.float32]:
        """(k,) what each candidate's first-stage score says of the query's kind of thing: shares
        of 1, the best weigh most."""
        scores = self.candidates.scores
        best = max(float(scores.max(initial=0)), 1e-9)
        weight = np.maximum(scores / np.float32(best), 0) ** STANDING_POWER
        return np.asarray(weight / max(float(weight.sum()), 1e-9), np.float32)


STANDING_POWER = 6
"""A candidate with half of the best score counts 1/64 of the best. Assumed."""


class _Lookup:
    """The tokens of a query in the candidates."""

    def __init__(self, candidates: Candidates, sought: Sequence[Sought]) -> None:
        base = candidates.catalogue.text.base
        words = [word for each in sought for word in each.all_words()]
        tokens = list(dict.fromkeys(token for word in words for token in word.tokens))
        self._sought = sought
        self._at = {token: at for at, token in enumerate(tokens)}
        self._held: Holding = holding(candidates.catalogue.text, tokens, candidates.rows)
        self._frequency = base.frequencies(base.numbers(tokens))
        self._rarity = rarity(base.n_items, self._frequency)
        self._unknown = float(rarity(base.n_items, np.zeros(1, np.int64))[0])

    def words(self) -> Words:
        n = sum(len(each.words) for each in self._sought)
        k = self._held.fields.shape[1]
        fields, weight = np.zeros((n, k), np.uint8), np.zeros((n, k), np.float32)
        rarity, known = np.full(n, self._unknown, np.float32), np.zeros(n, bool)
        at = 0
        for each in self._sought:
            part = slice(at, at + len(each.words))
            self._take(each, fields[part], weight[part], rarity[part], known[part])
            at = part.stop
        typed = tuple(word for each in self._sought for word in each.words)
        return Words(typed, fields, weight, rarity, known)

    def _take(
        self,
        sought: Sought,
        fields: NDArray[np.uint8],
        weight: NDArray[np.float32],
        rarity: NDArray[np.float32],
        known: NDArray[np.bool_],
    ) -> None:
        """Fill the rows of one stretch."""
        for at, word in enumerate(sought.words):
            fields[at] = self._fields(word)
            weight[at] = fields[at] != 0
            if (idf := self._rarity_of(word)) is not None:
                rarity[at], known[at] = idf, True
        for other in sought.alternatives:
            found = [self._rarity_of(word) for word in other.words]
            idfs = [idf for idf in found if idf is not None]
            if len(idfs) < len(found):
                continue
            rarity[~known] = np.mean(idfs)
            known[:] = True
            held = np.stack([self._fields(word) for word in other.words])
            together = np.bitwise_or.reduce(held) * (held != 0).all(axis=0)
            fields |= together
            np.maximum(weight, np.float32(other.weight) * (together != 0), out=weight)

    def _fields(self, word: Word) -> NDArray[np.uint8]:
        """(k,) fields with the whole word or all its parts."""
        fields = self._held.fields
        whole: NDArray[np.uint8] = fields[self._at[word.whole]]
        if not word.parts:
            return whole
        parts = fields[[self._at[part] for part in word.parts]]
        return np.asarray(whole | np.bitwise_and.reduce(parts), np.uint8)

    def _rarity_of(self, word: Word) -> float | None:
        """idf of a word: as a whole or, where only its parts are known, of the rarest of them;
        None for a word that nothing holds."""
        at = self._at[word.whole]
        if self._frequency[at] or not word.parts:
            return float(self._rarity[at]) if self._frequency[at] else None
        parts = [self._at[part] for part in word.parts]
        return float(self._rarity[parts].max()) if self._frequency[parts].all() else None

    def sequence(self) -> Iterator[str]:
        """The query's tokens in order, put right where it was mistyped."""
        for each in self._sought:
            typed = any(self._rarity_of(word) is not None for word in each.words)
            right = each.words if typed or not each.alternatives else each.alternatives[0].words
            for word in right:
                yield from word.tokens
