"""`mercato evaluate`: how good the answers are, with intervals and baselines."""

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mercato.cli.arguments import AsJson, ShopFolder, parse_time
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from mercato.evaluation.intervals import Estimate
    from mercato.evaluation.report import Report

EXAMPLE = "Example: mercato evaluate my-shop --split 2017-12-01 --end 2018-01-01"


class Gain(StrEnum):
    EXP = "exp"
    EXP1 = "exp1"


def command(
    folder: ShopFolder,
    split: Annotated[
        str | None,
        typer.Option(metavar="TS", help="Learn up to here, ask what was bought from here on."),
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="TS", help="With --split: look no further than this.")
    ] = None,
    judgments: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ask its queries: query,item_id,grade.")
    ] = None,
    gain: Annotated[
        Gain, typer.Option(help="Worth of a grade g: 2^g - 1, or 2^(g-1) - 1 where 1 is nothing.")
    ] = Gain.EXP,
    as_json: AsJson = False,
) -> None:
    """Measure what is served: shelves over a split in time, or search over judgments."""
    if (split is None) == (judgments is None):
        found = "neither" if split is None else "both"
        raise WrongUse("either --split TS or --judgments FILE", found, f"{EXAMPLE}.")
    if split is not None:
        report = _over_time(folder, split, end)
    else:
        assert judgments is not None
        report = _over_judgments(folder, judgments, gain)
    if as_json:
        print_json(report.to_json())
    else:
        _show(report)


def _over_time(folder: Path, split: str, end: str | None) -> "Report":
    # Imported late, so that --help answers at once.
    from mercato.training.build import evaluate_split

    moment = parse_time("--split", split)
    until = parse_time("--end", end) if end else None
    on_record(folder, "evaluate", ("events",), purpose="evaluate")
    with shown() as progress:
        return evaluate_split(folder, split=moment, end=until, progress=progress)


def _over_judgments(folder: Path, file: Path, gain: Gain) -> "Report":
    from mercato.training.build import evaluate_judgments

    table = _read_judgments(ShopPaths(folder), file)
    with shown() as progress:
        return evaluate_judgments(folder, judgments=table, gain=gain.value, progress=progress)


def _read_judgments(paths: ShopPaths, file: Path) -> "pa.Table":
    """A file of judgments, checked as an import checks it, but kept nowhere."""
    from mercato.data.importing import import_judgments
    from mercato.data.store import AssetStore

    with tempfile.TemporaryDirectory(prefix="mercato-") as scratch:
        store = AssetStore(Path(scratch))
        import_judgments(store, [file], settings=load_settings(paths.settings))
        return store.read("judgments")


def _show(report: "Report") -> None:
    say(f"{report.protocol}; {', '.join(f'{name}: {n:,}' for name, n in report.n.items())}")
    columns = {"served": report.metrics, **report.baselines}
    rows = [
        (metric, *(_cell(found.get(metric)) for found in columns.values()))
        for metric in report.metrics
    ]
    print_table(("metric", *columns), rows, right=tuple(columns))


def _cell(estimate: "Estimate | None") -> str:
    """``0.3226 (0.3120–0.3330)``"""
    if estimate is None:
        return ""
    return f"{estimate.value:.4f} ({estimate.low:.4f}–{estimate.high:.4f})"
