"""What shoppers did, one row an event line."""

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.data.asset import Asset
from mercato.data.casts import MOMENT, amounts, json_objects, spaced, text
from mercato.data.checks import accepted, at_most_long, not_negative, readable, required, unique
from mercato.data.cleaning.characters import composed, control_characters
from mercato.data.cleaning.currencies import converted_currency, foreign_currency
from mercato.data.cleaning.dates import other_dates
from mercato.data.cleaning.missing import missing_words
from mercato.data.cleaning.spaces import single_spaces
from mercato.data.cleaning.zones import local_times, odd_hours
from mercato.data.currencies import CURRENCIES
from mercato.data.labels import Masking, Sensitivity

_TYPES = {
    c.LINE: pa.int32(),
    c.TS: MOMENT,
    c.QUANTITY: pa.float64(),
    c.PRICE: pa.float64(),
    c.VALUE: pa.float64(),
    c.POSITION: pa.int32(),
}

SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in c.EVENT_COLUMNS])

_TEXT = tuple(
    name for name in c.EVENT_COLUMNS if name not in _TYPES and name not in (c.EVENT, c.ATTRIBUTES)
)
_SAID_BY_SHOPPERS = (c.EVENT_ID, c.EVENT, c.SEARCH_TERM, c.ATTRIBUTES)
"""Where a word such as ``none`` may be meant."""

LONGEST_ID = 512
"""Characters of any id of an event."""


def event_name(raw: pa.Array) -> pa.Array:
    """GA4's spelling: ``Add To Cart`` is ``add_to_cart``."""
    distinct = text(raw).dictionary_encode()
    names = [spaced(each) for each in distinct.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(distinct.indices)


EVENTS = Asset(
    name="events",
    description="What shoppers did, under GA4's names; one row an event line.",
    owner="shop",
    schema=SCHEMA,
    keys=(c.EVENT_ID, c.LINE),
    sensitivity=Sensitivity.PERSONAL,
    personal={
        # A purchase's event is often named after its order, and the order leads to a person.
        c.EVENT_ID: Masking.PSEUDONYM,
        c.TRANSACTION_ID: Masking.PSEUDONYM,
        c.USER_ID: Masking.PSEUDONYM,
        c.VISITOR_ID: Masking.PSEUDONYM,
        c.SESSION_ID: Masking.PSEUDONYM,
        # What people search for names them (Barbaro and Zeller, A Face Is Exposed for AOL
        # Searcher No. 4417749, New York Times, 9 August 2006).
        c.SEARCH_TERM: Masking.DROPPED,
        c.ATTRIBUTES: Masking.DROPPED,
    },
    traced=True,
    casts={
        c.EVENT: event_name,
        c.CURRENCY: lambda raw: pc.utf8_upper(text(raw)),
        c.PRICE: amounts,
        c.VALUE: amounts,
        c.ATTRIBUTES: json_objects,
    },
    cleaning=(
        missing_words([name for name in c.EVENT_COLUMNS if name not in _SAID_BY_SHOPPERS]),
        control_characters(_TEXT),
        composed((c.SEARCH_TERM, c.PLACEMENT, c.COUPON, c.CHANNEL)),
        single_spaces((c.SEARCH_TERM,)),
        converted_currency((c.PRICE, c.VALUE)),
        foreign_currency(),
        other_dates(c.TS),
        local_times(c.TS),
        odd_hours(c.TS),
    ),
    checks=(
        readable(
            c.TS,
            "a time such as 2026-05-01T12:00:00Z or an epoch",
            "Write it as ISO 8601 or as an epoch, or name its form with --date-format.",
        ),
        required(c.TS, "Say when the event happened."),
        required(c.EVENT, "Name the event, for example purchase."),
        accepted(
            c.EVENT,
            list(Event),
            "one of " + ", ".join(Event),
            "Map the shop's own event names to these.",
        ),
        readable(c.LINE, "a whole number from 0", "Count the lines of an event from 0."),
        not_negative(c.LINE, "Count the lines of an event from 0."),
        at_most_long(c.EVENT_ID, LONGEST_ID),
        at_most_long(c.USER_ID, LONGEST_ID),
        at_most_long(c.VISITOR_ID, LONGEST_ID),
        at_most_long(c.ITEM_ID, LONGEST_ID),
        readable(c.QUANTITY, "a number of pieces", "Write the quantity as a number."),
        not_negative(c.QUANTITY, "Log what comes back as a refund."),
        readable(c.PRICE, "an amount such as 15.00", "Write the price as a number."),
        not_negative(c.PRICE, "Log what comes back as a refund."),
        readable(c.VALUE, "an amount such as 15.00", "Write the value as a number."),
        readable(c.POSITION, "a whole number", "Write the position as a whole number."),
        not_negative(c.POSITION, "Count positions from 1."),
        accepted(
            c.CURRENCY, CURRENCIES, "an ISO 4217 code such as USD", "Write the currency's code."
        ),
        readable(c.ATTRIBUTES, "a JSON object", 'Write it as {"name": "value"}.'),
        unique((c.EVENT_ID, c.LINE), "Number the lines of an event."),
    ),
)
