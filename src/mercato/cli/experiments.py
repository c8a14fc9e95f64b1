"""`mercato experiments`: plan one, begin it, read it, stop or end it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder, parse_time
from mercato.cli.opened import opened_shop
from mercato.cli.output import print_json, print_table, say
from mercato.cli.recording import on_record, opened_state, who
from mercato.core.errors import BadInput, NotFound, WrongUse
from mercato.core.outcomes import Outcome
from mercato.core.paths import ShopPaths

if TYPE_CHECKING:
    from mercato.evaluation.experiments.reading import MetricRead
    from mercato.operating.experiments.holdout import HoldoutReading
    from mercato.operating.experiments.reading import Reading
    from mercato.shop.experiments.definition import Definition
    from mercato.state import State

EXAMPLE = "Example: mercato experiments my-shop plan --goal conversion --effect 0.05"


class Action(StrEnum):
    PLAN = "plan"
    CREATE = "create"
    LIST = "list"
    SHOW = "show"
    WIDEN = "widen"
    STOP = "stop"
    END = "end"
    DELETE = "delete"
    LOOK = "look"
    HOLDOUT = "holdout"


def command(
    folder: ShopFolder,
    action: Annotated[
        Action,
        typer.Argument(
            help="plan: shoppers and days needed; create; list; show: what it came to; widen: let "
            "another --share take part; stop: break it, or one --arm, off; end; delete; look: read "
            "all that run, stop what hurts; holdout: everybody, beside those whom none touches."
        ),
    ] = Action.LIST,
    name: Annotated[str | None, typer.Argument(help="Of the experiment.")] = None,
    definition: Annotated[
        str | None, typer.Option(metavar="JSON", help="What to create: JSON, or a file of it.")
    ] = None,
    arm: Annotated[str | None, typer.Option(help="The variant to stop; without it: all.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is stopped or ended.")] = "by hand",
    share: Annotated[
        float | None,
        typer.Option(metavar="S", help="Of all shoppers that take part (widen, plan)."),
    ] = None,
    goal: Annotated[Outcome, typer.Option(help="What is to change (plan).")] = Outcome.CONVERSION,
    effect: Annotated[
        float,
        typer.Option(metavar="E", help="The least change worth finding, 0.05 for 5% (plan)."),
    ] = 0.05,
    variants: Annotated[int, typer.Option(metavar="N", help="Beside the control (plan).")] = 1,
    days: Annotated[
        int, typer.Option(metavar="N", help="Newest days of the log that are looked at (plan).")
    ] = 28,
    power: Annotated[
        float, typer.Option(metavar="P", help="The chance to find the effect (plan).")
    ] = 0.8,
    until: Annotated[
        str | None, typer.Option(metavar="TS", help="Look at the days before this time (plan).")
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only unless another process is at it (look).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Plan, begin, read and end experiments: A/B, interleaving of searches, bandits on shelves.
    Servers follow within a second. See docs/experiments.md."""
    if action is Action.PLAN:
        from mercato.operating.experiments.planning import Asked

        asked = Asked(goal, effect, variants, 1.0 if share is None else share, days, power)
        _plan(folder, asked, until, as_json)
    elif action is Action.LIST:
        _list(folder, as_json)
    elif action is Action.LOOK:
        _look(folder, due, as_json)
    elif action is Action.HOLDOUT:
        _holdout(folder, as_json)
    elif action is Action.CREATE:
        _create(folder, definition, as_json)
    elif action is Action.SHOW:
        _show(folder, _named(name), as_json)
    else:
        with opened_state(folder) as state:
            _change(state, action, _named(name), arm, reason, share, as_json)


def _named(name: str | None) -> str:
    if name is None:
        raise WrongUse("the name of an experiment", "none", "Write it behind what to do with it.")
    return name


def _plan(folder: Path, asked: Any, until: str | None, as_json: bool) -> None:
    from dataclasses import asdict

    from mercato.data.store import AssetStore
    from mercato.operating.experiments.planning import plan

    moment = None if until is None else parse_time("--until", until)
    on_record(folder, "experiments", ["events", "answers"])
    with opened_state(folder) as state:
        found = plan(AssetStore(ShopPaths(folder).assets), state, asked, moment)
    if as_json:
        print_json(asdict(found))
        return
    print_table(
        ("", ""),
        [
            (f"{found.metric} now", f"{found.value:,.4g}"),
            ("standard deviation of a shopper", f"{found.deviation:,.4g}"),
            ("new shoppers a day", f"{found.shoppers_a_day:,.1f}"),
            ("effect to be found", f"{asked.effect:+.1%}"),
            ("shoppers in control and variant together", f"{found.planned_units:,}"),
            ("days until they are there", "" if found.days is None else f"{found.days:,.1f}"),
            ("what 28 days would find", f"{found.detectable:+.1%}"),
        ],
    )
    say(f'Write "planned_units": {found.planned_units} into the experiment.')


def _create(folder: Path, text: str | None, as_json: bool) -> None:
    import orjson

    from mercato.shop.experiments.keeping import begin_experiment
    from mercato.shop.rules import By

    if text is None:
        raise WrongUse("--definition JSON", "none", "See mercato experiments --help for one.")
    if not text.lstrip().startswith("{"):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except OSError:
            raise NotFound("JSON, or a file of it, after --definition", text, "Mend it.") from None
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput("JSON in --definition", str(error), "Mend it and try again.") from None
    with opened_shop(folder) as shop:
        made = begin_experiment(shop, document, By(who(), "experiments create"))
    _print(made, as_json)


def _change(
    state: "State",
    action: Action,
    name: str,
    arm: str | None,
    reason: str,
    share: float | None,
    as_json: bool,
) -> None:
    from mercato.shop.experiments import keeping
    from mercato.shop.rules import By

    by = By(who(), f"experiments {action}")
    if action is Action.DELETE:
        keeping.delete_experiment(state, name, by)
        say(f"{name} is deleted.")
        return
    if action is Action.WIDEN:
        if share is None:
            raise WrongUse("--share S", "none", "Say which share of all shoppers takes part.")
        changed = keeping.widen(state, name, share, by)
    elif action is Action.END:
        changed = keeping.end_experiment(state, name, reason, by)
    elif arm is not None:
        changed = keeping.stop_arm(state, name, arm, reason, by)
    else:
        changed = keeping.stop_experiment(state, name, reason, by)
    _print(changed, as_json)


def _print(found: "Definition", as_json: bool) -> None:
    if as_json:
        print_json(found.to_json())
    else:
        _table([found])


def _list(folder: Path, as_json: bool) -> None:
    from mercato.shop.experiments.keeping import experiments_of

    with opened_state(folder) as state:
        found = experiments_of(state)
    if as_json:
        print_json([each.to_json() for each in found])
    else:
        _table(found)


def _table(found: "list[Definition]") -> None:
    rows = [
        (
            each.name,
            each.kind,
            each.status,
            each.layer,
            f"{each.begin:g}–{each.begin + each.share:g}",
            ", ".join(f"{arm.name} {arm.share:g}" for arm in each.arms),
            each.goal,
            each.reason,
        )
        for each in found
    ]
    print_table(("name", "kind", "status", "layer", "range", "arms", "goal", "why"), rows)


def _show(folder: Path, name: str, as_json: bool) -> None:
    """Read anew: what is over is read up to its end."""
    from mercato.data.store import AssetStore
    from mercato.operating.experiments.looking import read_now
    from mercato.shop.experiments.keeping import experiment

    on_record(folder, "experiments", ["events", "answers", "users"])
    with opened_state(folder) as state:
        found = experiment(state, name)
        reading = read_now(AssetStore(ShopPaths(folder).assets), state, found)
    if as_json:
        print_json({"experiment": found.to_json(), "reading": _plain(reading)})
        return
    _table([found])
    _print_reading(reading)


def _look(folder: Path, due: bool, as_json: bool) -> None:
    from mercato.core.settings import load_settings
    from mercato.operating.experiments.looking import look_at_all
    from mercato.state import alone

    paths = ShopPaths(folder)
    with alone(load_settings(paths.settings).state.url, folder, "experiments") as ours:
        if due and not ours:
            return
        read = ["events", "answers", "users"]
        on_record(folder, "experiments", read, purpose="experiments")
        found = look_at_all(paths)
    if as_json:
        print_json([_plain(each) for each in found])
        return
    for reading in found:
        _print_reading(reading)


def _holdout(folder: Path, as_json: bool) -> None:
    """Read anew."""
    import time

    from mercato.core.settings import load_settings
    from mercato.data.store import AssetStore
    from mercato.operating.experiments.holdout import look_at_holdout

    paths = ShopPaths(folder)
    share = load_settings(paths.settings).experiments.holdout
    on_record(folder, "experiments", ["events", "answers"])
    with opened_state(folder) as state:
        found = look_at_holdout(AssetStore(paths.assets), state, share, time.time_ns() // 1000)
    if as_json:
        print_json(_plain(found))
        return
    units = ", ".join(f"{arm} {n:,}" for arm, n in found.units.items())
    begun = found.to_json()["begun"]
    say(f"Since {begun}: shoppers: {units}; {share:g} held out: p {found.p_value:.3g}")
    if found.mismatch:
        say("Another share of shoppers is held out than designed: nothing can be said.")
    _print_metrics([("", metric, "") for metric in found.metrics], ("holdout", "everybody else"))


def _plain(reading: "Reading | HoldoutReading") -> Any:
    """What JSON can say: no infinite ends."""
    import orjson

    return orjson.loads(orjson.dumps(reading.to_json()))


def _print_reading(reading: "Reading") -> None:
    units = ", ".join(f"{arm} {n:,}" for arm, n in reading.units.items())
    say(f"{reading.experiment}: shoppers: {units}; shares as designed: p {reading.p_value:.3g}")
    if reading.mismatch:
        say("Arms have other shares of shoppers than designed: nothing can be said.")
    rows = [
        (variant.arm, metric, variant.verdict if at == 0 else "")
        for variant in reading.variants
        for at, metric in enumerate(variant.metrics)
    ]
    _print_metrics(rows, ("control", "variant"))
    for variant in reading.variants:
        say(f"{variant.arm}: {variant.verdict}: {variant.reason}.")
    if reading.segments:
        say("By segment, for questions, not for verdicts:")
        parts = [
            (f"{each.arm}, {each.by}: {each.segment or 'all others'}", each.metric, "")
            for each in reading.segments
        ]
        _print_metrics(parts, ("control", "variant"))


def _print_metrics(rows: "list[tuple[str, MetricRead, str]]", arms: tuple[str, str]) -> None:
    """rows : arm, one of its metrics, verdict"""
    numbers = (*arms, "difference", "95% at every look", "explained by before", "p")
    print_table(
        ("arm", "metric", *numbers, "verdict"),
        [
            (
                arm,
                metric.metric,
                f"{metric.control:.4g}",
                f"{metric.variant:.4g}",
                f"{metric.difference:+.4g}",
                f"{metric.low:+.4g} to {metric.high:+.4g}",
                f"{metric.explained:.1%}",
                f"{metric.p_value:.3g}",
                verdict,
            )
            for arm, metric, verdict in rows
        ],
        right=numbers,
    )
