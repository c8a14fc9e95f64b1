"""`mercato check`: whether a shop's data can be trusted, with exit codes for CI."""

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mercato.cli.alarms import print_alarms
from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import opened_state
from mercato.core.errors import Busy, WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.data.quality.report import QualityReport, Scores

EXAMPLE = "Example: mercato check my-shop --strict --html quality.html"


class ReportLanguage(StrEnum):
    EN = "en"
    ZH = "zh"


def command(
    folder: ShopFolder,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report with plots, in one file.")
    ] = None,
    language: Annotated[
        ReportLanguage | None, typer.Option(help="Of the report; else the shop's own.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings and alarms count as failures.")
    ] = False,
    monitors: Annotated[
        bool,
        typer.Option("--monitors", help="Only look at what was served, as servers do once a day."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every asset; show the quarantine, the newest imports' alarms, flags and scores.

    Checks are run on the newest version of each asset: its schema, unique keys, the ranges and
    accepted values of every row, ids that other assets must know, age and volume. Alarms are those
    of the newest import, and of monitors of what was served: scores, calibration and conversion by
    placement, and features (docs/learning.md). Exits with 0 where all is well, with 1 where a check
    failed (with --strict also where one warns or an alarm stands), with 2 where it was used
    wrongly.
    """
    if language is not None and html is None:
        raise WrongUse("--language together with --html FILE", "--language alone", f"{EXAMPLE}.")
    if monitors and html is not None:
        raise WrongUse("--monitors or --html FILE", "both", "Say one of them.")
    if monitors:
        _monitored(folder, strict=strict, as_json=as_json)
        return
    # Imported late, so that --help answers at once.
    from mercato.data.quality.report import quality_report
    from mercato.data.store import AssetStore
    from mercato.operating.monitoring.monitors import monitor

    paths = ShopPaths(folder)
    settings = load_settings(paths.settings)
    with shown() as progress:
        report = quality_report(
            AssetStore(paths.assets), settings, now=shop_time(paths), progress=progress
        )
        with progress.step("Looking at what was served"), opened_state(folder) as state:
            report = replace(report, alarms=report.alarms + monitor(paths, state).alarms)
        if html is not None:
            with progress.step(f"Writing {html}"):
                _write(paths, report, html, language.value if language else settings.shop.language)
    if as_json:
        print_json(report.to_json())
    else:
        _show(report)
    if not report.passes(strict=strict):
        raise typer.Exit(1)


def _monitored(folder: Path, *, strict: bool, as_json: bool) -> None:
    """Raises Busy while another process looks."""
    from mercato.operating.monitoring.monitors import monitor

    with opened_state(folder) as state, state.alone("monitoring") as ours:
        if not ours:
            raise Busy("one process that monitors", "another one at it", "Wait until it is done.")
        found = monitor(ShopPaths(folder), state)
    if as_json:
        print_json(found.to_json())
    else:
        print_alarms(found.alarms)
        say(f"{len(found.alarms)} alarms")
    if strict and found.alarms:
        raise typer.Exit(1)


def shop_time(paths: ShopPaths) -> datetime:
    """Now; or where a release stands whose log ended earlier, the time that goes on from there."""
    from mercato.data.releases import ReleaseStore
    from mercato.shop.clock import Clock

    now = datetime.now(UTC)
    releases = ReleaseStore(paths.releases)
    number = releases.current()
    if number is None:
        return now
    manifest = releases.manifest(number)
    made_at = datetime.fromisoformat(manifest.created_at)
    clock = Clock(manifest.as_of, _microseconds(made_at))
    return datetime.fromtimestamp(clock.now(_microseconds(now)) / 1e6, UTC)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _write(paths: ShopPaths, report: "QualityReport", file: Path, language: str) -> None:
    from mercato.web.quality.page import quality_page

    text = quality_page(paths, load_settings(paths.settings), report, language)
    file.write_text(text, encoding="utf-8")


def _show(report: "QualityReport") -> None:
    print_table(
        ("asset", "check", "health", "found", "expected", "remedy"),
        [
            (each.asset, each.check, each.health.value, each.found, each.expected, each.remedy)
            for each in report.findings
        ],
    )
    print_alarms(report.alarms)
    if report.set_aside:
        print_table(
            ("asset", "in quarantine by", "rows", "for example at", "found"),
            [
                (each.asset, each.check, f"{each.rows:,}", first.place, first.value)
                for each in report.set_aside
                for first in each.examples[:1]
            ],
            right=("rows",),
        )
    print_table(
        ("asset", "field", "filled", "valid", "distinct"),
        [
            (of.asset, of.column, f"{of.filled:.1%}", _percent(of.valid), f"{of.distinct:,}")
            for of in report.fields
        ],
        right=("filled", "valid", "distinct"),
    )
    if report.scores is not None:
        _show_scores(report.scores)
    if report.flags:
        print_table(
            ("asset", "what is odd", "rows", "for example", "meaning"),
            [(of.asset, of.flag, f"{of.rows:,}", of.example, of.meaning) for of in report.flags],
            right=("rows",),
        )
    counts = {"failed": 0, "warning": 0, "ok": 0}
    for each in report.findings:
        counts[each.health.value] += 1
    said = ", ".join(f"{count} {health}" for health, count in counts.items())
    say(f"{said}; {len(report.alarms)} alarms")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _show_scores(scores: "Scores") -> None:
    print_table(
        ("part of a product's score", "weight", "met by"),
        [
            *((name, weight, f"{met:.1%}") for name, (weight, met) in scores.parts.items()),
            (f"mean of {scores.items:,} products", 100, f"{scores.mean:.1f}"),
        ],
        right=("weight", "met by"),
    )
    print_table(
        ("worst products", "title", "score", "lacks"),
        [(each.item_id, each.title, each.score, ", ".join(each.lacks)) for each in scores.worst],
        right=("score",),
    )
