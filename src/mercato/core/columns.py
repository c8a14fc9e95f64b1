"""Names of columns and of events, spelled once.

Items take the names of the Google Merchant feed
(https://support.google.com/merchants/answer/7052112), events those of GA4
(https://developers.google.com/analytics/devguides/collection/ga4/reference/events).
"""

from enum import StrEnum

ID = "id"
TITLE = "title"
DESCRIPTION = "description"
LINK = "link"
IMAGE_LINK = "image_link"
AVAILABILITY = "availability"
PRICE = "price"
SALE_PRICE = "sale_price"
CURRENCY = "currency"
BRAND = "brand"
GTIN = "gtin"
PRODUCT_TYPE = "product_type"
ITEM_GROUP_ID = "item_group_id"
COLOR = "color"
SIZE = "size"
MATERIAL = "material"
STORE_ID = "store_id"
LANGUAGE = "language"
CREATED_AT = "created_at"
ATTRIBUTES = "attributes"

ITEM_TEXT = (
    ID,
    TITLE,
    DESCRIPTION,
    LINK,
    IMAGE_LINK,
    AVAILABILITY,
    CURRENCY,
    BRAND,
    GTIN,
    PRODUCT_TYPE,
    ITEM_GROUP_ID,
    COLOR,
    SIZE,
    MATERIAL,
    STORE_ID,
    LANGUAGE,
)
"""Item columns that hold text."""

ITEM_NUMBERS = (PRICE, SALE_PRICE)
"""Item columns that hold an amount in the major unit of ``currency``."""

ITEM_COLUMNS = (*ITEM_TEXT, *ITEM_NUMBERS, CREATED_AT, ATTRIBUTES)

PATH_SEPARATOR = " > "
"""Between the levels of a ``product_type``, as in ``Dairy > Cheese > Cheddar``."""

EVENT_ID = "event_id"
LINE = "line"
TS = "ts"
EVENT = "event"
USER_ID = "user_id"
VISITOR_ID = "visitor_id"
SESSION_ID = "session_id"
ITEM_ID = "item_id"
QUANTITY = "quantity"
VALUE = "value"
SEARCH_TERM = "search_term"
QUERY_ID = "query_id"
PLACEMENT = "placement"
POSITION = "position"
COUPON = "coupon"
TRANSACTION_ID = "transaction_id"
CHANNEL = "channel"

EVENT_COLUMNS = (
    EVENT_ID,
    LINE,
    TS,
    EVENT,
    USER_ID,
    VISITOR_ID,
    SESSION_ID,
    ITEM_ID,
    QUANTITY,
    PRICE,
    CURRENCY,
    VALUE,
    SEARCH_TERM,
    QUERY_ID,
    PLACEMENT,
    POSITION,
    COUPON,
    TRANSACTION_ID,
    CHANNEL,
    ATTRIBUTES,
)

QUERY = "query"
GRADE = "grade"


class Availability(StrEnum):
    """Accepted values of ``availability`` (Merchant feed)."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"


class Event(StrEnum):
    """Accepted values of ``event``: GA4's names, and three that GA4 lacks. Releases hold their
    places in this order: new ones come last."""

    VIEW_ITEM_LIST = "view_item_list"
    SELECT_ITEM = "select_item"
    VIEW_ITEM = "view_item"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    ADD_TO_WISHLIST = "add_to_wishlist"
    PURCHASE = "purchase"
    REFUND = "refund"
    SEARCH = "search"
    VIEW_SEARCH_RESULTS = "view_search_results"
    VIEW_PROMOTION = "view_promotion"
    SELECT_PROMOTION = "select_promotion"
    RATE = "rate"
    REVIEW = "review"
    DISMISS = "dismiss"
    LOGIN = "login"
    """A visitor turns out to be a user."""


class Placement(StrEnum):
    """Where a shelf is shown."""

    HOME = "home"
    """What the shopper never bought and may like."""
    BUY_AGAIN = "buy-again"
    """What the shopper buys repeatedly."""
    ITEM_SIMILAR = "item-similar"
    """What may stand in for the item shown: substitutes."""
    ITEM_TOGETHER = "item-together"
    """What the item shown is bought with: complements."""
    CART = "cart"
    """What completes the basket."""
    CATEGORY = "category"
    """The best of a category for this shopper."""
    STORE = "store"
    """The best of what one store sells for this shopper."""
    ZERO_RESULTS = "zero-results"
    """In place of a search that found nothing."""
    EMAIL = "email"
    """What a letter to the shopper shows: repeats and new things."""
