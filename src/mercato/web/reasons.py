"""Reasons in words."""

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import PATH_SEPARATOR, TITLE
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.web.languages import Language

_OF_CATEGORIES = (
    ReasonCode.POPULAR_IN_CATEGORY,
    ReasonCode.YOUR_CATEGORY,
    ReasonCode.NEW_IN_CATEGORY,
)

_DAYS_PER_WEEK = 7
_DAYS_PER_MONTH = 30.44
_WEEKS_FROM_DAYS = 14
_MONTHS_FROM_DAYS = 60


def reason_text(
    reason: Reason, language: Language, catalogue: Catalogue, now: int, here: str | None = None
) -> str:
    """Why a product stands on a shelf.

    now  : microseconds since 1970 UTC, on the shop's clock
    here : id of the product whose page the shelf is on; it is called "this product"
    """
    key = f"reason.{reason.code.replace('-', '_')}"
    if reason.code == ReasonCode.BOUGHT_BEFORE:
        ago = days_ago(language, now, reason.last_ts or now)
        return language.count(key, reason.times or 1, ago=ago)
    if reason.code == ReasonCode.POPULAR:
        return (
            language.count(key, reason.shoppers)
            if reason.shoppers
            else language.text(f"{key}.plain")
        )
    if reason.code == ReasonCode.NEAR_QUERY:
        return language.text(key)
    if reason.code == ReasonCode.ALSO_HERE and reason.category is None:
        return language.text(f"{key}.plain")
    if reason.code == ReasonCode.ALSO_HERE:
        key = f"{key}.category"
    if reason.code in (*_OF_CATEGORIES, ReasonCode.ALSO_HERE):
        return language.text(key, name=(reason.category or "").rpartition(PATH_SEPARATOR)[2])
    if reason.item == here and here is not None:
        return language.text(f"{key}.this")
    title = _title(catalogue, reason.item)
    return (
        language.text(f"{key}.gone") if title is None else language.text(f"{key}.item", title=title)
    )


def honest(reason: Reason, language: Language) -> str:
    """What a product was chosen by, and what did not count."""
    return language.text(f"why.{reason.code.replace('-', '_')}")


def _title(catalogue: Catalogue, item_id: str | None) -> str | None:
    """The title of a product that is still sold."""
    row = None if item_id is None else catalogue.row(item_id)
    return None if row is None else str(catalogue.item(row)[TITLE])


def days_ago(language: Language, now: int, then: int) -> str:
    """How long ago something was, in the largest unit that says it well."""
    days = max(0, now - then) / MICROSECONDS_PER_DAY
    if days < 1:
        return language.text("ago.today")
    if days < _WEEKS_FROM_DAYS:
        return language.count("ago.days", int(days))
    if days < _MONTHS_FROM_DAYS:
        return language.count("ago.weeks", int(days / _DAYS_PER_WEEK))
    return language.count("ago.months", int(days / _DAYS_PER_MONTH))
