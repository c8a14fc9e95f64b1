"""Give items that came in great numbers the vectors of their texts, little by little."""

from mercato.catalogue.texts import item_text
from mercato.catalogue.vectors import quantise
from mercato.core import columns as c
from mercato.core.changes import ENCODED_TEXT, Change, ItemChange
from mercato.shop.opened import Shop

CHUNK = 64
"""Texts encoded before the processor is free for others again."""


def encode_awaiting(shop: Shop, most: int) -> int:
    """Encode at most ``most`` texts that wait, the oldest first; how many there were.

    Their vectors go through the log of changes, so every worker has the same.
    """
    live = shop.live
    if live.encoder is None or not (rows := live.catalogue.awaiting(most)):
        return 0
    items = live.catalogue.items(rows)
    ids_of: dict[str, list[str]] = {}
    for item in items:
        ids_of.setdefault(item_text(item), []).append(item[c.ID])
    texts = list(ids_of)
    changes = []
    for start in range(0, len(texts), CHUNK):
        part = texts[start : start + CHUNK]
        for text, vector in zip(part, quantise(live.encoder.encode(part)), strict=True):
            fields = {ENCODED_TEXT: text}
            changes += [
                ItemChange(0, Change.ENCODE, item_id, fields, vector.tobytes())
                for item_id in ids_of[text]
            ]
    shop.state.items.append(changes).result()
    shop.refresh()
    return len(rows)
