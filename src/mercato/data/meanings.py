"""What each column of an asset means, in words; a column means the same wherever it stands."""

from collections.abc import Mapping

from mercato.core import columns as c
from mercato.data.assets import users
from mercato.data.shoppers import SHOPPER_ID

_ITEMS = {
    c.ID: "The shop's id of the product; the same for ever.",
    c.TITLE: "The product's name, as shoppers read it.",
    c.DESCRIPTION: "What the product is, in sentences.",
    c.LINK: "Address of the product's page.",
    c.IMAGE_LINK: "Address of the product's picture.",
    c.AVAILABILITY: "in_stock, out_of_stock, preorder or backorder.",
    c.SALE_PRICE: "What is paid while a sale lasts, in the major unit of currency.",
    c.BRAND: "Who makes it, or whose name it bears.",
    c.GTIN: "Global Trade Item Number: the bar code.",
    c.PRODUCT_TYPE: "Category path, its levels apart by ' > '.",
    c.ITEM_GROUP_ID: "Shared by variants of one product, which show as one card.",
    c.COLOR: "Colour.",
    c.SIZE: "Size or content.",
    c.MATERIAL: "What it is made of.",
    c.STORE_ID: "The branch that sells it.",
    c.LANGUAGE: "Language of title and description.",
    c.CREATED_AT: "When the product came into the shop.",
}

_EVENTS = {
    c.EVENT_ID: "One thing that happened; with line it tells an event line from all others.",
    c.LINE: "Place of the line in its event, from 0.",
    c.TS: "When it happened.",
    c.EVENT: "What was done, by GA4's names.",
    c.USER_ID: "The shopper's account.",
    c.VISITOR_ID: "The shopper's browser.",
    c.SESSION_ID: "One visit.",
    c.QUANTITY: "Pieces.",
    c.VALUE: "What the line is worth, in the major unit of currency.",
    c.SEARCH_TERM: "What the shopper searched for.",
    c.QUERY_ID: "The answer in which the item was shown.",
    c.PLACEMENT: "The shelf on which it was shown.",
    c.POSITION: "Its place there, from 1.",
    c.COUPON: "Code of a coupon that was used.",
    c.TRANSACTION_ID: "The order.",
    c.CHANNEL: "Where: web, app, store.",
}

_BOTH = {
    c.ITEM_ID: "The product.",
    c.PRICE: "Price of one piece, in the major unit of currency.",
    c.CURRENCY: "ISO 4217 code of the amounts.",
    c.ATTRIBUTES: "Everything else that the source said, a JSON object.",
}

_ANSWERS = {
    "kind": "search or shelf.",
    "request": "What was asked, a JSON object.",
    "release": "Number of the release that answered.",
    "variant": "Variant of an experiment.",
    "item_ids": "What was shown, best first.",
    "positions": "Place of each item, from 1 over all pages.",
    "scores": "Score of each item, higher is better.",
    "propensities": "How likely each item was to get its place.",
}

_IMPORTS = {
    "source": "The file in which the row stood.",
    "source_line": "The line of that file, from 1.",
    "source_id": "Key of one file's content, as rows carry it in __source.",
    "source_sha256": "Checksum of the file's bytes.",
    "sha256": "Checksum of the file's bytes.",
    "path": "Where the file lay.",
    "lines_in": "The file of a folder whose lines are counted.",
    "bytes": "Size of the file.",
    "format": "The dialect as which it was read.",
    "reading": "How it was read, a JSON object.",
    "rows": "Rows that were read.",
    "imported_at": "When it was imported.",
    "asset": "The asset that it was meant for.",
    "check": "The check that failed.",
    "column": "The column that failed it.",
    "value": "What stood there.",
    "row": "The whole row as it was written, a JSON object.",
}

_DERIVED = {
    SHOPPER_ID: "The user; for a guest, visitor: and the visitor's id.",
    "first_ts": "The first event's time.",
    "last_ts": "The last event's time.",
    "lines": "Event lines.",
    "items": "Different products.",
    "purchases": "Purchases.",
    "revenue": "Sum of what was paid.",
    "impressions": "Times shown.",
    "clicks": "Times clicked.",
    "views": "Times looked at.",
    "carts": "Times put into a basket.",
    "shoppers": "Different shoppers.",
    "click_rate": "Share of impressions that led to a click, smoothed.",
    "purchase_rate": "Share of views that led to a purchase, smoothed.",
    "price_band": "Place among the prices of its category, from the cheapest.",
    "other_id": "The other product of the pair.",
    "together": "Baskets with both.",
    "lift": "How many times as often as by chance.",
    "score": "Cosine over baskets.",
    "rank": "Place, from 1.",
    "category": "Category path; empty for everything.",
    "period": "Days before the newest event that are counted.",
    "query": "What is searched for.",
    "text": "The query folded: what spellings of it share.",
    "searches": "Times searched for.",
    "recent_searches": "Times searched for, older ones counting less.",
    "zero_share": "Share of the searches that found nothing.",
    "next_query": "What was searched for instead.",
    "empty": "Times the first query had found nothing.",
    "shown": "Times shown at that place.",
    "clicked": "Times clicked there.",
    "carted": "Times put into a basket from there.",
    "bought": "Times bought after it was shown there.",
    "list": "Why it is worth a look: top, empty, unclicked or reworded.",
    "place": "Place in its list, from 1.",
    "next_sessions": "Visits in which that was searched for instead.",
    "day": "The day, UTC.",
    "empty_searches": "Searches that found nothing.",
    "clicked_searches": "Searches of which a product was clicked.",
    "shelves": "Shelves that were answered.",
    "search_clicks": "Clicks on what a search showed.",
    "shelf_clicks": "Clicks on what a shelf showed.",
    "orders": "Purchases, whatever number of products they hold.",
    "search_revenue": "Of the revenue, what shoppers came to from a search.",
    "shelf_revenue": "Of the revenue, what shoppers came to from a shelf.",
    "cohort": "First day of the month of the first purchase, UTC.",
    "months": "Months since then; 0 is that month itself.",
    "came": "Shoppers of whom anything is known on that day.",
    "looked": "Shoppers who came at least to a product.",
    "outcome": "What an experiment can be about.",
    "numerator_mean": "Mean over shoppers of what the outcome divides, as their clicked answers.",
    "denominator_mean": "Mean of what it is divided by, as their answers; 1 of one that is a mean.",
    "numerator_variance": "How much shoppers differ in what the outcome divides.",
    "denominator_variance": "How much they differ in what it is divided by.",
    "covariance": "Of the two.",
    "grade": "How well the product fits the query, higher is better.",
}

_FOUND = {
    "flag": "What is odd, by the name of its rule.",
    "bound": "The bound that it is beyond.",
    "similarity": "How alike the two texts are, from 0 to 1.",
    "probability": "How sure the language is.",
    "lacks": "What the product's row should say and does not.",
    "version": "The version of the asset that the import made.",
    "profile": "What its rows looked like, a JSON object.",
    "alarms": "What it changed that no row by itself shows, JSON.",
}

MEANINGS: Mapping[str, str] = _FOUND | _DERIVED | _IMPORTS | _ANSWERS | _BOTH | _EVENTS | _ITEMS
"""Column → its meaning."""

_OF_ASSET: Mapping[tuple[str, str], str] = {
    ("quarantine", c.VALUE): _IMPORTS["value"],
    ("reformulations", "sessions"): "Visits in which the second followed the first.",
    ("daily_funnel", "carted"): "Shoppers who came at least to the basket.",
    ("daily_funnel", "bought"): "Shoppers who bought.",
    ("cohorts", "shoppers"): "Shoppers of the cohort who bought in that month.",
    ("outcome_baselines", "shoppers"): "Shoppers who were seen at all in the 28 days.",
    ("sessions", "events"): "Events of the visit.",
    ("histories", "events"): "What the shopper did, oldest first.",
    ("search_histories", "searches"): "What the shopper searched for, oldest first.",
    **{("users", each.name): each.english for each in users.COLUMNS},
}
"""(asset, column) → its meaning, where the name alone does not tell."""


def meaning(asset: str, column: str) -> str:
    """The column's meaning; empty where nobody wrote it down."""
    return _OF_ASSET.get((asset, column)) or MEANINGS.get(column, "")
