"""Which storage a location means."""

from functools import lru_cache
from pathlib import Path

from mercato.core.paths import Location
from mercato.data.storage.local import LocalStorage
from mercato.data.storage.protocol import Storage


@lru_cache(64)
def storage_of(location: Location) -> Storage:
    """The storage at a location; one client of object storage for all threads of a process.

    Raises BadInput for an address that is none, NotReady where the extra ``s3`` is not installed.
    """
    if isinstance(location, Path):
        return LocalStorage(location)
    # Imported late: most shops do without.
    from mercato.data.storage.objects import open_objects

    return open_objects(location)
