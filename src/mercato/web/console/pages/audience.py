"""Who shops here: segments and tags, who comes back, how far a day's shoppers come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mercato.core.roles import Permission
from mercato.data.users.chosen import Count
from mercato.data.users.definitions import Definition
from mercato.data.users.lifecycle import STAGES
from mercato.data.users.rfm import SEGMENTS
from mercato.data.users.tags import TAGS
from mercato.shop.audience import (
    FUNNEL_DAYS,
    MOST_MONTHS,
    Cohort,
    FunnelStep,
    cohorts,
    funnel,
    groups,
)
from mercato.web.console.asked import ROOT, Ask, Page
from mercato.web.console.figures import Figure, Kind, Measure

PATH = f"{ROOT}/audience"


@dataclass(frozen=True)
class Group:
    """A segment, a stage or a tag.

    means : in the visit's language, see docs/users.md
    share : of the largest group beside it, for a bar
    paid  : of all revenue, as a share; None where there is none
    """

    name: str
    means: str
    shoppers: int
    share: float
    paid: float | None


@dataclass(frozen=True)
class AudiencePage:
    """shoppers : all that are known; None where they were never described
    as_of : when they were
    cohorts : by month of the first purchase, the oldest first; months : columns of their table
    funnel : of the newest ``days`` days
    """

    template: ClassVar[str] = "console/audience.html"
    shoppers: int | None
    as_of: datetime | None
    segments: tuple[Group, ...]
    stages: tuple[Group, ...]
    tags: tuple[Group, ...]
    cohorts: tuple[Cohort, ...]
    funnel: tuple[FunnelStep, ...]
    may_see_one: bool
    months: int = MOST_MONTHS
    days: int = FUNNEL_DAYS


def audience(ask: Ask) -> Page:
    found, steps = groups(ask.shop), funnel(ask.shop)
    told = None if found is None else found.counts
    context = AudiencePage(
        shoppers=None if told is None else told.shoppers,
        as_of=None if found is None else found.as_of,
        segments=() if told is None else _groups(ask, told.segments, SEGMENTS, told.revenue),
        stages=() if told is None else _groups(ask, told.stages, STAGES, told.revenue),
        tags=() if told is None else _groups(ask, told.tags, TAGS, told.revenue),
        cohorts=cohorts(ask.shop),
        funnel=steps,
        may_see_one=Permission.SHOPPERS in ask.may,
    )
    return Page(context, {"funnel": _figure(ask, steps)} if steps else {})


def _groups(
    ask: Ask, counts: Sequence[Count], meant: Sequence[Definition], revenue: float
) -> tuple[Group, ...]:
    """Those that anybody is in, the largest first."""
    chinese = ask.language.code == "zh"
    most = max((each.shoppers for each in counts), default=0) or 1
    means = {each.name: each.chinese if chinese else each.english for each in meant}
    found = (
        Group(
            each.name,
            means[each.name],
            each.shoppers,
            each.shoppers / most,
            each.revenue / revenue if revenue else None,
        )
        for each in counts
        if each.shoppers
    )
    return tuple(sorted(found, key=lambda each: -each.shoppers))


def _figure(ask: Ask, steps: tuple[FunnelStep, ...]) -> Figure:
    text = ask.language.text
    columns = (
        ["step", "now"] if any(each.before is None for each in steps) else ["step", "now", "before"]
    )
    rows = tuple(
        (text(f"console.audience.{each.name}"), each.shoppers, each.before)[: len(columns)]
        for each in steps
    )
    return Figure(
        Kind.BARS,
        Measure.COUNT,
        tuple(text(f"console.audience.{each}", days=FUNNEL_DAYS) for each in columns),
        rows,
        text("console.audience.says_funnel", days=FUNNEL_DAYS),
    )
