"""Change items while the shop is open: checked like an import, durable, visible at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from mercato.catalogue.documents import canonical, patched
from mercato.catalogue.texts import item_text
from mercato.catalogue.vectors import quantise
from mercato.core import columns as c
from mercato.core.changes import Change, ItemChange
from mercato.core.errors import BadInput, MercatoError, NotFound
from mercato.data.assets.items import ITEMS
from mercato.data.cleaning.contexts import cleaning_context
from mercato.data.cleaning.step import CleaningContext
from mercato.data.importers.json_files import batch_of
from mercato.data.importers.raw import Refusal
from mercato.data.rows import Conversion, checked
from mercato.shop.opened import Live, Shop

_COLUMNS = frozenset(c.ITEM_COLUMNS)

MOST_ENCODED_AT_ONCE = 32
"""Texts of one call that are encoded before it is answered, some 50 ms. Of more, the items are
found by words, filters and facets at once, and by meaning once `shop.encoding` has come to them."""


@dataclass(frozen=True)
class Operation:
    """One change that is asked for. ``item`` is the whole item, or the fields to patch."""

    op: Literal["put", "patch", "delete"]
    id: str
    item: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of one operation: the change's ``seq``, or why it was refused."""

    id: str
    seq: int | None
    error: MercatoError | None = None


def change(shop: Shop, operation: Operation) -> int:
    """Do one operation and return the change's ``seq``.

    Raises NotFound for a patch or a deletion of an item that is not there, BadInput for fields
    that fail the checks of an import.
    """
    outcome = change_many(shop, [operation])[0]
    if outcome.error is not None:
        raise outcome.error
    assert outcome.seq is not None
    return outcome.seq


def change_many(shop: Shop, operations: Sequence[Operation]) -> list[Outcome]:
    """Do what can be done, in order; one outcome for each operation.

    What is accepted is durable and visible on this worker when this returns, on all others within
    a second.
    """
    return [outcome for run in _runs(operations) for outcome in _change_run(shop, run)]


def _runs(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Stretches in which no item comes twice, so that each sees the item as the last left it."""
    run: dict[str, Operation] = {}
    for operation in operations:
        if operation.id in run:
            yield list(run.values())
            run = {}
        run[operation.id] = operation
    if run:
        yield list(run.values())


def _change_run(shop: Shop, operations: Sequence[Operation]) -> list[Outcome]:
    planned = _Plan(shop.live, cleaning_context(shop.settings)).of(operations)
    changes = [each for each in planned if isinstance(each, ItemChange)]
    seqs = iter(shop.state.items.append(changes).result() if changes else ())
    shop.refresh()
    return [
        Outcome(operation.id, next(seqs))
        if isinstance(each, ItemChange)
        else Outcome(operation.id, None, each)
        for operation, each in zip(operations, planned, strict=True)
    ]


@dataclass(frozen=True)
class _Plan:
    """Turns operations on different items into changes, or says why not."""

    live: Live
    context: CleaningContext

    def of(self, operations: Sequence[Operation]) -> list[ItemChange | MercatoError]:
        wholes = [self._whole(operation) for operation in operations]
        clean = iter(self._clean([whole for whole in wholes if isinstance(whole, dict)]))
        planned = [
            self._change(operation, whole if not isinstance(whole, dict) else next(clean))
            for operation, whole in zip(operations, wholes, strict=True)
        ]
        return self._with_vectors(planned)

    def _item(self, item_id: str) -> dict[str, Any] | None:
        row = self.live.catalogue.row(item_id)
        return None if row is None else self.live.catalogue.item(row)

    def _whole(self, operation: Operation) -> dict[str, Any] | MercatoError | None:
        """The whole item after the operation, not yet checked; None for a deletion."""
        given = operation.item.get(c.ID, operation.id)
        if given != operation.id:
            return BadInput(f"id {operation.id!r}", f"id {given!r}", "Leave id out of the item.")
        before = self._item(operation.id)
        if operation.op != "put" and before is None:
            return NotFound("an item of the catalogue", repr(operation.id), "Add it with PUT.")
        if operation.op == "delete":
            return None
        if operation.op == "put" or before is None:
            return {**operation.item, c.ID: operation.id}
        return patched(before, _gathered(operation.item))

    def _clean(self, items: Sequence[dict[str, Any]]) -> list[dict[str, Any] | MercatoError]:
        """Items through the very cleaning and checks of an import."""
        batch = batch_of(list(enumerate(items)), _COLUMNS)
        how = Conversion(ITEMS, {}, "major", self.context.currency, self.context)
        found = checked(batch, how)
        clean: dict[int, dict[str, Any] | MercatoError] = {
            line: canonical(row)
            for line, row in zip(found.lines.to_pylist(), found.rows.to_pylist(), strict=True)
        }
        clean |= {refusal.line: _refused(refusal) for refusal in found.refusals}
        return [clean[line] for line in range(len(items))]

    def _change(
        self, operation: Operation, clean: dict[str, Any] | MercatoError | None
    ) -> ItemChange | MercatoError:
        if isinstance(clean, MercatoError):
            return clean
        if clean is None:
            return ItemChange(0, Change.DELETE, operation.id, {})
        if operation.op == "put":
            return ItemChange(0, Change.PUT, operation.id, clean)
        given = _gathered(operation.item)
        fields: dict[str, Any] = {name: clean.get(name) for name in given if name != c.ATTRIBUTES}
        if given.get(c.ATTRIBUTES) is not None:
            kept = clean.get(c.ATTRIBUTES, {})
            fields[c.ATTRIBUTES] = {name: kept.get(name) for name in given[c.ATTRIBUTES]}
        elif c.ATTRIBUTES in given:
            fields[c.ATTRIBUTES] = None
        return ItemChange(0, Change.PATCH, operation.id, fields)

    def _with_vectors(
        self, planned: list[ItemChange | MercatoError]
    ) -> list[ItemChange | MercatoError]:
        """Encode the texts that changed, in one go, unless they are many."""
        encoder = self.live.encoder
        if encoder is None:
            return planned
        texts: dict[int, str] = {}
        for at, change in enumerate(planned):
            if isinstance(change, ItemChange) and change.change is not Change.DELETE:
                text = self._new_text(change)
                if text is not None:
                    texts[at] = text
        distinct = list(dict.fromkeys(texts.values()))
        if len(distinct) > MOST_ENCODED_AT_ONCE:
            return planned
        vectors = dict(zip(distinct, quantise(encoder.encode(distinct)), strict=True))
        return [
            ItemChange(
                change.seq,
                change.change,
                change.item_id,
                change.fields,
                vectors[texts[at]].tobytes(),
            )
            if at in texts and isinstance(change, ItemChange)
            else change
            for at, change in enumerate(planned)
        ]

    def _new_text(self, change: ItemChange) -> str | None:
        """What the encoder reads of the changed item; None where that is what it was."""
        row = self.live.catalogue.row(change.item_id)
        before = None if row is None else self.live.catalogue.item(row)
        fields = dict(change.fields)
        after = fields if change.change is Change.PUT else patched(before or {}, fields)
        text = item_text(after)
        return None if before is not None and item_text(before) == text else text


def _gathered(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that have no column of ours go to ``attributes``."""
    known = {name: value for name, value in fields.items() if name in _COLUMNS}
    further = {name: value for name, value in fields.items() if name not in _COLUMNS}
    if further:
        attributes = known.get(c.ATTRIBUTES)
        if isinstance(attributes, str):
            attributes = orjson.loads(attributes)
        known[c.ATTRIBUTES] = {**(attributes or {}), **further}
    return known


def _refused(refusal: Refusal) -> BadInput:
    check = next((each for each in ITEMS.checks if each.name == refusal.check), None)
    if check is None:
        return BadInput("an item as a JSON object", refusal.row, "Send one object an item.")
    return BadInput(check.expected, f"{refusal.column} = {refusal.value!r}", check.remedy)
