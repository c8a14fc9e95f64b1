"""Where a merchandising rule leads a shopper, instead of to the results."""

from urllib.parse import urlencode, urlsplit

from starlette.datastructures import QueryParams

from mercato.web.links import Listing

_LED = "led"
"""A parameter of an address that a rule has led to: from there nobody is led on, so that rules
cannot send a browser round and round."""

_LISTINGS = ("/search", "/browse")


def leads_to(redirect: str | None, listing: Listing, *, led: bool) -> str | None:
    """The address to go to; None where the shopper stays, as one does who narrows the results."""
    plain = listing.page == 1 and not listing.narrowed and not listing.sort
    if redirect is None or led or not plain:
        return None
    parts = urlsplit(redirect)
    if parts.netloc or parts.path not in _LISTINGS:
        return redirect
    query = f"{parts.query}&" if parts.query else ""
    return parts._replace(query=query + urlencode({_LED: 1})).geturl()


def was_led(query: QueryParams) -> bool:
    """Whether an address's parameters say that a rule led there."""
    return _LED in query
