"""What OpenLineage is told of assets, source files and releases; read off their declarations."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.checks import ROW_CHECKS, Check
from mercato.data.importers.raw import Source
from mercato.data.lineage.columns import Column, ColumnLineage, column_lineage
from mercato.data.lineage.facets import Facet, assertions, dataset, facet, stored
from mercato.data.meanings import meaning
from mercato.data.releases import ReleaseStore
from mercato.data.report import CheckCount
from mercato.data.store import AssetStore
from mercato.data.versions.summary import opened

Dataset = dict[str, Any]


def source_dataset(source: Source) -> Dataset:
    """A file or folder that an import reads; its version is its checksum, once it is known."""
    found = dataset(source.path, source.path.name, vars(source).get("sha256"))
    size = sum(file.stat().st_size for file in source.files if file.exists())
    statistics = facet("InputStatisticsInputDatasetFacet", size=size, fileCount=len(source.files))
    return found | {"inputFacets": {"inputStatistics": statistics}}


def with_checks(told: Dataset, asset: Asset, failed: Sequence[CheckCount]) -> Dataset:
    """A source's dataset with what an asset's checks found in it."""
    counts = {each.check.name: each for each in failed}
    checks = (*ROW_CHECKS, *asset.checks)
    found = assertions(_assertion(check, counts.get(check.name)) for check in checks)
    return told | {"inputFacets": {**told["inputFacets"], "dataQualityAssertions": found}}


def _assertion(check: Check, failed: CheckCount | None) -> dict[str, Any]:
    said = {
        "assertion": check.name,
        "success": failed is None,
        "severity": "warn",
        "expected": check.expected,
    }
    if check.column is not None:
        said["column"] = check.column
    if failed is not None:
        said["actual"] = f"{failed.rows} rows, such as {failed.value!r}"
    return said


def asset_dataset(store: AssetStore, name: str, version: int | None) -> Dataset:
    """An asset as an input."""
    asset = ASSETS[name]
    told = stored(store.storage.dataset(name), name, None if version is None else str(version))
    told["facets"] |= {
        "schema": _schema(asset),
        "documentation": facet("DocumentationDatasetFacet", description=asset.description),
        "ownership": facet(
            "OwnershipDatasetFacet", owners=[{"name": f"team:{asset.owner}", "type": "OWNER"}]
        ),
        "storage": facet("StorageDatasetFacet", storageLayer="delta", fileFormat="parquet"),
        "tags": facet("TagsDatasetFacet", tags=_tags(asset)),
    }
    return told


def made_dataset(store: AssetStore, name: str, version: int, added: int | None) -> Dataset:
    """A version of an asset as an output: with what it holds, and what its checks say of it.

    added : rows that the run wrote
    """
    asset = ASSETS[name]
    told = asset_dataset(store, name, version)
    actions = pa.table(opened(store, name, version).get_add_actions())
    size = sum(actions["size_bytes"].to_pylist())
    told["facets"] |= {
        "dataQualityMetrics": facet(
            "DataQualityMetricsDatasetFacet",
            rowCount=sum(actions["num_records"].to_pylist()),
            bytes=size,
            fileCount=len(actions),
            columnMetrics=_metrics(asset, actions),
        ),
        "dataQualityAssertions": assertions(_assertion(check, None) for check in asset.checks),
    }
    if asset.build is not None and (lineage := _columns(asset.name)):
        told["facets"]["columnLineage"] = _column_facet(store, lineage)
    statistics = facet("OutputStatisticsOutputDatasetFacet", rowCount=added)
    return told | {"outputFacets": {"outputStatistics": statistics}}


def release_dataset(releases: ReleaseStore, number: str) -> Dataset:
    """A release; its version is its number."""
    told = stored(releases.storage.dataset(""), "releases", number)
    description = "The catalogue, the models and the indexes that are served."
    told["facets"]["documentation"] = facet("DocumentationDatasetFacet", description=description)
    return told


def _schema(asset: Asset) -> Facet:
    fields = [
        {
            "name": field.name,
            "type": str(field.type),
            "description": meaning(asset.name, field.name),
            "ordinal_position": place,
        }
        for place, field in enumerate(asset.schema, start=1)
    ]
    return facet("SchemaDatasetFacet", fields=fields)


def _tags(asset: Asset) -> list[dict[str, str]]:
    of_asset = {"key": "sensitivity", "value": str(asset.sensitivity), "source": "mercato"}
    of_columns = [
        {"key": "personal", "value": str(how), "source": "mercato", "field": name}
        for name, how in asset.personal.items()
    ]
    return [of_asset, *of_columns]


def _metrics(asset: Asset, actions: pa.Table) -> dict[str, dict[str, float]]:
    """Column → how many nulls, least and greatest, out of the files' statistics in the log."""
    found: dict[str, dict[str, float]] = {}
    for row in actions.select(["null_count", "min", "max"]).to_pylist():
        for name in asset.schema.names:
            _add(found.setdefault(name, {}), *((row[part] or {}).get(name) for part in row))
    return {name: metrics for name, metrics in found.items() if metrics}


def _add(metrics: dict[str, float], nulls: Any, least: Any, most: Any) -> None:
    if isinstance(nulls, int):
        metrics["nullCount"] = metrics.get("nullCount", 0) + nulls
    if isinstance(least, int | float) and isinstance(most, int | float):
        metrics["min"] = min(metrics.get("min", least), least)
        metrics["max"] = max(metrics.get("max", most), most)


@cache  # a build derives twice, the second time up to the day before
def _columns(name: str) -> ColumnLineage | None:
    asset = ASSETS[name]
    return column_lineage(asset, {name: ASSETS[name].schema for name in asset.inputs})


def _column_facet(store: AssetStore, lineage: ColumnLineage) -> Facet:
    fields = {
        name: {
            "inputFields": _inputs(
                store, ((column, "DIRECT", how.name) for column, how in sorted(parts.items()))
            )
        }
        for name, parts in lineage.columns.items()
    }
    whole = ((column, "INDIRECT", how.name) for column, how in sorted(lineage.whole))
    return facet("ColumnLineageDatasetFacet", fields=fields, dataset=_inputs(store, whole))


def _inputs(store: AssetStore, parts: Iterable[tuple[Column, str, str]]) -> list[Mapping[str, Any]]:
    return [
        {
            "namespace": (place := store.storage.dataset(name)).namespace,
            "name": place.name,
            "field": column,
            "transformations": [{"type": kind, "subtype": how}],
        }
        for (name, column), kind, how in parts
    ]
