"""Runs of imports, derived assets and builds, told as they begin and as they end.

What goes in and out is read off the declarations of assets and the notes of their commits; the
events are those of https://openlineage.io/docs/spec/run-cycle.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from deltalake.exceptions import DeltaError

import mercato
from mercato.core.errors import MercatoError
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings
from mercato.data.asset import Asset
from mercato.data.importers.raw import Source
from mercato.data.lineage.datasets import (
    Dataset,
    asset_dataset,
    made_dataset,
    release_dataset,
    source_dataset,
    with_checks,
)
from mercato.data.lineage.facets import EVENT_SCHEMA, PRODUCER, facet
from mercato.data.lineage.log import LineageLog
from mercato.data.releases import ReleaseStore, read_manifest
from mercato.data.report import ImportRefused, ImportReport
from mercato.data.store import AssetStore

_log = logging.getLogger(__name__)

FOLDER = "lineage"
"""In the shop's folder, beside the assets."""


@dataclass
class Run:
    """One run: tells START as its ``with`` begins, and COMPLETE, FAIL or ABORT as that ends, with
    the inputs and outputs that are known by then.

    job  : as OpenLineage has it: namespace, name, facets
    """

    log: LineageLog
    job: dict[str, Any]
    parent: "Run | None"
    inputs: list[Dataset] = field(default_factory=list)
    outputs: list[Dataset] = field(default_factory=list)
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _token: "Token[Run | None]" = field(init=False)

    def tell(self, event_type: str, error: BaseException | None = None) -> None:
        self.log.emit(
            {
                "eventType": event_type,
                "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "producer": PRODUCER,
                "schemaURL": EVENT_SCHEMA,
                "run": {"runId": self.run_id, "facets": self._facets(error)},
                "job": self.job,
                "inputs": self.inputs,
                "outputs": self.outputs,
            }
        )

    def __enter__(self) -> "Run":
        self.tell("START")
        self._token = _RUNNING.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        _RUNNING.reset(self._token)
        if error is not None:
            self.tell("ABORT" if isinstance(error, KeyboardInterrupt) else "FAIL", error)
            return
        self.tell("COMPLETE")
        if self.parent is None:
            self.log.prune()

    def _facets(self, error: BaseException | None) -> dict[str, Any]:
        facets = {
            "processing_engine": facet(
                "ProcessingEngineRunFacet", version=mercato.__version__, name="mercato"
            )
        }
        if self.parent is not None:
            job = {name: self.parent.job[name] for name in ("namespace", "name")}
            run = {"runId": self.parent.run_id}
            facets["parent"] = facet("ParentRunFacet", run=run, job=job)
        if error is not None:
            message = str(error) or type(error).__name__
            facets["errorMessage"] = facet(
                "ErrorMessageRunFacet", message=message, programmingLanguage="PYTHON"
            )
        return facets


_RUNNING: ContextVar[Run | None] = ContextVar("lineage", default=None)
"""The run that this one is part of."""


def _run(
    root: Path, settings: Settings, name: str, description: str, inputs: Callable[[], list[Dataset]]
) -> Run:
    """A run that begins and ends with its ``with``.

    root : the shop's folder
    """
    parent = _RUNNING.get()
    log = LineageLog(root / FOLDER, settings.lineage) if parent is None else parent.log
    kind = name.partition(".")[0].upper()
    job = {
        "namespace": settings.shop.name,
        "name": name,
        "facets": {
            "jobType": facet(
                "JobTypeJobFacet", processingType="BATCH", integration="MERCATO", jobType=kind
            ),
            "documentation": facet("DocumentationJobFacet", description=description),
        },
    }
    run = Run(log, job, parent)

    def begun() -> None:
        run.inputs = inputs()

    _described(begun)
    return run


def _described(describe: Callable[[], None]) -> None:
    """Lineage that cannot be told must not fail what it is about."""
    try:
        describe()
    except (MercatoError, DeltaError, OSError) as error:
        _log.warning("lineage is told in part only: %s", error)


@contextmanager
def import_run(
    store: AssetStore, settings: Settings, asset: Asset, sources: Sequence[Source]
) -> Iterator[list[ImportReport]]:
    """Tell an import of ``sources`` into an asset; its report is put into the list."""
    reports: list[ImportReport] = []
    name, what = f"import.{asset.name}", f"Checks files and takes them over into {asset.name}."
    with _run(store.shop, settings, name, what, lambda: _read(sources)) as run:
        try:
            yield reports
        except ImportRefused as refused:
            reports.append(refused.report)
            raise
        finally:
            _described(lambda: _told(run, store, asset, sources, reports))


def _read(sources: Sequence[Source]) -> list[Dataset]:
    return [source_dataset(source) for source in sources]


def _told(
    run: Run,
    store: AssetStore,
    asset: Asset,
    sources: Sequence[Source],
    reports: Sequence[ImportReport],
) -> None:
    run.inputs = _read(sources)
    for report in reports:
        if len(sources) == 1:  # the counts are of all files together
            run.inputs = [with_checks(run.inputs[0], asset, report.checks)]
        if report.committed and report.version is not None:
            run.outputs = [made_dataset(store, asset.name, report.version, report.accepted)]


@contextmanager
def derive_run(
    store: AssetStore, settings: Settings, asset: Asset, versions: Mapping[str, int | None]
) -> Iterator[list[int]]:
    """Tell how a derived asset is made of versions of its inputs; its own is put into the list."""
    made: list[int] = []

    def inputs() -> list[Dataset]:
        return [asset_dataset(store, name, versions[name]) for name in asset.inputs]

    def outputs() -> None:
        for version in made:
            rows = store.history(asset.name, 1)[0].rows
            run.outputs = [made_dataset(store, asset.name, version, rows)]

    root = store.shop
    with _run(root, settings, f"derive.{asset.name}", asset.description, inputs) as run:
        yield made
        _described(outputs)


@contextmanager
def build_run(root: Path, settings: Settings, store: AssetStore) -> Iterator[list[Path]]:
    """Tell a build; the folder of the release that it made is put into the list."""
    made: list[Path] = []

    def outcome() -> None:
        for folder in made:
            inputs = read_manifest(folder).inputs
            run.inputs = [asset_dataset(store, name, version) for name, version in inputs.items()]
            run.outputs = [release_dataset(ReleaseStore(ShopPaths(root).releases), folder.name)]

    with _run(root, settings, "build", "Makes a release of the shop's assets.", list) as run:
        yield made
        _described(outcome)
