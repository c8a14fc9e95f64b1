"""What `mercato assets` prints: all assets, one of them, its history, a difference."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mercato.cli.assets import mask_for
from mercato.cli.output import print_json, print_table, say
from mercato.core.errors import NotFound
from mercato.core.paths import ShopPaths
from mercato.data.assets import ASSETS
from mercato.data.meanings import meaning
from mercato.data.store import AssetStore
from mercato.data.versions.notes import origin
from mercato.data.versions.summary import (
    Summary,
    declared,
    schema_of,
    summaries,
    summary,
    version_at,
)

if TYPE_CHECKING:
    from mercato.data.versions.diff import VersionDiff

_CELL = 60
"""Characters of a sample's cell."""


def listing(folder: Path, at: datetime | None, as_json: bool) -> None:
    """All assets, as they are or as they were at a time."""
    found = summaries(_store(folder), at)
    if as_json:
        print_json([_summary_json(each) for each in found])
        return
    print_table(
        (
            *("asset", "rows", "version", "changed (UTC)", "owner", "sensitivity"),
            *("made from", "description"),
        ),
        [_listed(each) for each in found],
        right=("rows", "version"),
    )


def _listed(of: Summary) -> tuple[Any, ...]:
    asset = ASSETS.get(of.name)
    said = ("", "", "") if asset is None else (asset.owner, asset.sensitivity, asset.description)
    owner, sensitivity, description = said
    return (
        *(of.name, f"{of.rows:,}", of.version, _time(of.committed_at), owner, sensitivity),
        *(", ".join(of.origin.told()) or of.origin.made_by, description),
    )


def description(folder: Path, name: str, at: datetime | None, rows: int, as_json: bool) -> None:
    """One asset: where it comes from, its columns, its checks, some rows."""
    from mercato.data.versions.rows import sample

    store, asset = _store(folder), declared(name)
    version = None
    if at is not None and (version := version_at(store, name, at)) is None:
        raise NotFound(
            f"a version of {name} at {_time(at)}",
            "none so early",
            f"See: mercato assets DIR {name} --history",
        )
    told = summary(store, name, version)
    columns = [
        (field.name, str(field.type), asset.personal.get(field.name), meaning(name, field.name))
        for field in schema_of(store, name, version)
    ]
    checks = [(check.name, check.expected, check.remedy) for check in asset.checks]
    some = [] if at else sample(store, asset, mask_for(folder, asset), rows).to_pylist()
    if as_json:
        print_json(
            _summary_json(told)
            | {
                "keys": list(asset.keys),
                "columns": _dicts(("column", "type", "personal", "meaning"), columns),
                "checks": _dicts(("check", "expected", "remedy"), checks),
                "sample": _plain(some),
            }
        )
        return
    print_table(("asset", name), _facts(told, asset.keys))
    print_table(("column", "type", "personal", "meaning"), columns)
    if checks:
        print_table(("check", "expected", "remedy"), checks)
    if some:
        _print_rows(some)


def _facts(told: Summary, keys: tuple[str, ...]) -> list[tuple[str, Any]]:
    asset = declared(told.name)
    return [
        ("description", asset.description),
        ("owner", asset.owner),
        ("sensitivity", asset.sensitivity),
        ("rows", f"{told.rows:,} told apart by {' and '.join(keys) or 'nothing'}"),
        ("version", f"{told.version} of {_time(told.committed_at)}"),
        ("files", f"{told.files:,} with {told.size:,} bytes"),
        ("made by", told.origin.made_by),
        ("made from", ", ".join(told.origin.told())),
        ("inputs", ", ".join(asset.inputs)),
    ]


def _print_rows(rows: list[dict[str, Any]]) -> None:
    """Only columns that say something; long texts cut."""
    names = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [[_cut(row[name]) for name in names] for row in rows]
    print_table(names, cells)


def _cut(value: Any) -> str | None:
    text = None if value is None else str(_plain(value))
    return text if text is None or len(text) <= _CELL else text[: _CELL - 1] + "…"


def history(folder: Path, name: str, as_json: bool) -> None:
    """The versions of an asset, newest first."""
    store = _store(folder)
    summary(store, name)
    rows = [
        {
            "version": each.version,
            "committed_at": _iso(each.ts),
            "rows_added": each.rows,
            "made_by": origin(each.note).made_by,
            "made_from": list(origin(each.note).told()),
            "note": dict(each.note),
        }
        for each in store.history(name)
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("version", "committed (UTC)", "rows added", "made by", "made from", "sha256"),
        [_version_cells(row) for row in rows],
        right=("version", "rows added"),
    )


def _version_cells(row: Mapping[str, Any]) -> tuple[Any, ...]:
    added = row["rows_added"]
    checksums = origin(row["note"]).sources.values()
    return (
        row["version"],
        row["committed_at"][:19].replace("T", " "),
        None if added is None else f"{added:,}",
        row["made_by"],
        "\n".join(row["made_from"]),
        "\n".join(checksum[:16] for checksum in checksums),
    )


def difference(
    folder: Path, name: str, versions: tuple[int, int], most: int, as_json: bool
) -> None:
    """What came, went and changed between two versions of an asset."""
    # Imported late: the list of assets does not wait for an engine.
    from mercato.data.versions.diff import diff

    asset = declared(name)
    found = diff(_store(folder), name, *versions, most=most, mask=mask_for(folder, asset))
    if as_json:
        print_json(_difference_json(found))
        return
    counts = ("added", "removed", "changed")
    print_table(counts, [[f"{getattr(found, each):,}" for each in counts]], right=counts)
    schema = found.schema
    told = [("new", n, "") for n in schema.added] + [("gone", n, "") for n in schema.removed]
    told += [("type", n, f"{old} → {new}") for n, (old, new) in schema.retyped.items()]
    if told:
        print_table(("schema", "column", ""), told)
    if found.columns:
        by_rows = sorted(found.columns.items(), key=lambda each: -each[1])
        print_table(("column", "changed"), [(n, f"{c:,}") for n, c in by_rows], right=("changed",))
    if found.rows:
        print_table(
            (*found.keys, "column", "before", "after"),
            [
                (*row.key.values(), column, _cut(row.before[column]), _cut(row.after[column]))
                for row in found.rows
                for column in row.after
            ],
        )
    if not found.keys:
        say(f"{name} has no key: a changed row counts as one removed and one added.")


def _difference_json(found: "VersionDiff") -> dict[str, Any]:
    return {
        "asset": found.asset,
        "before": found.before,
        "after": found.after,
        "added": found.added,
        "removed": found.removed,
        "changed": found.changed,
        "columns": dict(found.columns),
        "schema": {
            "added": list(found.schema.added),
            "removed": list(found.schema.removed),
            "retyped": {name: list(types) for name, types in found.schema.retyped.items()},
        },
        "rows": _plain([vars(row) for row in found.rows]),
    }


def _summary_json(of: Summary) -> dict[str, Any]:
    asset = ASSETS.get(of.name)
    return {
        "asset": of.name,
        "version": of.version,
        "committed_at": None if of.committed_at is None else _iso(of.committed_at),
        "rows": of.rows,
        "files": of.files,
        "bytes": of.size,
        "owner": asset and asset.owner,
        "sensitivity": asset and asset.sensitivity,
        "description": asset and asset.description,
        "declared_inputs": list(asset.inputs) if asset else [],
        "made_by": of.origin.made_by,
        "sources": dict(of.origin.sources),
        "inputs": dict(of.origin.inputs),
    }


def _store(folder: Path) -> AssetStore:
    return AssetStore(ShopPaths(folder).assets)


def _dicts(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    """A value as JSON has it; times as ISO 8601."""
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
