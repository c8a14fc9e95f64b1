"""Which sums of a shopper an outcome of experiments is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from mercato.core.outcomes import Outcome


@dataclass(frozen=True)
class Ratio:
    """Columns of `data.experiments.units`; of a mean over units there is no denominator."""

    numerator: str
    denominator: str | None = None


RATIOS: Mapping[Outcome, Ratio] = {
    Outcome.CLICK_RATE: Ratio("clicked", "answers"),
    Outcome.SEARCHES_WITHOUT_CLICK: Ratio("unclicked", "searches"),
    Outcome.EMPTY_SEARCHES: Ratio("empty", "searches"),
    Outcome.ADD_TO_CART: Ratio("carted"),
    Outcome.CONVERSION: Ratio("bought"),
    Outcome.REVENUE: Ratio("revenue"),
}
