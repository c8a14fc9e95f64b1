"""The shapes of bodies and answers, for the documentation; orjson writes them without these."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mercato.api.rule_shapes import ShownBanner
from mercato.core.columns import Event

Item = dict[str, Any]
Degraded = Literal["personalisation", "semantic", "freshness"]
Text = str | int | float | bool
"""An id or a text; numbers are taken as they are written."""


class Problem(BaseModel):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    expected: str
    found: str
    remedy: str


class Hit(BaseModel):
    id: str
    score: float
    item: Item


class Read(BaseModel):
    """A property that words of the query asked for; ``effect`` is ``filter`` or ``boost``."""

    text: str
    filter: str
    confidence: float
    effect: Literal["filter", "boost"]


class Applied(BaseModel):
    """How a request was taken; ``relaxed`` says what was given up so that there is an answer.

    A banner's texts are empty where it has none.
    """

    filters: list[str]
    sort: str | None
    mode: str
    distinct: bool
    understood: list[Read]
    relaxed: list[str]
    rules: list[str] = Field(description="Ids of the rules that held, the first to act first.")
    redirect: str | None = Field(description="Where a rule leads the shopper instead.")
    banners: list[ShownBanner]
    degraded: list[Degraded] = Field(description="What a busy server left out.")


class SearchAnswer(BaseModel):
    """``total`` and ``facets`` are of the whole result set; ``page`` counts from 1."""

    query_id: str
    total: int
    page: int
    per_page: int
    hits: list[Hit]
    facets: dict[str, dict[str, int]]
    did_you_mean: str | None
    applied: Applied


class SuggestedItem(BaseModel):
    id: str
    title: str


class SuggestAnswer(BaseModel):
    queries: list[str]
    items: list[SuggestedItem]
    categories: list[str]


class Reason(BaseModel):
    """Why an item stands there: a code, and what it is told by."""

    model_config = ConfigDict(extra="allow")
    code: str


class Card(BaseModel):
    id: str
    score: float
    reason: Reason
    retriever: str
    item: Item


class ShelfAnswer(BaseModel):
    """``fallback`` names the retriever that had to fill the shelf, where one had to."""

    query_id: str
    placement: str
    items: list[Card]
    fallback: str | None
    degraded: list[Degraded] = Field(description="What a busy server left out.")


class SentItem(BaseModel):
    model_config = ConfigDict(extra="allow")
    item_id: str
    quantity: float | None = Field(None, ge=0)
    price: float | None = Field(None, ge=0)
    position: int | None = Field(None, ge=0, lt=2**31, description="Counts from 1.")


class SentEvent(BaseModel):
    """A GA4-shaped event; further fields become attributes."""

    model_config = ConfigDict(extra="allow")
    event_id: str = Field(
        max_length=512,
        description="An id of your own; the same when the event is sent again, and counted once.",
    )
    event: Event
    ts: str | float | None = Field(
        None, description="ISO 8601 or an epoch in s, ms, µs or ns; without it: now."
    )
    user_id: str | None = Field(None, max_length=512)
    visitor_id: str | None = Field(None, max_length=512)
    session_id: str | None = Field(None, max_length=512)
    items: list[SentItem] | None = None
    currency: str | None = Field(None, description="ISO 4217.")
    value: float | None = None
    search_term: str | None = None
    query_id: str | None = Field(
        None, description="Of the answer that the shopper acted on: search and shelves give it."
    )
    placement: str | None = None
    coupon: str | None = None
    transaction_id: str | None = None
    channel: str | None = None
    consent: bool | dict[str, Any] | None = Field(
        None,
        description="The shopper's: `analytics` and `personalization`, or GA4's names.",
    )
    attributes: dict[str, Any] | None = None


class RejectedEvent(BaseModel):
    index: int
    error: str


class EventsAnswer(BaseModel):
    """Counts of events; ``duplicates`` were stored already."""

    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]
    withheld: int = Field(0, description="Not kept for want of consent; only where there are any.")
    left_out: int = Field(0, description="Of a dialect: what our events do not hold; likewise.")


class SentOperation(BaseModel):
    op: Literal["put", "patch", "delete"]
    id: str = Field(min_length=1, max_length=512)
    item: Item | None = None


class Changed(BaseModel):
    """``seq`` is the change's place in the log that every worker follows."""

    id: str
    seq: int


class OperationAnswer(BaseModel):
    id: str
    seq: int | None = None
    error: Problem | None = None


class BatchAnswer(BaseModel):
    """One result for each operation, in order."""

    results: list[OperationAnswer]


class Readiness(BaseModel):
    status: str
    release: int
