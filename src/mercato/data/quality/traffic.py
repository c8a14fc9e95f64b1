"""Who sent how many of an import's event lines, and who of them cannot be a person."""

from dataclasses import dataclass
from datetime import timedelta

import ibis

from mercato.core import columns as c
from mercato.data.engines import Engine

BUSIEST = 20
"""Shoppers whose lines are written down."""

BEYOND_OTHERS = 8.0
"""Times the lines of the 95th percentile of shoppers. In the demo's supermarket the busiest
household is at most at 2.8 in a month, 3.6 in a week, 4.2 on a day."""

LEAST_SHARE_EACH = 0.0025
LEAST_SHARE_TOGETHER = 0.01
"""Of all lines; less than that moves no count that anything is learned from. Assumed."""

_FEWEST_LINES = 100
_FEWEST_SHOPPERS = 20


@dataclass(frozen=True)
class Traffic:
    """busiest : lines of the busiest shoppers that are no suspects, most first
    suspects : ids of those with an outlying share of lines, as `sender` writes them
    suspect_lines : lines of each of them
    """

    lines: int
    shoppers: int
    busiest: tuple[int, ...]
    span_days: float
    suspects: tuple[str, ...]
    suspect_lines: tuple[int, ...]


def sender(lines: ibis.Table) -> ibis.Value:
    """Who sent a line: the user, else the visitor; null for nobody."""
    return ibis.coalesce(lines[c.USER_ID], ibis.literal("visitor:") + lines[c.VISITOR_ID])


def traffic_of(engine: Engine, lines: ibis.Table) -> Traffic:
    """Count the lines of every shopper."""
    whole = engine.table(
        lines.aggregate(first=lines[c.TS].min(), last=lines[c.TS].max(), lines=lines.count())
    ).to_pylist()[0]
    named = lines.select(sender=sender(lines))
    named = named.filter(named.sender.notnull())
    counted = engine.kept(named.group_by("sender").aggregate(n=named.count()))
    of_all = engine.table(
        counted.aggregate(shoppers=counted.count(), p95=counted.n.quantile(0.95))
    ).to_pylist()[0]
    top = engine.table(counted.order_by([counted.n.desc(), "sender"]).limit(2 * BUSIEST))
    busiest = list(zip(top["sender"].to_pylist(), top["n"].to_pylist(), strict=True))
    span = whole["last"] - whole["first"] if whole["lines"] else timedelta(0)
    out = _outliers(busiest, of_all["shoppers"], of_all["p95"], whole["lines"])
    return Traffic(
        lines=whole["lines"],
        shoppers=of_all["shoppers"] - len(out),
        busiest=tuple(lines for _, lines in busiest[len(out) :][:BUSIEST]),
        span_days=span / timedelta(days=1),
        suspects=tuple(who for who, _ in out),
        suspect_lines=tuple(lines for _, lines in out),
    )


def _outliers(
    busiest: list[tuple[str, int]], shoppers: int, p95: float | None, lines: int
) -> list[tuple[str, int]]:
    """Those of the busiest shoppers who cannot be people."""
    if p95 is None or shoppers < _FEWEST_SHOPPERS:
        return []
    fence = max(BEYOND_OTHERS * p95, LEAST_SHARE_EACH * lines, _FEWEST_LINES)
    out = [(who, n) for who, n in busiest if n > fence]
    return out if sum(n for _, n in out) >= LEAST_SHARE_TOGETHER * lines else []
