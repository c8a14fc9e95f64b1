"""What an explanation says of one item in one answer."""

from dataclasses import dataclass

from mercato.ranking.rules.explaining import Ruled
from mercato.ranking.understood import Step


@dataclass(frozen=True)
class HeldWord:
    """A word of the query in the item.

    known  : whether any item of the catalogue holds it or what stands for it
    fields : of the item that hold it
    weight : 1 where it is held as typed, less where a correction or a synonym is, 0 where nothing
    rarity : idf
    """

    word: str
    known: bool
    fields: tuple[str, ...]
    weight: float
    rarity: float


@dataclass(frozen=True)
class Passed:
    """A filter, and whether the item has what it asks for. origin: ``shopper`` or ``words``"""

    filter: str
    passed: bool
    origin: str


@dataclass(frozen=True)
class Membership:
    """Whether the item is in the result set, and why.

    found        : in the set before filters and rules
    shown        : in the set that is shown
    words_held   : of those that the catalogue knows
    words_needed : as many as make an item match
    cosine       : None where meaning was not looked at
    threshold    : from which an item may match by meaning
    """

    found: bool
    shown: bool
    by_words: bool
    by_meaning: bool
    words: tuple[HeldWord, ...]
    words_held: int
    words_needed: int
    cosine: float | None
    threshold: float
    filters: tuple[Passed, ...]


@dataclass(frozen=True)
class Part:
    """A feature of the ranker.

    says         : what it is, in words
    contribution : what it adds to the score, as its SHAP value
    """

    feature: str
    says: str
    value: float
    contribution: float


@dataclass(frozen=True)
class Reranked:
    """The second stage: ``base`` and all contributions add up to ``sum``.

    base  : what an average candidate scores
    score : the sum, put between 0 and 1 so that rules can multiply it
    """

    base: float
    sum: float
    score: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Explanation:
    """item_id     : the item that was asked about
    text        : what the words came to
    first_stage : name → what it adds to the first stage's score; empty for an item not found
    second_stage: None where no ranker scored it
    rules       : what merchandising rules did to it
    position    : from 1, of its card; None where it is not shown
    shown_as    : id of the item that its group is shown by, where that is another
    score       : as shown
    """

    q: str
    item_id: str
    text: str
    did_you_mean: str | None
    steps: tuple[Step, ...]
    relaxed: tuple[str, ...]
    membership: Membership
    first_stage: dict[str, float]
    second_stage: Reranked | None
    rules: tuple[Ruled, ...]
    position: int | None
    total: int
    shown_as: str | None
    score: float | None
