"""Deletes rows of persons from the newest versions of assets; only files that hold them are
written anew."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
from deltalake import CommitProperties, PostCommitHookProperties
from deltalake.exceptions import CommitFailedError
from numpy.typing import NDArray

from mercato.core import columns as c
from mercato.data.assets import ASSETS
from mercato.data.erasing.matching import COLUMNS, NOBODY, OF_ASSET, Erased
from mercato.data.erasing.person import SEEN
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.store import NOTE, AssetStore, Conflict
from mercato.data.versions.notes import ERASE
from mercato.data.versions.summary import origin_of

_ATTEMPTS = 20
"""A server drains beside us now and then; one of the two then begins again."""

_AT_ONCE = 1_000
"""Ids in one list."""

_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


@dataclass(frozen=True)
class Cleaned:
    """version : the newest one, in which nobody is left; rows : by number of the erasure"""

    version: int
    rows: Mapping[int, int]


def erase_rows(
    store: AssetStore, name: str, erased: Erased, looked: Sequence[str] = ()
) -> Cleaned | None:
    """Delete what belongs to persons from an asset; None where there is no such asset.

    looked : files in which nobody is, from an earlier look

    Raises Conflict where others wrote each time.
    """
    gone: Counter[int] = Counter()
    for _ in range(_ATTEMPTS):
        version = store.version(name)
        if version is None:
            return None
        files = [file for file in store.files(name, version) if Path(file).name not in set(looked)]
        condition, found = _found(name, files, erased)
        if not found:
            return Cleaned(version, dict(gone))
        try:
            _delete(store, name, version, condition, ERASE)
        except CommitFailedError:
            continue
        gone += found
    raise _conflict(name)


def owned(name: str, file: str, erased: Erased) -> tuple[pa.Table, NDArray[np.int64]]:
    """Rows of one file that belong to erased persons, and the numbers of their erasures."""
    return owned_rows(name, _read(name, file), erased)


def owned_rows(name: str, rows: pa.Table, erased: Erased) -> tuple[pa.Table, NDArray[np.int64]]:
    """As `owned`, of rows that were read."""
    numbers = OF_ASSET[name](erased, rows)
    theirs = numbers != NOBODY
    return rows.filter(pa.array(theirs)), numbers[theirs]


def _read(name: str, file: str) -> pa.Table:
    """What is needed to tell whose rows they are; columns that an older file lacks are null."""
    return _opened(name, file).to_table(columns=list(COLUMNS.get(name, (SHOPPER_ID,))))


def _opened(name: str, file: str) -> pyarrow.dataset.Dataset:
    """With the asset's types: what delta-rs has rewritten names others, as string_view."""
    return pyarrow.dataset.dataset(file, format="parquet", schema=ASSETS[name].schema)


def _found(name: str, files: Sequence[str], erased: Erased) -> tuple[str, Counter[int]]:
    """(condition on rows, rows by number)"""
    parts: dict[int, list[pa.Table]] = {}
    found: Counter[int] = Counter()
    for file in files:
        rows, numbers = owned(name, file, erased)
        for number in np.unique(numbers).tolist():
            theirs = rows.filter(pa.array(numbers == number))
            parts.setdefault(number, []).append(theirs)
            found[number] += len(theirs)
    of = _CONDITIONS.get(name, _of_shoppers)
    conditions = (each for tables in parts.values() for each in of(pa.concat_tables(tables)))
    return " OR ".join(f"({each})" for each in conditions), found


def _of_events(rows: pa.Table) -> Iterator[str]:
    """By who is named, up to the newest of those lines."""
    before = f"CAST(ts AS BIGINT) <= {pc.max(rows[c.TS].cast(pa.int64())).as_py()}"
    if rows[c.TS].null_count:
        before = f"(ts IS NULL OR {before})"
    unnamed: list[str] = []
    left = rows
    for name in SEEN:
        named = left.filter(pc.is_valid(left[name]))
        for ids in _parts(pc.unique(named[name]).to_pylist()):
            yield " AND ".join([*unnamed, f"{name} IN ({ids})", before])
        left = left.filter(pc.is_null(left[name]))
        unnamed.append(f"{name} IS NULL")


def _of_answers(rows: pa.Table) -> Iterator[str]:
    for ids in _parts(pc.unique(rows[c.QUERY_ID]).to_pylist()):
        yield f"query_id IN ({ids})"


def _of_refused(rows: pa.Table) -> Iterator[str]:
    for ids in _parts(pc.unique(rows["row"]).drop_null().to_pylist()):
        yield f"asset = 'events' AND \"row\" IN ({ids})"


def _of_shoppers(rows: pa.Table) -> Iterator[str]:
    for ids in _parts(pc.unique(rows[SHOPPER_ID]).to_pylist()):
        yield f"{SHOPPER_ID} IN ({ids})"


_CONDITIONS = {"events": _of_events, "answers": _of_answers, "quarantine": _of_refused}


def _parts(values: Sequence[str]) -> Iterator[str]:
    """SQL literals, a bounded number in a text."""
    quoted = ["'" + value.replace("'", "''") + "'" for value in sorted(values)]
    for at in range(0, len(quoted), _AT_ONCE):
        yield ", ".join(quoted[at : at + _AT_ONCE])


def delete_where(store: AssetStore, name: str, condition: str, made_by: str) -> int:
    """Delete the rows of the newest version for which a condition in SQL holds; how many.

    Raises Conflict where others wrote each time.
    """
    for _ in range(_ATTEMPTS):
        version = store.version(name)
        if version is None:
            return 0
        try:
            return _delete(store, name, version, condition, made_by)
        except CommitFailedError:
            continue
    raise _conflict(name)


def _delete(store: AssetStore, name: str, version: int, condition: str, made_by: str) -> int:
    """Raises CommitFailedError where somebody else wrote meanwhile."""
    inputs = dict(origin_of(store, name, version).inputs)
    note = {"made_by": made_by} | ({"inputs": json.dumps(inputs)} if inputs else {})
    done = store.writable(name, version).delete(
        condition,
        commit_properties=CommitProperties(
            custom_metadata={NOTE: json.dumps(note)}, max_commit_retries=0
        ),
        post_commithook_properties=_HOOKS,
    )
    return int(done["num_deleted_rows"])


def _conflict(name: str) -> Conflict:
    return Conflict(
        f"asset {name} to be left alone for a moment",
        "others that write to it all the time",
        "Run it again.",
    )


def whole_rows(store: AssetStore, name: str, version: int, erased: Erased) -> Iterator[pa.Table]:
    """All columns of the rows of persons, file by file."""
    for file in store.files(name, version):
        theirs = OF_ASSET[name](erased, _read(name, file)) != NOBODY
        if theirs.any():
            yield _opened(name, file).to_table().filter(pa.array(theirs))


def persons_in(store: AssetStore, name: str, version: int, erased: Erased) -> Counter[int]:
    """Rows of erased persons in a version, by number of the erasure, of the files that are still
    there."""
    found: Counter[int] = Counter()
    for file in store.files(name, version):
        if Path(file).exists():
            found.update(owned(name, file, erased)[1].tolist())
    return found
