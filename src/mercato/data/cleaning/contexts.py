"""What cleaning may know of a shop: its settings, read and checked."""

from mercato.core.settings import Settings
from mercato.data.cleaning.currencies import parse_rates
from mercato.data.cleaning.dates import pattern_of
from mercato.data.cleaning.step import CleaningContext
from mercato.data.cleaning.zones import check_timezone


def cleaning_context(settings: Settings, date_format: str | None = None) -> CleaningContext:
    """Raises BadInput for a rate, a zone or a date format that cannot be understood."""
    if date_format is not None:
        pattern_of(date_format)
    return CleaningContext(
        currency=settings.shop.currency,
        rates=parse_rates(settings.cleaning.exchange_rates, settings.shop.currency),
        timezone=check_timezone(settings.imports.timezone),
        date_format=date_format,
    )
