"""A query as the text index reads it: stretches of words, and what may stand in their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mercato.catalogue.analysis import Word


@dataclass(frozen=True)
class Alternative:
    """Other words that stand for what was typed.

    words  : a row must hold all of them
    weight : above 0, at most 1: what a match counts beside one of the words as typed
    kind   : ``spelling``, ``joined``, ``split``, ``synonym``, ``hyponym`` or ``unit``
    """

    words: tuple[Word, ...]
    weight: float
    kind: str


@dataclass(frozen=True)
class Sought:
    """A stretch of a query's words.

    A row that holds one of the alternatives holds as many words as the stretch has, otherwise
    those of the words themselves that it holds; its score is the greater of the two.
    """

    words: tuple[Word, ...]
    alternatives: tuple[Alternative, ...] = ()

    def all_words(self) -> Iterator[Word]:
        """The words typed, then those of the alternatives."""
        yield from self.words
        for each in self.alternatives:
            yield from each.words


def as_sought(words: Sequence[Word]) -> tuple[Sought, ...]:
    """Each word for itself, without alternatives."""
    return tuple(Sought((word,)) for word in words)


def n_words(sought: Sequence[Sought]) -> int:
    """Words typed."""
    return sum(len(each.words) for each in sought)
