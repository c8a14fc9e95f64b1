"""The shape of an explanation, for the documentation."""

from pydantic import BaseModel, Field


class Step(BaseModel):
    """One thing that was read out of the query."""

    name: str
    text: str
    made: str
    confidence: float


class HeldWord(BaseModel):
    """``weight`` is 1 where the item holds the word as typed, less where it holds a correction or
    a synonym, 0 where neither."""

    word: str
    known: bool
    fields: list[str]
    weight: float
    rarity: float


class Passed(BaseModel):
    filter: str
    passed: bool
    origin: str = Field(description="`shopper`, or `words` where it was read out of the query.")


class Membership(BaseModel):
    """``found``: in the result set before filters and rules; ``shown``: after them."""

    found: bool
    shown: bool
    by_words: bool
    by_meaning: bool
    words: list[HeldWord]
    words_held: int
    words_needed: int
    cosine: float | None
    threshold: float
    filters: list[Passed]


class Part(BaseModel):
    feature: str
    says: str
    value: float
    contribution: float = Field(description="SHAP value: what the feature adds to the sum.")


class Reranked(BaseModel):
    """``base`` and all contributions add up to ``sum``; ``score`` is the sum between 0 and 1."""

    base: float
    sum: float
    score: float
    parts: list[Part]


class Ruled(BaseModel):
    """What a merchandising rule did to the item."""

    rule: str
    name: str
    did: str
    factor: float | None
    position: int | None


class Explanation(BaseModel):
    """Why an item stands where it stands.

    The parts of ``first_stage`` add up to the score of the first stage. ``position`` counts from
    1 over all pages; it is null for an item that is not shown. ``shown_as`` names the item that
    stands for its group, where that is another.
    """

    q: str
    item_id: str
    text: str
    did_you_mean: str | None
    steps: list[Step]
    relaxed: list[str]
    membership: Membership
    first_stage: dict[str, float]
    second_stage: Reranked | None
    rules: list[Ruled]
    position: int | None
    total: int
    shown_as: str | None
    score: float | None
