"""Everything that `mercato check` says of a shop's data, gathered once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis

from mercato.core import columns as c
from mercato.core.errors import NotFound
from mercato.core.progress import Progress, Silent
from mercato.core.settings import Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive
from mercato.data.engines import Engine, open_engine
from mercato.data.quality.alarm import Alarm
from mercato.data.quality.checks import findings_of
from mercato.data.quality.checks.table import Table
from mercato.data.quality.fields import FIELDS_OF, FieldScore, field_scores
from mercato.data.quality.finding import Finding, Health
from mercato.data.quality.flags import IMPORTED, FlagCount, flag_counts
from mercato.data.quality.profiles import newest_alarms
from mercato.data.quality.scoring import PARTS
from mercato.data.quality.set_aside import SetAside, set_aside
from mercato.data.quality.watching import WATCHED
from mercato.data.store import AssetStore

WORST = 10


@dataclass(frozen=True)
class ItemScore:
    item_id: str
    title: str
    score: int
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """Of all products. parts : part → (weight, share of products that meet it)"""

    items: int
    mean: float
    parts: Mapping[str, tuple[int, float]]
    histogram: tuple[int, ...]
    worst: tuple[ItemScore, ...]


@dataclass(frozen=True)
class QualityReport:
    """now : the shop's time; scores : None of a shop without products"""

    now: datetime
    findings: tuple[Finding, ...]
    alarms: tuple[Alarm, ...]
    set_aside: tuple[SetAside, ...]
    fields: tuple[FieldScore, ...]
    scores: Scores | None
    flags: tuple[FlagCount, ...]

    def count(self, health: Health) -> int:
        return sum(finding.health is health for finding in self.findings)

    def passes(self, *, strict: bool) -> bool:
        """Whether no check failed; with ``strict``, also that nothing warns and no alarm stands."""
        if self.count(Health.FAILED):
            return False
        return not strict or not (self.alarms or self.count(Health.WARNING))

    def to_json(self) -> dict[str, Any]:
        return {
            "now": self.now.isoformat(),
            "findings": [each.to_json() for each in self.findings],
            "alarms": [each.to_json() for each in self.alarms],
            "quarantine": [each.to_json() for each in self.set_aside],
            "fields": [each.to_json() for each in self.fields],
            "scores": None if self.scores is None else _scores_json(self.scores),
            "flags": [each.to_json() for each in self.flags],
        }


def _scores_json(scores: Scores) -> dict[str, Any]:
    return {
        "items": scores.items,
        "mean": round(scores.mean, 2),
        "parts": {
            name: {"weight": weight, "met": round(met, 4)}
            for name, (weight, met) in scores.parts.items()
        },
        "worst": [
            {
                "item_id": each.item_id,
                "title": each.title,
                "score": each.score,
                "lacks": list(each.lacks),
            }
            for each in scores.worst
        ],
    }


def quality_report(
    store: AssetStore,
    settings: Settings,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> QualityReport:
    """Run every check on the newest versions.

    now : the shop's time. Raises NotFound where nothing was ever imported.
    """
    shown = progress or Silent()
    versions = {name: version for name in ASSETS if (version := store.version(name)) is not None}
    if not versions:
        raise NotFound("assets to check", "none", "Import something: mercato import DIR --items F")
    findings: list[Finding] = []
    fields: list[FieldScore] = []
    sound: set[str] = set()
    with open_engine() as engine:
        for table in _tables(engine, store, versions, settings, now):
            with shown.step(f"Checking {table.asset.name}"):
                found = tuple(findings_of(table))
                findings += found
                if table.count and not any(_breaks_scores(each) for each in found):
                    sound.add(table.asset.name)
                    fields += _fields(table)
    return QualityReport(
        now=now,
        findings=tuple(findings),
        alarms=tuple(alarm for name in WATCHED for alarm in newest_alarms(store, name)),
        set_aside=set_aside(store),
        fields=tuple(fields),
        scores=_scores(store, settings, shown) if "items" in sound else None,
        flags=flag_counts(store, settings, shown) if sound.issuperset(_watched(versions)) else (),
    )


def _tables(
    engine: Engine,
    store: AssetStore,
    versions: Mapping[str, int],
    settings: Settings,
    now: datetime,
) -> Iterator[Table]:
    """Each asset at its version, with all others beside it."""
    rows = {
        name: engine.files(store.files(name, version), ASSETS[name].schema)
        for name, version in versions.items()
    }
    for name, version in versions.items():
        yield Table(
            engine=engine,
            store=store,
            asset=ASSETS[name],
            version=version,
            rows=rows[name],
            count=engine.count(rows[name]),
            others=rows,
            now=now,
            settings=settings.quality,
        )


def _fields(table: Table) -> list[FieldScore]:
    if table.asset.name not in FIELDS_OF:
        return []
    return field_scores(table.engine, table.asset, table.rows)


def _breaks_scores(finding: Finding) -> bool:
    """Without its columns or its keys a table cannot be scored."""
    return finding.health is Health.FAILED and finding.check in ("schema", "unique")


def _watched(versions: Mapping[str, int]) -> set[str]:
    """What was imported and flags are about; it must be sound to be judged as a whole."""
    return {name for name in IMPORTED if name in versions}


def _scores(store: AssetStore, settings: Settings, progress: Progress) -> Scores | None:
    """From the derived asset, which is made where the products changed."""
    made = derive(store, ["item_quality"], settings=settings, progress=progress)["item_quality"]
    if not len(made):
        return None
    with open_engine() as engine:
        scored = engine.arrow(made)
        files = store.files("items")
        titles = engine.files(files, ASSETS["items"].schema).select(item_id=c.ID, title=c.TITLE)
        worst = scored.order_by(["score", "item_id"]).limit(WORST).left_join(titles, "item_id")
        rows = engine.table(worst.drop("item_id_right"), order_by=["score", "item_id"]).to_pylist()
        totals = engine.table(
            scored.aggregate(
                mean=scored.score.mean(),
                **{f"lacks_{part.name}": scored.lacks.contains(part.name).sum() for part in PARTS},
                **{f"tenth_{n}": _in_tenth(scored, n).sum() for n in range(10)},
            )
        ).to_pylist()[0]
    items = len(made)
    return Scores(
        items=items,
        mean=totals["mean"],
        parts={p.name: (p.weight, 1 - totals[f"lacks_{p.name}"] / items) for p in PARTS},
        histogram=tuple(totals[f"tenth_{n}"] for n in range(10)),
        worst=tuple(
            ItemScore(row["item_id"], row["title"] or "", row["score"], tuple(row["lacks"]))
            for row in rows
        ),
    )


def _in_tenth(scored: ibis.Table, tenth: int) -> ibis.Value:
    """Scores of 0 to 9, 10 to 19, …, 90 to 100."""
    return ibis.least((scored.score / 10).floor(), 9) == tenth
