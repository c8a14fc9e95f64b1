"""The parameters of requests, declared once each: they validate, and are the documentation."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mercato.core.columns import Placement

LONGEST_ID = 512
LONGEST_QUERY = 1_000
MOST_VALUES = 200
"""Values of a parameter that can be repeated."""

Id = Annotated[
    str | None, Field(max_length=LONGEST_ID), BeforeValidator(lambda given: given or None)
]
"""Of a shopper or an item; an empty one, as forms send it, is none."""

Filters = Annotated[
    list[Annotated[str, Field(max_length=10_000)]],
    Field(
        max_length=MOST_VALUES,
        description='Repeatable, all must hold. Example: `brand:"Acme" AND price:10..50`.',
    ),
]


class _Asked(BaseModel):
    # A mistyped name must not be read as a wish that was not uttered.
    model_config = ConfigDict(extra="forbid")


class _ByShopper(_Asked):
    user_id: Id = Field(None, description="The shopper, once they are known.")
    visitor_id: Id = Field(None, description="The shopper's device, before they are known.")
    session_id: Id = None


class SearchAsked(_ByShopper):
    q: str = Field(
        "",
        max_length=LONGEST_QUERY,
        description="Words; without any, all items under the filters are listed.",
    )
    filter: Filters = []
    facet: list[Annotated[str, Field(max_length=LONGEST_ID)]] = Field(
        [], max_length=MOST_VALUES, description="Repeatable: fields whose values are counted."
    )
    sort: str | None = Field(
        None,
        max_length=LONGEST_ID,
        description="`price:asc` or `price:desc`, any field of numbers.",
    )
    page: int = Field(1, ge=1, le=2**31 - 1, description="Counts from 1.")
    per_page: int = Field(24, ge=1, le=100)
    distinct: bool = Field(True, description="One card of each `item_group_id`.")
    segment: list[Annotated[str, Field(max_length=LONGEST_ID)]] = Field(
        [],
        max_length=MOST_VALUES,
        description="Repeatable: segments of the shopper for rules, beside those that are known.",
    )
    mode: str = Field(
        "hybrid", pattern="^(hybrid|lexical|semantic)$", description="What makes an item match."
    )


class ExplainAsked(_ByShopper):
    item_id: str = Field(max_length=LONGEST_ID, description="The item that is asked about.")
    q: str = Field("", max_length=LONGEST_QUERY, description="The words, as for a search.")
    filter: Filters = []
    sort: str | None = Field(None, max_length=LONGEST_ID, description="As for a search.")
    distinct: bool = Field(True, description="One card of each `item_group_id`.")
    segment: list[Annotated[str, Field(max_length=LONGEST_ID)]] = Field(
        [], max_length=MOST_VALUES, description="As for a search."
    )
    mode: str = Field("hybrid", pattern="^(hybrid|lexical|semantic)$", description="As above.")


class SuggestAsked(_ByShopper):
    q: str = Field("", max_length=LONGEST_QUERY, description="What was typed so far.")
    n: int = Field(8, ge=1, le=100, description="At most so many of each kind.")


class ShelfAsked(_ByShopper):
    item_id: Id = Field(
        None, description=f"The item shown; {Placement.ITEM_SIMILAR} and item-together need it."
    )
    cart: list[Annotated[str, Field(max_length=10_000)]] = Field(
        [],
        max_length=MOST_VALUES,
        description="Ids of the items in the basket: repeatable, or separated by commas.",
    )
    category: Annotated[str | None, Field(max_length=10_000)] = Field(
        None,
        description="Only of this category and those below it, as `Dairy > Cheese`; "
        f"{Placement.CATEGORY} needs it, or a filter on `product_type`.",
    )
    store: Id = Field(
        None,
        description=f"Only what has this `store_id`; {Placement.STORE} needs it, or a filter on "
        "`store_id`.",
    )
    q: str = Field(
        "",
        max_length=LONGEST_QUERY,
        description=f"Words that were searched for in vain; {Placement.ZERO_RESULTS} goes by them.",
    )
    n: int = Field(20, ge=1, le=100)
    filter: Filters = []
    distinct: bool = Field(False, description="One card of each `item_group_id`.")
