"""What an arm changes: a closed set, each with its meaning and what it may be."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from dataclasses import replace as replaced
from typing import Any

from mercato.core.errors import BadInput
from mercato.ranking.bandits.shelf_order import LIN_UCB, LINEAR_THOMPSON
from mercato.recommend.reranking.settings import Reranking


@dataclass(frozen=True)
class Variation:
    """Each at its default changes nothing.

    release         : number of the release that answers
    segments        : what the shopper counts as beside their own; merchandising rules that hold
                      for such a segment hold in this arm
    search_ranker   : False: searches stay in the order of the first stage
    semantic_weight : share of the meaning in a search's score, from 0 to 1
    search_sort     : order of searches for which none was asked, as ``price:asc``
    shelf_rankers   : False: shelves are ordered by the formula
    order           : bandit that orders the experiment's shelf
    others          : as in [recommend] of shop.toml
    """

    release: int | None = None
    segments: tuple[str, ...] = ()
    search_ranker: bool | None = None
    semantic_weight: float | None = None
    search_sort: str | None = None
    shelf_rankers: bool | None = None
    order: str | None = None
    most_per_category: int | None = None
    most_per_group: int | None = None
    variety: float | None = None
    new_items: float | None = None
    explore: float | None = None
    price_fit: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what is changed."""
        found = {each: getattr(self, each) for each in self.changed}
        return found | ({"segments": list(self.segments)} if self.segments else {})

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(each.name for each in fields(self) if getattr(self, each.name) != each.default)

    def then(self, other: "Variation") -> "Variation":
        """Both changes, of which no setting is in both but for segments."""
        theirs = {name: getattr(other, name) for name in other.changed}
        return replaced(self, **theirs | {"segments": self.segments + other.segments})

    def reranking(self, settings: Reranking) -> Reranking:
        """The order of shelves, where ``settings`` are the shop's own."""
        mine = {name: getattr(self, name) for name in self.changed if name in RERANKING}
        return replaced(settings, **mine) if mine else settings


NOTHING = Variation()

RERANKING = frozenset(each.name for each in fields(Reranking))

OF_SEARCH = frozenset({"release", "segments", "search_ranker", "semantic_weight", "search_sort"})
"""Changes that a search may show."""

OF_SHELVES = frozenset({"release", "segments", "shelf_rankers", "order"}) | RERANKING
"""Changes that a shelf may show."""

DRAFTED = frozenset({"search_ranker", "semantic_weight"})
"""Changes of a search's order alone, so that two rankings are of the same products."""

ORDERS = (LIN_UCB, LINEAR_THOMPSON)

_SHARES = ("semantic_weight", "variety", "new_items", "explore", "price_fit")
_CAPS = ("most_per_category", "most_per_group")
_SWITCHES = ("search_ranker", "shelf_rankers")


def read_changes(found: object, arm: str) -> Variation:
    """Raises BadInput where a change is unknown, or no such value fits."""
    if not isinstance(found, Mapping):
        raise BadInput(
            f"changes of arm {arm!r} as an object", repr(found), 'Write {"variety": 0.3}.'
        )
    known = [each.name for each in fields(Variation)]
    for name, value in found.items():
        if name not in known:
            raise BadInput(
                f"a change out of {', '.join(known)}", repr(name), f"Mend the arm {arm!r}."
            )
        expected = _expected(name, value)
        if expected is not None:
            raise BadInput(f"{name} as {expected}", repr(value), f"Mend the arm {arm!r}.")
    told = {str(name): value for name, value in found.items()}
    if "segments" in told:
        told["segments"] = tuple(told["segments"])
    return Variation(**told)


def _expected(name: str, value: object) -> str | None:
    """What a change should be; None where it is so."""
    if name in _SHARES:
        fits = type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]
        return None if fits else "a number from 0 to 1"
    if name in _CAPS:
        return None if type(value) is int and value >= 0 else "a whole number from 0"
    if name in _SWITCHES:
        return None if type(value) is bool else "true or false"
    if name == "release":
        return None if type(value) is int and value > 0 else "the number of a release"
    if name == "order":
        return None if value in ORDERS else " or ".join(ORDERS)
    return _expected_text(name, value)


def _expected_text(name: str, value: object) -> str | None:
    if name == "search_sort":
        told = value.rpartition(":") if isinstance(value, str) else ("", "", "")
        return None if told[0] and told[2] in ("asc", "desc") else "field:asc or field:desc"
    fits = (
        isinstance(value, list | tuple) and value and all(isinstance(e, str) and e for e in value)
    )
    return None if fits else "a list of names"
