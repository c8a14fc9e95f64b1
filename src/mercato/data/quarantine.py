"""Keeps the quarantine: of each source, the rows that its newest import refused."""

import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.store import AssetStore

_SAYS = ["source", "source_line", "asset", "check", "column", "value", "row", "source_sha256"]
"""Every column but the time of the import."""


def keep_quarantine(store: AssetStore, asset: str, sources: list[str], found: pa.Table) -> None:
    """Replace what the quarantine holds of these sources for this asset.

    The same rows again make no new version, and keep the time at which they were first found.
    """
    version = store.version(QUARANTINE.name)
    present = (
        QUARANTINE.schema.empty_table()
        if version is None
        else store.read(QUARANTINE.name, version).select(QUARANTINE.schema.names)
    )
    ours = pc.and_(
        pc.equal(present["asset"], asset), pc.is_in(present["source"], pa.array(sources))
    )
    before = present.filter(ours)
    if _said(before) != _said(found):
        kept = pa.concat_tables([present.filter(pc.invert(ours)), found])
        ordered = kept.sort_by([(name, "ascending") for name in ("asset", "source", "source_line")])
        store.commit(QUARANTINE.name, ordered, base=-1 if version is None else version)


def _said(table: pa.Table) -> list[dict[str, object]]:
    order = [("source", "ascending"), ("source_line", "ascending"), ("check", "ascending")]
    said: list[dict[str, object]] = table.select(_SAYS).sort_by(order).to_pylist()
    return said
