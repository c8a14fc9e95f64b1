"""The segments of all shoppers: out of the ``users`` asset, into a release and back."""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mercato.data.access import Hidden
from mercato.data.shoppers import SHOPPER_ID

_FILE = "segments.arrow"


@dataclass(frozen=True)
class Segments:
    """What each known shopper belongs to: their RFM segment, and their tags.

    shopper_ids : (n_users,) string, ascending; a guest stands as ``visitor:<visitor_id>``
    names       : (n_users,) lists of strings
    hidden      : says of a shopper's id whether nothing may be known of them any more
    """

    shopper_ids: pa.StringArray
    names: pa.ListArray
    hidden: Hidden | None = None

    @classmethod
    def from_table(cls, users: pa.Table) -> "Segments":
        """users : the ``users`` asset's ``shopper_id``, ``segment`` and ``tags``"""
        rows = users.select([SHOPPER_ID, "segment", "tags"]).sort_by(SHOPPER_ID).to_pylist()
        names = [[*filter(None, [row["segment"]]), *(row["tags"] or [])] for row in rows]
        ids = pa.array([row[SHOPPER_ID] for row in rows], pa.string())
        return cls(ids, pa.array(names, pa.list_(pa.string())))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        table = pa.table({"shopper_id": self.shopper_ids, "names": self.names})
        with pa.OSFile(str(folder / _FILE), "wb") as sink:
            with pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table.combine_chunks())

    @classmethod
    def open(cls, folder: Path) -> "Segments":
        """Memory-map what `save` wrote."""
        with pa.memory_map(str(folder / _FILE)) as source:
            table = pa.ipc.open_file(source).read_all().combine_chunks()
        ids, names = (
            column.chunk(0) if column.num_chunks else pa.array([], column.type)
            for column in table.columns
        )
        return cls(ids, names)

    def of(self, user_id: str | None, visitor_id: str | None) -> frozenset[str]:
        """The names of a shopper's segments; none of one who is not known."""
        guest = None if visitor_id is None else f"visitor:{visitor_id}"
        for shopper_id in (user_id, guest):
            at = None if shopper_id is None else self._find(shopper_id)
            if at is not None:
                return frozenset(self.names[at].as_py())
        return frozenset()

    def _find(self, shopper_id: str) -> int | None:
        if self.hidden is not None and self.hidden(shopper_id):
            return None
        ids = self.shopper_ids
        at = bisect_left(range(len(ids)), shopper_id, key=lambda n: ids[n].as_py())
        return at if at < len(ids) and ids[at].as_py() == shopper_id else None
