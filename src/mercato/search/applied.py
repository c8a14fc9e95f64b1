"""What became of a request, as its answer tells it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mercato.ranking.rules.actions import Banner
from mercato.ranking.understood import Meant


@dataclass(frozen=True)
class Read:
    """A property that words of the query asked for.

    filter : in the grammar of `catalogue.filters`
    effect : ``filter`` where only items that have it are shown, ``boost`` where they are preferred
    """

    text: str
    filter: str
    confidence: float
    effect: str

    @classmethod
    def of(cls, meant: Meant) -> "Read":
        return cls(
            meant.text,
            str(meant.filter),
            round(meant.confidence, 2),
            "filter" if meant.hard else "boost",
        )


@dataclass(frozen=True)
class Applied:
    """How a request was taken.

    filters    : the shopper's own
    understood : what was read out of the words
    corrected  : words that the catalogue does not know, under ``from``, and what was sought
                 beside them, under ``to``
    relaxed    : what was given up so that there is an answer: ``words:1/3`` where one word of
                 three is enough, a filter that had been read out of the words, ``meaning`` where
                 items further off in meaning are shown
    rules      : ids of the merchandising rules that held, the first to act first
    redirect   : where a rule leads the shopper instead
    degraded   : what a busy server left out: ``personalisation``, ``semantic``, ``freshness``
    """

    filters: tuple[str, ...]
    sort: str | None
    mode: str
    distinct: bool
    understood: tuple[Read, ...] = ()
    corrected: tuple[Mapping[str, str], ...] = ()
    relaxed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    redirect: str | None = None
    banners: tuple[Banner, ...] = ()
    degraded: tuple[str, ...] = ()
