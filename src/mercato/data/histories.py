"""All shoppers' histories as arrays: out of the ``histories`` asset, into a release and back."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.history import EVENT_CODES, Interactions
from mercato.data.access import Hidden
from mercato.data.search_histories import channel_codes

_ARRAYS = ("offsets", "item", "ts", "event", "quantity")
_CHANNEL = "channel.npy"
"""Only where an event tells of its channel, and not in releases of before that was read."""


@dataclass(frozen=True)
class Histories:
    """Interactions of every known shopper.

    shopper_ids : (n_users,) string, ascending; a guest stands as ``visitor:<visitor_id>``
    hidden      : says of a shopper's id whether nothing may be known of them any more
    """

    shopper_ids: pa.StringArray
    interactions: Interactions
    hidden: Hidden | None = None

    @classmethod
    def from_table(cls, table: pa.Table, item_ids: pa.StringArray) -> "Histories":
        """Index the ``histories`` asset by the position of each item in ``item_ids`` (n_items,).

        Events with items that are not in ``item_ids`` are left out.
        """
        table = table.combine_chunks().sort_by("shopper_id")
        lists = table["events"].combine_chunks()
        events = lists.flatten()
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
        item = pc.index_in(events.field("item_id"), value_set=item_ids)
        kinds = pc.index_in(events.field("event"), value_set=pa.array(list(EVENT_CODES)))
        quantity = pc.fill_null(events.field("quantity").cast(pa.float32()), 1.0)
        everything = Interactions(
            offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            item=pc.fill_null(item, -1).to_numpy(zero_copy_only=False).astype(np.int32),
            ts=events.field("ts").cast(pa.int64()).to_numpy(zero_copy_only=False),
            event=kinds.to_numpy(zero_copy_only=False).astype(np.int8),
            quantity=quantity.to_numpy(zero_copy_only=False),
            n_items=len(item_ids),
        )
        if events.type.get_field_index("channel") >= 0:
            codes = channel_codes(events.field("channel"))
            everything = replace(everything, channel=codes if codes.any() else None)
        ids = table["shopper_id"].combine_chunks().cast(pa.string())
        return cls(ids, everything.where(everything.item >= 0))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self.interactions, name))
        if self.interactions.channel is not None:
            np.save(folder / _CHANNEL, self.interactions.channel)
        np.save(folder / "n_items.npy", np.int64(self.interactions.n_items))
        ids = pa.table({"shopper_id": self.shopper_ids})
        with pa.OSFile(str(folder / "shoppers.arrow"), "wb") as sink:
            with pa.ipc.new_file(sink, ids.schema) as writer:
                writer.write_table(ids.combine_chunks())

    @classmethod
    def open(cls, folder: Path) -> "Histories":
        """Memory-map what `save` wrote."""
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        if (folder / _CHANNEL).is_file():
            arrays["channel"] = np.load(folder / _CHANNEL, mmap_mode="r")
        n_items = int(np.load(folder / "n_items.npy"))
        with pa.memory_map(str(folder / "shoppers.arrow")) as source:
            ids = pa.ipc.open_file(source).read_all()["shopper_id"]
        return cls(
            ids.chunk(0) if ids.num_chunks else pa.array([], pa.string()),
            Interactions(**arrays, n_items=n_items),
        )

    def find(self, shopper_id: str) -> int | None:
        """The shopper's index; None for a shopper who is not known, or hidden."""
        if self.hidden is not None and self.hidden(shopper_id):
            return None
        ids = self.shopper_ids
        place = bisect_left(range(len(ids)), shopper_id, key=lambda at: ids[at].as_py())
        return place if place < len(ids) and ids[place].as_py() == shopper_id else None

    def of(self, shopper_id: str | None) -> Interactions:
        """The shopper's events; none for a shopper who is not known."""
        user = None if shopper_id is None else self.find(shopper_id)
        if user is None:
            return Interactions.empty(self.interactions.n_items)
        return self.interactions.of(user)
