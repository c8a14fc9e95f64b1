"""Suggestions while a shopper types, for the small script."""

from mercato.shop.suggest import suggest as complete
from mercato.web.asked import Ask, Data

_MOST = 5


def suggest(ask: Ask) -> Data:
    """``GET /suggest?q=``"""
    return Data(
        complete(
            ask.shop,
            ask.query.get("q", ""),
            _MOST,
            user_id=ask.visit.ids.user_id,
            visitor_id=ask.visit.ids.visitor_id,
        )
    )
