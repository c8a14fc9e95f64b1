"""The shapes of merchandising rules, for the documentation; `ranking.rules` reads and checks."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Id = Annotated[str, Field(min_length=1, max_length=512)]
_Ids = Annotated[list[_Id] | None, Field(description="Ids; instead of a filter.")]
_Where = Annotated[str | None, Field(description='As of a search: `brand:"Acme" AND price:..50`.')]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QueryCondition(_Strict):
    """Compared on analysed words: no case, no accents, no plurals, simplified Chinese."""

    match: Literal["exact", "contains", "starts_with"] = "exact"
    text: str = Field(min_length=1, max_length=2_000)


class Hours(_Strict):
    from_: str = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    to: str = Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")


class RuleConditions(_Strict):
    """Of each kind that is given, one must hold; without any, the rule always holds."""

    queries: list[QueryCondition] | None = None
    categories: list[str] | None = Field(
        None, description="Paths that are browsed or that the query is after, or above these."
    )
    segments: list[str] | None = Field(
        None, description="RFM segments and tags of the shopper, or those that a search names."
    )
    starts_at: str | None = Field(None, description="ISO 8601; UTC unless it names a zone.")
    ends_at: str | None = Field(None, description="No longer within.")
    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] | None = None
    hours: Hours | None = Field(None, description="In the shop's zone; may go past midnight.")


class PinAction(_Strict):
    """The item joins the results and stands at its position, counted from 1."""

    type: Literal["pin"]
    item: _Id
    position: int = Field(ge=1, le=1_000)


class BoostAction(_Strict):
    """Scores are multiplied."""

    type: Literal["boost"]
    filter: _Where = None
    items: _Ids = None
    factor: float = Field(gt=1, le=1_000)


class BuryAction(_Strict):
    """Scores are multiplied."""

    type: Literal["bury"]
    filter: _Where = None
    items: _Ids = None
    factor: float = Field(ge=0.001, lt=1)


class HideAction(_Strict):
    """The items are not found."""

    type: Literal["hide"]
    filter: _Where = None
    items: _Ids = None


class FilterAction(_Strict):
    """Only items that pass are found."""

    type: Literal["filter"]
    filter: str


class RedirectAction(_Strict):
    """Where to lead the shopper instead: http, https, or a path of the shop."""

    type: Literal["redirect"]
    url: str = Field(min_length=1, max_length=2_000)


class Banner(BaseModel):
    title: str = Field(min_length=1, max_length=2_000)
    text: str = Field("", max_length=2_000)
    image_link: str = Field("", max_length=2_000)
    link: str = Field("", max_length=2_000)
    slot: str = Field(
        "", max_length=2_000, description="Of the banners of one slot an answer shows one."
    )


class ShownBanner(Banner):
    id: str = Field(description="What a `select_promotion` event names as its `promotion_id`.")


class BannerAction(Banner):
    model_config = ConfigDict(extra="forbid")
    type: Literal["banner"]


RuleAction = Annotated[
    PinAction
    | BoostAction
    | BuryAction
    | HideAction
    | FilterAction
    | RedirectAction
    | BannerAction,
    Field(discriminator="type"),
]


class _Rule(BaseModel):
    name: str = Field("", max_length=2_000)
    enabled: bool = True
    priority: int = Field(
        0,
        ge=-1_000_000,
        le=1_000_000,
        description="Of rules that meet, the greater goes first; then the id that sorts first.",
    )
    scope: Literal["search", "everywhere"] = Field(
        "search", description="`everywhere`: what it hides does not stand on shelves either."
    )
    conditions: RuleConditions | None = None
    actions: list[RuleAction] = Field(min_length=1)


class SentRule(_Rule):
    model_config = ConfigDict(extra="forbid")
    id: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class Conflict(BaseModel):
    """``rules`` are the ids of one or two rules, the first to act first."""

    kind: str
    rules: list[str]
    detail: str


class RuleAnswer(_Rule):
    """``conflicts`` come with the answer to a change."""

    id: str
    created_at: str
    updated_at: str
    updated_by: str
    conflicts: list[Conflict] | None = None


class RulesAnswer(BaseModel):
    rules: list[RuleAnswer]


class ConflictsAnswer(BaseModel):
    conflicts: list[Conflict]


class SentPreview(_Strict):
    """A rule that is added or changed, or the id of one that is left out; and a search."""

    rule: SentRule | None = Field(None, description="With its id.")
    without: str | None = None
    at: str | None = Field(None, description="As if it were then; ISO 8601.")
    n: int = Field(24, ge=1, le=100, description="Items that are compared.")
    q: str = ""
    filter: list[str] | None = None
    sort: str | None = None
    distinct: bool = True
    user_id: str | None = None
    visitor_id: str | None = None
    segment: list[str] | None = None


class PreviewSide(BaseModel):
    total: int
    ids: list[str]
    rules: list[str]
    redirect: str | None
    banners: list[ShownBanner]


class Move(BaseModel):
    """Positions count from 1; null where the item is not among the first."""

    id: str
    before: int | None
    after: int | None


class PreviewAnswer(BaseModel):
    before: PreviewSide
    after: PreviewSide
    moved: list[Move]
    conflicts: list[Conflict]
