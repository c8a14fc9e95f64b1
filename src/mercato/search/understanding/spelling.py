"""Words that the catalogue does not know are put right. A word that it knows is never replaced."""

import math
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from mercato.catalogue.analysis import Word, fold, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.catalogue.query import Alternative, Sought, as_sought
from mercato.ranking.understood import Step, Understood
from mercato.search.understanding.respelling import UNKNOWN, Query, Respelling, respellings

STEP = "spelling"

BEST_WEIGHT = 0.8
"""What the likeliest respelling counts beside a word as typed."""

MOST_RESPELLINGS = 3

MUCH_LESS_LIKELY = 2.5
"""Nats behind the likeliest from which a respelling is left out."""

_ALPHABETS_END = "\u2e80"
"""Signs from here on stand for words or syllables: they are not spelled."""

_LETTERS = re.compile(r"(?<![\w])[^\W\d_]+(?:[-'’][^\W\d_]+)*(?![\w])")
_ONLY_SPACE = re.compile(r"[\s\-]{1,3}")


@dataclass(frozen=True)
class _Place:
    """Where a word stands in the folded text."""

    start: int
    stop: int


def put_right(
    understood: Understood,
    written: WrittenWords,
    catalogue: Catalogue,
    meant: Container[str] = frozenset(),
) -> Understood:
    """With alternatives for words that the catalogue does not know.

    meant : words that are right though no product has them: those of synonyms

    The likeliest respelling goes into the text that the encoder reads, and is offered to the
    shopper as `did_you_mean`.
    """
    known = _known([each.words[0] for each in understood.sought], catalogue)
    known = [
        each or one.words[0].whole in meant
        for each, one in zip(known, understood.sought, strict=True)
    ]
    if all(known):
        return understood
    spelling = _Spelling(understood, known, written, catalogue)
    for at in [at for at, each in enumerate(known) if not each]:
        if spelling.query.typed[at] is not None:
            spelling.respell(at)
    return spelling.understood()


class _Spelling:
    """A query on its way through the step.

    query  : one word for each stretch; of letters only where the stretch may be respelled
    stead  : stretch → what stands in its place, and up to where
    """

    def __init__(
        self,
        before: Understood,
        known: Sequence[bool],
        written: WrittenWords,
        catalogue: Catalogue,
    ) -> None:
        self._before = before
        self._written = written
        self._catalogue = catalogue
        self._text = fold(before.text)
        self._places = _places(self._text)
        self.query = self._read(known)
        self._stead: dict[int, tuple[int, tuple[Sought, ...]]] = {}
        self._changes: list[tuple[int, int, str]] = []
        self._steps: list[Step] = []

    def respell(self, at: int) -> None:
        """Find what an unknown word stands for."""
        lexicons = self._written.lexicons(self._catalogue)
        found = respellings(at, self.query, lexicons, self._catalogue)
        found = [each for each in found if self._free(each)]
        if not found:
            return
        best = found[0]
        same = [each for each in found if (each.start, each.stop) == (best.start, best.stop)]
        likely = [each for each in same if each.nats < best.nats + MUCH_LESS_LIKELY]
        alternatives = tuple(
            Alternative(each.words, BEST_WEIGHT * math.exp((best.nats - each.nats) / 2), each.kind)
            for each in likely[:MOST_RESPELLINGS]
        )
        in_two = best.kind == "split" and len(best.words) > 1
        self._put(best, () if in_two else alternatives)
        self._tell(best, _confidence(found))

    def understood(self) -> Understood:
        if not self._stead:
            return self._before
        sought: list[Sought] = []
        at = 0
        while at < len(self._before.sought):
            stop, stead = self._stead.get(at, (at + 1, (self._before.sought[at],)))
            sought += stead
            at = stop
        return replace(
            self._before,
            sought=tuple(sought),
            text=self._text_put_right(),
            did_you_mean=self._query_put_right(),
            steps=(*self._before.steps, *self._steps),
        )

    def _text_put_right(self) -> str:
        text = self._text
        for start, stop, right in sorted(self._changes, reverse=True):
            text = text[:start] + right + text[stop:]
        return text

    def _query_put_right(self) -> str:
        """All that was typed, also what earlier steps have taken out of the text."""
        text = fold(self._before.did_you_mean or self._before.q)
        for start, stop, right in self._changes:
            typed = re.escape(self._text[start:stop])
            text = re.sub(rf"(?<!\w){typed}(?!\w)", right, text, count=1)
        return text

    def _read(self, known: Sequence[bool]) -> Query:
        sought = self._before.sought
        query_words = tuple(each.words[0] for each in sought)
        typed = tuple(
            self._typed(word) if _plain(each) else None
            for word, each in zip(query_words, sought, strict=True)
        )
        return Query(query_words, typed, tuple(known))

    def _typed(self, word: Word) -> str | None:
        place = self._places.get(word)
        return None if place is None else self._text[place.start : place.stop]

    def _free(self, found: Respelling) -> bool:
        """Whether nothing else stands there yet, and two words to be joined are neighbours."""
        spanned = range(found.start, found.stop)
        if any(at in self._taken() for at in spanned):
            return False
        places = [self._places[self.query.words[at]] for at in spanned]
        return all(
            _ONLY_SPACE.fullmatch(self._text[one.stop : other.start])
            for one, other in zip(places, places[1:], strict=False)
        )

    def _taken(self) -> set[int]:
        return {at for start, (stop, _) in self._stead.items() for at in range(start, stop)}

    def _put(self, best: Respelling, alternatives: tuple[Alternative, ...]) -> None:
        typed = self.query.words[best.start : best.stop]
        # What was typed as one is asked for as two: no product has it as it was typed.
        self._stead[best.start] = (
            best.stop,
            ((Sought(typed, alternatives),) if alternatives else as_sought(best.words)),
        )
        places = [self._places[word] for word in typed]
        self._changes.append((places[0].start, places[-1].stop, best.text))
        if len(best.words) == len(typed) == 1:
            self._learn(best.start, best.words[0])

    def _learn(self, at: int, word: Word) -> None:
        """What was put right tells what the other words mean."""
        known, query_words = list(self.query.known), list(self.query.words)
        known[at], query_words[at] = True, word
        self.query = replace(self.query, words=tuple(query_words), known=tuple(known))

    def _tell(self, best: Respelling, confidence: float) -> None:
        start, stop, _ = self._changes[-1]
        self._steps.append(Step(STEP, self._text[start:stop], best.text, round(confidence, 2)))


def _plain(sought: Sought) -> bool:
    return len(sought.words) == 1 and not sought.alternatives


def _places(text: str) -> dict[Word, _Place]:
    """Where the words of letters alone stand; each once."""
    places: dict[Word, _Place] = {}
    for match in _LETTERS.finditer(text):
        if max(match.group()) < _ALPHABETS_END:
            found = words(match.group())
            if len(found) == 1:
                places.setdefault(found[0], _Place(*match.span()))
    return places


def _known(query_words: Sequence[Word], catalogue: Catalogue) -> list[bool]:
    """Whether a product may have each word, whole or in parts."""
    asked = [token for word in query_words for token in word.tokens]
    numbers = dict(zip(asked, (catalogue.text.numbers(asked) >= 0).tolist(), strict=True))
    return [
        numbers[word.whole] or bool(word.parts and all(numbers[part] for part in word.parts))
        for word in query_words
    ]


def _confidence(found: Sequence[Respelling]) -> float:
    """The share of the likeliest among all respellings, and that the word is right as it is."""
    nats = [each.nats for each in found] + [UNKNOWN]
    return 1 / sum(math.exp(found[0].nats - each) for each in nats)
