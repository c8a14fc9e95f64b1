"""Deletes rows from before a day; only files that hold some are written anew."""

from mercato.data.erasing.rows import delete_where
from mercato.data.store import AssetStore
from mercato.data.versions.notes import RETIRE


def delete_older(store: AssetStore, name: str, before: int) -> int:
    """Delete an asset's rows with ``ts`` before this time (microseconds since 1970); how many.

    Raises Conflict where others wrote each time.
    """
    return delete_where(store, name, f"CAST(ts AS BIGINT) < {before}", RETIRE)
