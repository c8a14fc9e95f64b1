"""The shapes of ``/v1/experiments``, for the documentation."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mercato.core.outcomes import Outcome

Name = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
_Share = Field(ge=0, le=1)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Changes(_Strict):
    """What an arm changes; nothing where nothing is said."""

    release: int | None = Field(None, ge=1, description="The release that answers.")
    segments: list[str] | None = Field(
        None, description="The shopper counts as one of these too: rules for them hold."
    )
    search_ranker: bool | None = Field(None, description="False: the first stage's order stays.")
    semantic_weight: float | None = Field(None, ge=0, le=1)
    search_sort: str | None = Field(None, description="Where none was asked; as `price:asc`.")
    shelf_rankers: bool | None = Field(None, description="False: shelves by the formula.")
    order: Literal["lin-ucb", "linear-thompson"] | None = Field(None, description="Of a bandit.")
    most_per_category: int | None = Field(None, ge=0)
    most_per_group: int | None = Field(None, ge=0)
    variety: float | None = Field(None, ge=0, le=1)
    new_items: float | None = Field(None, ge=0, le=1)
    explore: float | None = Field(None, ge=0, le=1)
    price_fit: float | None = Field(None, ge=0, le=1)


class Arm(_Strict):
    name: str = Name
    share: float = _Share
    changes: Changes | None = None
    stopped: str | None = Field(None, description="Why its shoppers are served as without it.")


class Guardrail(_Strict):
    """``margin`` : how much worse is still borne, as a share of the control's value"""

    metric: Outcome
    margin: float = Field(0, ge=0, le=1)


class SentExperiment(_Strict):
    """The first arm is the control; shares make 1."""

    name: str = Name
    kind: Literal["ab", "interleaving", "bandit"] = "ab"
    layer: str = Field("default", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    salt: str | None = Field(None, max_length=2_000, description="Another one draws arms anew.")
    begin: float | None = Field(None, ge=0, le=1, description="Else the layer's first free range.")
    share: float = Field(1, gt=0, le=1, description="Of all shoppers.")
    arms: list[Arm] = Field(min_length=2, max_length=10)
    goal: Outcome | None = Field(None, description="Not of an interleaving.")
    guardrails: list[Guardrail] = []
    planned_units: int = Field(20_000, ge=100)
    alpha: float = Field(0.05, gt=0, lt=1)
    placement: str | None = Field(None, description="Of the shelf that a bandit orders.")
    starts_at: str | None = Field(None, description="ISO 8601; UTC unless it names a zone.")
    ends_at: str | None = None
    description: str = Field("", max_length=2_000)


class MetricRead(BaseModel):
    """``low`` and ``high`` hold at every look at once; null while too little is known."""

    metric: str
    control: float
    variant: float
    difference: float
    low: float | None
    high: float | None
    p_value: float
    explained: float = Field(description="Share of variance that the time before explains.")


class VariantRead(BaseModel):
    arm: str
    verdict: Literal["void", "stop", "ship", "flat", "go on"]
    reason: str
    metrics: list[MetricRead]


class SegmentRead(BaseModel):
    """The goal in one segment, with an interval at alpha over the variants and 12: nothing is
    decided by it."""

    arm: str
    by: Literal["shopper", "channel", "rfm"]
    segment: str | None = Field(
        description="`new` or `known` when the experiment began; the channel of the newest event "
        "before the first answer; the RFM segment when the experiment began. `unknown`: nothing "
        "told of it in time. Null: all that are too small to be shown, without an interval."
    )
    units: tuple[int, int] = Field(description="Of the control and of the variant.")
    metric: MetricRead


class ReadingShape(BaseModel):
    """What an experiment came to at its last look."""

    experiment: str
    begun: str
    looked_at: str
    units: dict[str, int]
    p_value: float = Field(description="Of other shares of shoppers than designed.")
    mismatch: bool
    variants: list[VariantRead]
    orders: dict[str, Any] = Field(description="What bandits have learned: sums.")
    segments: list[SegmentRead] = Field(
        [], description="The goal by segment: for questions, not for verdicts."
    )


class HoldoutShape(BaseModel):
    """Everybody (``variant``) beside those whom no experiment touches (``control``)."""

    begun: str = Field(description="When this share was first held out.")
    looked_at: str
    share: float
    units: dict[str, int]
    p_value: float = Field(description="Of another share than that.")
    mismatch: bool
    metrics: list[MetricRead]


class HoldoutAnswer(BaseModel):
    holdout: HoldoutShape | None = Field(description="Null before the first look.")


class ExperimentAnswer(SentExperiment):
    salt: str
    begin: float
    status: Literal["running", "stopped", "ended"]
    reason: str | None
    reading: ReadingShape | None = Field(description="Null before the first look.")


class ExperimentsAnswer(BaseModel):
    experiments: list[ExperimentAnswer]


class SentShare(_Strict):
    share: float = Field(gt=0, le=1)
