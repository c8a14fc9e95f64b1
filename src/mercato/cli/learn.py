"""`mercato learn`: from feedback to a release that goes out, or comes back, by itself."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.alarms import print_alarms
from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.build import INTERRUPTED, check_room
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record, opened_state, who
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from mercato.operating.learning.round import Round

EXAMPLE = "Example: mercato learn my-shop --once"


def command(
    folder: ShopFolder,
    once: Annotated[
        bool, typer.Option("--once", help="Do not wait for shoppers; call again later.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Only show the rounds so far, and what drifts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Learn from what shoppers did, and let a release go out, or come back, by itself.

    New events and answers go into the assets; a candidate is built, stands beside the published
    release on days that are news to both, is served to a share of shoppers ([learn] in shop.toml),
    and is published, or rolled back and marked. Once published it is looked after, and comes back
    where it does worse than the release before. Each step is written down first, so that a call
    goes on where the last one was stopped. Exits with 0 where a release was published, there was
    nothing new, or shoppers are waited for; with 1 where the candidate was rolled back.
    """
    if once and status:
        raise WrongUse("--once or --status", "both", "Say one of them.")
    if status:
        _show_status(folder, as_json)
        return
    ended = _run(folder, once)
    if as_json:
        print_json(_told(ended))
    else:
        say(_said(ended))
    if ended.stage == "rolled back":
        raise typer.Exit(1)


def _run(folder: "Path", once: bool) -> "Round":
    # Imported late, so that --help answers at once.
    from mercato.operating.learning.learn import learn

    paths = ShopPaths(folder)
    load_settings(paths.settings)
    check_room(paths.assets)
    on_record(folder, "learn", ("events", "answers"), purpose="learn")
    with shown() as progress:
        try:
            return learn(folder, actor=who(), once=once, progress=progress)
        except KeyboardInterrupt:
            say(f"Stopped. What was finished is kept; this goes on: mercato learn {folder}")
            raise typer.Exit(INTERRUPTED) from None


def _said(ended: "Round") -> str:
    name = f"Round {ended.number}"
    if ended.is_over:
        release = "" if ended.candidate is None else f" release {ended.candidate}"
        return f"{name}:{release} {ended.stage}: {ended.reason}."
    where = "is published and looked after" if ended.stage == "watch" else "is in its canary"
    return f"{name}: release {ended.candidate} {where}; mercato learn DIR --status shows how."


def _told(ended: "Round") -> dict[str, Any]:
    return ended.to_json()


def _show_status(folder: "Path", as_json: bool) -> None:
    from mercato.operating.learning.status import status_of

    paths = ShopPaths(folder)
    with opened_state(folder) as state:
        found = status_of(state, load_settings(paths.settings).learn)
    if as_json:
        print_json(found.to_json())
        return
    print_table(
        ("round", "begun (UTC)", "candidate", "stage", "reason"),
        [
            (each.number, _moment(each.begun_at), each.candidate, each.stage, each.reason)
            for each in found.rounds
        ],
        right=("round", "candidate"),
    )
    if found.look is not None:
        _show_look(found.look)
    if found.monitored is not None:
        print_alarms(found.monitored.alarms)
        say(f"{len(found.monitored.alarms)} alarms of monitors at {_moment(found.monitored.at)}.")


def _show_look(look: dict[str, Any]) -> None:
    print_table(
        (f"metric of the {look.get('stage', 'canary')}", "control", "candidate", "difference"),
        [
            (name, f"{each['control']:.4f}", f"{each['candidate']:.4f}", _interval(each))
            for name, each in look["metrics"].items()
        ],
        right=("control", "candidate"),
    )
    counted = ", ".join(f"{count:,} of {name}" for name, count in look["shoppers"].items())
    say(f"Shoppers: {counted}. {look['reason']}.")


def _interval(metric: dict[str, Any]) -> str:
    if metric["low"] is None:
        return f"{metric['difference']:+.4f}"
    return f"{metric['difference']:+.4f} ({metric['low']:+.4f} to {metric['high']:+.4f})"


def _moment(microseconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
