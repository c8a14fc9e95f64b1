"""A banner that was clicked: told, and followed to where it leads."""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote, urlencode
from uuid import NAMESPACE_URL, uuid5

from mercato.core.columns import Event
from mercato.core.errors import NotFound
from mercato.ranking.rules.actions import Banner
from mercato.shop.banners import banner_of
from mercato.web.asked import Ask, Page
from mercato.web.cards import QUERY_ID
from mercato.web.events import sent


@dataclass(frozen=True)
class BannerPage:
    """For those who are not led on by themselves. link : where the banner leads"""

    template: ClassVar[str] = "banner.html"
    title: str
    text: str
    link: str


def banner_path(banner: Banner, query_id: str) -> str:
    """Where a click on a banner of an answer goes."""
    return f"/banner/{quote(banner.id, safe=':')}?{urlencode({'query_id': query_id})}"


def banner(ask: Ask) -> Page:
    banner_id = ask.path_params["banner_id"]
    found = banner_of(ask.shop, banner_id)
    if found is None or not found.link:
        raise NotFound("a banner that leads somewhere", repr(banner_id), "Search again.")
    context = BannerPage(found.title, found.text, found.link)
    query_id = ask.query.get("query_id", "")
    if not QUERY_ID.fullmatch(query_id):
        return Page(context, leads_to=found.link)
    # Once for an answer, however often it is clicked.
    clicked = uuid5(NAMESPACE_URL, f"{ask.visit.visitor_id}/{query_id}/{banner_id}").hex
    event = sent(
        ask.visit,
        Event.SELECT_PROMOTION,
        event_id=clicked,
        query_id=query_id,
        promotion_id=banner_id,
        promotion_name=found.title,
        creative_slot=found.slot or None,
    )
    return Page(context, (event,), leads_to=found.link)
