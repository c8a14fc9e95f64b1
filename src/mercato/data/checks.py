"""What a row must be to be accepted, declared as values and run over whole batches."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Rows:
    """A batch on its way in, before and after its columns were cast; all of one length."""

    raw: Mapping[str, pa.Array]
    typed: pa.RecordBatch

    def raw_text(self, column: str, row: int) -> str | None:
        """What the source wrote, for the quarantine."""
        source = self.raw.get(column)
        found = None if source is None else source[row].as_py()
        return None if found is None else str(found)


Fails = Callable[[Rows], pa.BooleanArray | None]


@dataclass(frozen=True)
class Check:
    """One expectation of one column, or of the row where ``column`` is None.

    fails : gives a boolean per row, true (never null) where the row fails, or None where no row
            does; is None itself for checks that are run where more than a batch is known
    """

    name: str
    column: str | None
    expected: str
    remedy: str
    fails: Fails | None = None


def required(column: str, remedy: str) -> Check:
    """The column must have a value."""

    def fails(rows: Rows) -> pa.BooleanArray | None:
        values = rows.typed[column]
        return pc.is_null(values) if values.null_count else None

    return Check(f"{column}-required", column, f"a value of {column}", remedy, fails)


def readable(column: str, expected: str, remedy: str) -> Check:
    """What was written must have been understood by the column's cast."""

    def fails(rows: Rows) -> pa.BooleanArray | None:
        raw, values = rows.raw.get(column), rows.typed[column]
        if raw is None or raw.null_count == values.null_count:
            return None
        return pc.and_(pc.is_valid(raw), pc.is_null(values))

    return Check(f"{column}-readable", column, expected, remedy, fails)


def not_negative(column: str, remedy: str) -> Check:
    return Check(
        f"{column}-not-negative",
        column,
        f"{column} of at least 0",
        remedy,
        _on_values(column, lambda values: pc.less(values, 0)),
    )


def accepted(column: str, values: Collection[str], expected: str, remedy: str) -> Check:
    """The value, where there is one, must be one of ``values``."""
    known = pa.array(sorted(values), pa.string())
    return Check(
        f"{column}-accepted",
        column,
        expected,
        remedy,
        _on_values(column, lambda values: pc.invert(pc.is_in(values, value_set=known))),
    )


_WEB_ADDRESS = r"(?i)^https?://\S|^[^:/?#\x00-\x20][^:/?#]*([/?#]|$)|^[/?#]"
"""An http(s) address, or one within the shop: what stands before a colon would be a scheme, and
``javascript:`` and ``data:`` are schemes that run (RFC 3986, 4.2)."""


def web_address(column: str) -> Check:
    """The value, where there is one, must be an address that a page may safely link to."""
    return Check(
        f"{column}-address",
        column,
        "an http:// or https:// address, or a path within the shop",
        "Write the whole address of the page or picture.",
        _on_values(
            column, lambda values: pc.invert(pc.match_substring_regex(values, _WEB_ADDRESS))
        ),
    )


def at_most_long(column: str, most: int) -> Check:
    """Texts that are used as keys must not be longer than ``most`` characters."""
    return Check(
        f"{column}-length",
        column,
        f"{column} of at most {most} characters",
        "Shorten it at its source.",
        _on_values(column, lambda values: pc.greater(pc.utf8_length(values), most)),
    )


def _on_values(column: str, test: Callable[[pa.Array], pa.BooleanArray]) -> Fails:
    """Rows fail where they have a value and ``test`` is true of it."""

    def fails(rows: Rows) -> pa.BooleanArray | None:
        values = rows.typed[column]
        if values.null_count == len(values):
            return None
        failed = test(values)
        return pc.and_(failed, pc.is_valid(values)) if values.null_count else failed

    return fails


def unique(keys: tuple[str, ...], remedy: str) -> Check:
    """Two rows of one import must not share ``keys`` and say different things."""
    expected = f"each {' and '.join(keys)} once"
    return Check(unique_check_name(keys), keys[0], expected, remedy)


def unique_check_name(keys: tuple[str, ...]) -> str:
    return f"{'-'.join(keys)}-unique"


_NOT_HERE = pa.scalar(None, pa.int32())

ROW_CHECKS = (
    Check(
        "row-shape", None, "as many fields as the header has", "Quote fields that hold delimiters."
    ),
    Check("row-header", None, "the header once", "Take it out between joined files."),
    Check(
        "row-quotes",
        None,
        "quotes around whole fields, doubled within them",
        'Write "2"" nail" for 2" nail.',
    ),
    Check(
        "text-utf8",
        None,
        "text in UTF-8",
        "Save the file as UTF-8, or name its encoding, as in --encoding cp1252.",
    ),
    Check("text-nul", None, "text without zero signs", "Take them out at the source."),
    Check("row-json", None, "one JSON object a line", "Mend the line."),
    Check("row-object", None, "a JSON object", "Write each row as an object."),
    Check("items-list", None, "items as a list of objects", "Write each line as an object."),
    Check("row-size", None, "a row of at most 16 MiB", "Shorten its texts at their source."),
    Check("row-depth", None, "at most 64 levels of objects", "Write each product flat."),
    Check(
        "product-rows",
        None,
        "the rows of a product one behind the other, at most 10,000, the first with its title",
        "Export the product again, or write its title and handle into its first row.",
    ),
    Check("params-object", None, "parameters as an object", "Write them as GA4 does."),
    Check("record-object", None, "an object where the log's format has one", "Mend the record."),
    Check("lists-match", None, "lists about the same products, equally long", "Mend the lists."),
    Check(
        "consent-readable",
        None,
        "consent as true, false or an object of granted and denied",
        'Write {"analytics": true, "personalization": false}.',
    ),
)
"""What readers of files expect before there are columns."""


def first_failures(rows: Rows, checks: Collection[Check]) -> pa.Int32Array:
    """For each row the position of the first check that it fails; null where it passes all."""
    first = pa.nulls(rows.typed.num_rows, pa.int32())
    for position, check in enumerate(checks):
        failed = check.fails(rows) if check.fails else None
        if failed is not None and failed.true_count:
            here = pc.if_else(failed, pa.scalar(position, pa.int32()), _NOT_HERE)
            first = pc.coalesce(first, here)
    return first
