"""Times that name no zone, in the zone that the shop says."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.errors import BadInput
from mercato.data.casts import is_text, text
from mercato.data.checks import Rows
from mercato.data.cleaning.step import Cleaning, CleaningContext, Outcome

_HAS_ZONE = (
    r":\d{2}[\d.,]* ?(?:[AaPp]\.?[Mm]\.? ?)?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
    r"|^\d{8}T?\d{6}(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$"
)
_IS_EPOCH = r"^[+-]?\d{1,7}$|^[+-]?(?:\d{9,13}|\d{15,})$|^[+-]?\d+\.\d+$"
"""Not of 8 or 14 digits: those are dates. Epochs count from midnight UTC."""


def local_times(column: str) -> Cleaning:
    """Declared behind what reads dates: it moves times that were read as if in UTC."""

    def apply(rows: Rows, context: CleaningContext) -> Outcome | None:
        written, read = rows.raw.get(column), rows.typed[column]
        if context.timezone == "UTC" or written is None:
            return None
        local = _without_zone(written)
        wall = pc.if_else(local, read, pa.scalar(None, read.type)).cast(pa.timestamp("us"))
        if wall.null_count == len(wall):
            return None
        return Outcome({column: pc.coalesce(moments_in(wall, context.timezone), read)})

    return Cleaning(
        "time-zone",
        (column,),
        "Times that name no zone are taken to be in `[imports] timezone`. An hour that the clocks "
        "went through twice is the first of the two; one that they left out counts on from before "
        "the change (RFC 5545 §3.3.5).",
        apply,
    )


def odd_hours(column: str) -> Cleaning:
    """Declared behind `local_times`; only counts."""

    def apply(rows: Rows, context: CleaningContext) -> Outcome | None:
        written, read = rows.raw.get(column), rows.typed[column]
        if context.timezone == "UTC" or written is None:
            return None
        wall = pc.local_timestamp(pc.cast(read, pa.timestamp("us", context.timezone)))
        twice = pc.not_equal(
            pc.assume_timezone(wall, context.timezone, ambiguous="earliest"),
            pc.assume_timezone(wall, context.timezone, ambiguous="latest"),
        )
        noted = pc.fill_null(pc.and_(_without_zone(written), twice), False)
        return Outcome({}, noted=noted) if noted.true_count else None

    return Cleaning(
        "time-twice",
        (column,),
        "Times without a zone in the hour that the clocks go through twice are counted.",
        apply,
    )


def _without_zone(written: pa.Array) -> pa.BooleanArray:
    if is_text(written.type):
        zoned = pc.match_substring_regex(text(written), f"{_HAS_ZONE}|{_IS_EPOCH}")
        return pc.fill_null(pc.invert(zoned), False)
    naive = pa.types.is_date(written.type) or (
        pa.types.is_timestamp(written.type) and written.type.tz is None
    )
    return pc.and_(pc.is_valid(written), naive)


def moments_in(wall: pa.TimestampArray, timezone: str) -> pa.TimestampArray:
    """timestamp[us, UTC] of (n,) times on the clocks of ``timezone``."""
    found = pc.assume_timezone(wall, timezone, ambiguous="earliest", nonexistent="earliest")
    # Where the clocks left an hour out, `found` is the last moment before: its offset still holds.
    offset = pc.subtract(
        pc.local_timestamp(found), found.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    )
    return pc.subtract(wall, offset).cast(pa.timestamp("us", "UTC"))


def check_timezone(name: str) -> str:
    """Raises BadInput where the name is no IANA zone that this machine knows."""
    try:
        ZoneInfo(name)
        moments_in(pa.array([0], pa.timestamp("us")), name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            "imports.timezone as an IANA zone such as Europe/Berlin",
            repr(name),
            "Mend shop.toml; where the machine knows no zones: apt install tzdata.",
        ) from None
    return name
