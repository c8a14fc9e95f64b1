"""Consent respected in what is imported: rows that may not be kept are left out, and those that
may only be kept without who it was lose that."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.errors import BadInput
from mercato.data import casts
from mercato.data.importers.consent import ALL, CONSENT, Consent, read_consent, written_consent
from mercato.data.importers.raw import RawBatch, Refusal
from mercato.data.pseudonyms import Pseudonyms
from mercato.data.rows import row_json

WITHHELD = "no consent to analytics"
"""Under which rows that may not be kept are counted."""

_TELLING = (c.USER_ID, c.VISITOR_ID, c.SESSION_ID, c.QUERY_ID, c.ATTRIBUTES)
"""Columns that name a shopper, the answer that was given to them, or anything at all."""

_NOBODYS = tuple(name for name in c.EVENT_COLUMNS if name not in _TELLING)
"""What is left of an event that may only be kept without who it was; whatever else a source says
goes."""


def agreed(
    batch: RawBatch, mapping: Mapping[str, str], unlinked: Callable[[], Pseudonyms]
) -> RawBatch:
    """Rows of the asset ``events`` as they may be kept, without what they say of consent.

    mapping : our column → the source's
    unlinked : see `mercato.data.pseudonyms.unlinked_of`; only asked where somebody denied
    """
    name = mapping.get(CONSENT, CONSENT)
    if name not in batch.columns:
        return batch
    columns = {each: column for each, column in batch.columns.items() if each != name}
    said = _said(batch.columns[name])
    if all(each == ALL for each in said):
        return replace(batch, columns=columns)
    rest, named = batch.rest, [_names(each) for each in said]
    if not all(named):
        columns = _nobodys(columns, mapping, named, unlinked())
        rest = None if rest is None else _only(rest, named)
    kept = pa.array([_keeps(each) for each in said], pa.bool_())
    withheld = sum(isinstance(each, Consent) and not each.analytics for each in said)
    return replace(
        batch,
        lines=batch.lines.filter(kept),
        columns={each: column.filter(kept) for each, column in columns.items()},
        rest=None if rest is None else rest.filter(kept),
        refusals=batch.refusals + _unread(batch, name, said),
        left_out={**batch.left_out, WITHHELD: withheld} if withheld else batch.left_out,
    )


def _said(column: pa.Array) -> list[Consent | None]:
    """(n,) what each row says; None where nobody understands it."""
    known: dict[str | None, Consent | None] = {None: ALL}
    found = []
    for value in column.to_pylist():
        text = value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
        if text not in known:
            known[text] = _read(text)
        found.append(known[text])
    return found


def _read(text: str | None) -> Consent | None:
    try:
        return read_consent(written_consent(text or ""))
    except BadInput:
        return None


def _keeps(said: Consent | None) -> bool:
    return said is not None and said.analytics


def _names(said: Consent | None) -> bool:
    return said is None or said.personalization


def _nobodys(
    columns: Mapping[str, pa.Array], mapping: Mapping[str, str], named: list[bool], ids: Pseudonyms
) -> dict[str, pa.Array]:
    """Columns of a batch, and in those rows that are not ``named`` only what is left of them. Their
    orders keep apart, and events that are imported again are known again."""
    left = {mapping.get(each, each) for each in _NOBODYS}
    found = {name: each if name in left else _only(each, named) for name, each in columns.items()}
    for ours, change in ((c.TRANSACTION_ID, ids.of), (c.EVENT_ID, ids.event_id)):
        name = mapping.get(ours, ours)
        if name in found:
            told = zip(casts.text(found[name]).to_pylist(), named, strict=True)
            changed = [each if keeps or each is None else change(each) for each, keeps in told]
            found[name] = pa.array(changed, pa.string())
    return found


def _only(column: pa.Array, where: list[bool]) -> pa.Array:
    return pc.if_else(pa.array(where, pa.bool_()), column, pa.scalar(None, column.type))


def _unread(batch: RawBatch, name: str, said: list[Consent | None]) -> tuple[Refusal, ...]:
    written = dict(batch.columns)
    if batch.rest is not None:
        written["…"] = batch.rest
    return tuple(
        Refusal(
            line=batch.lines[row].as_py(),
            check="consent-readable",
            column=CONSENT,
            value=str(batch.columns[name][row].as_py())[:200],
            row=row_json(written, row),
            level="columns",
        )
        for row, each in enumerate(said)
        if each is None
    )
