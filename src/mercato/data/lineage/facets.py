"""Facets and datasets of OpenLineage 2-0-2 (https://openlineage.io/spec/2-0-2/OpenLineage.json).

Each facet bears the address of its own schema; datasets of files are named as
https://github.com/OpenLineage/OpenLineage/blob/main/spec/Naming.md says: ``file`` and the path.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import mercato
from mercato.data.storage.protocol import Dataset

PRODUCER = f"pkg:pypi/mercato@{mercato.__version__}"
"""A package URL (https://github.com/package-url/purl-spec)."""

EVENT_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"

FILES = "file"
"""The namespace of datasets that are files or folders of this machine."""

Facet = dict[str, Any]

_VERSIONS: Mapping[str, str] = {
    "ColumnLineageDatasetFacet": "1-2-0",
    "DataQualityAssertionsDatasetFacet": "1-1-0",
    "DataQualityMetricsDatasetFacet": "1-0-1",
    "DatasetVersionDatasetFacet": "1-0-1",
    "DatasourceDatasetFacet": "1-0-1",
    "DocumentationDatasetFacet": "1-1-0",
    "DocumentationJobFacet": "1-1-0",
    "ErrorMessageRunFacet": "1-0-1",
    "InputStatisticsInputDatasetFacet": "1-0-0",
    "JobTypeJobFacet": "2-0-4",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "OwnershipDatasetFacet": "1-0-1",
    "ParentRunFacet": "1-2-0",
    "ProcessingEngineRunFacet": "1-1-1",
    "SchemaDatasetFacet": "1-2-0",
    "StorageDatasetFacet": "1-0-1",
    "TagsDatasetFacet": "1-0-0",
}


def facet(kind: str, **said: Any) -> Facet:
    """A facet of a kind; what is None is left out."""
    schema = f"https://openlineage.io/spec/facets/{_VERSIONS[kind]}/{kind}.json#/$defs/{kind}"
    known = {name: value for name, value in said.items() if value is not None}
    return {"_producer": PRODUCER, "_schemaURL": schema, **known}


def dataset(path: Path, name: str, version: str | None) -> dict[str, Any]:
    """A file or folder of this machine, under the name that people know it by, at a version."""
    place = path.absolute()
    return stored(Dataset(FILES, str(place), place.as_uri()), name, version)


def stored(place: Dataset, name: str, version: str | None) -> dict[str, Any]:
    """What lies in a storage, under the name that people know it by, at a version."""
    facets = {"dataSource": facet("DatasourceDatasetFacet", name=name, uri=place.uri)}
    if version is not None:
        facets["version"] = facet("DatasetVersionDatasetFacet", datasetVersion=version)
    return {"namespace": place.namespace, "name": place.name, "facets": facets}


def assertions(told: Iterable[Mapping[str, Any]]) -> Facet:
    """Checks, each with ``assertion`` and ``success``."""
    return facet("DataQualityAssertionsDatasetFacet", assertions=[dict(each) for each in told])
