"""How a shop's settings want its queries to be read."""

from mercato.core.errors import BadInput
from mercato.core.settings import Settings
from mercato.data.cleaning.currencies import parse_rates
from mercato.search.understanding.reading import Reading

_WAYS = ("boost", "filter", "off")


def reading_of(settings: Settings) -> Reading:
    """Raises BadInput for a way or a rate that cannot be understood."""
    currency = settings.shop.currency
    return Reading(
        properties=_way("extract", settings.search.extract),
        prices=_way("extract_prices", settings.search.extract_prices),
        currency=currency,
        rates=parse_rates(settings.cleaning.exchange_rates, currency),
    )


def _way(name: str, found: str) -> str:
    if found not in _WAYS:
        raise BadInput(
            f"search.{name} as one of {', '.join(_WAYS)}", repr(found), "Mend shop.toml."
        )
    return found
