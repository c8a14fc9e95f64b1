"""Which releases and steps of builds know somebody who was erased."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from mercato.core.errors import ChecksFailed
from mercato.data.erasing.matching import NOBODY, Erased
from mercato.data.releases import MANIFEST, ReleaseStore
from mercato.data.shoppers import SHOPPER_ID
from mercato.state.erasures import Erasure

CLEAN = "clean"
"""In what is told of an erasure: asset → the first version without the person."""


def is_clean(inputs: Mapping[str, int], erasure: Erasure) -> bool:
    """Whether what is made of these versions cannot know the person any more."""
    clean = erasure.told.get(CLEAN)
    if clean is None:
        return False
    return all(inputs[name] >= version for name, version in clean.items() if name in inputs)


def unclean(releases: ReleaseStore, erasure: Erasure) -> list[int]:
    """Releases that were made of what may hold the person; the current one may be among them."""
    return [
        number for number in releases.numbers() if not is_clean(_inputs(releases, number), erasure)
    ]


def _inputs(releases: ReleaseStore, number: int) -> Mapping[str, int]:
    """Of a release by another Mercato: as if it were the oldest."""
    try:
        return releases.manifest(number).inputs
    except ChecksFailed:
        found = json.loads(releases.storage.read(f"{number}/{MANIFEST}") or b"{}").get("inputs", {})
        return found if isinstance(found, dict) else {}


def persons_of(folder: Path, erased: Erased) -> Counter[int]:
    """Entries of erased persons in a folder of arrays, by number of the erasure."""
    found: Counter[int] = Counter()
    for file in folder.rglob("*.arrow"):
        with pa.memory_map(str(file)) as source:
            reader = pa.ipc.open_file(source)
            if SHOPPER_ID in reader.schema.names:
                rows = reader.read_all().select([SHOPPER_ID])
                numbers = erased.shoppers(rows)
                found.update(numbers[numbers != NOBODY].tolist())
    return found
