"""Experiments: what each compares, what came of it at its last look, and who decided what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from mercato.core.errors import BadInput, NotReady
from mercato.core.outcomes import HIGHER_IS_BETTER, Outcome
from mercato.core.roles import Permission
from mercato.data.store import AssetStore
from mercato.operating.experiments.planning import Asked, plan_on_sums
from mercato.shop.experiments.definition import Definition, Status
from mercato.shop.experiments.keeping import (
    begin_experiment,
    end_experiment,
    experiment,
    experiments_of,
    stop_experiment,
    widen,
)
from mercato.shop.revisions import revision_of
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.forms import require

PATH = f"{ROOT}/experiments"

CHANGES = ("release", "variety", "new_items", "explore", "price_fit", "semantic_weight")
"""That a variant begun here may make; all others through the API."""

_VARIANT = "variant"


@dataclass(frozen=True)
class Line:
    """One experiment in the list. verdict : of its last look, a word for each variant"""

    name: str
    status: str
    goal: str
    share: float
    verdicts: tuple[str, ...]
    url: str
    chosen: bool


@dataclass(frozen=True)
class Effect:
    """What a variant does to a metric: low and high hold at every look at once; None as long as
    too little is known.

    left, right, middle : the interval on a scale from -100 to 100 that all of the variant share
    sure : better, worse, or empty while the interval holds 0
    """

    metric: str
    is_goal: bool
    control: float
    variant: float
    difference: float
    low: float | None
    high: float | None
    left: float
    right: float
    middle: float
    sure: str


@dataclass(frozen=True)
class Segment:
    """The goal in one segment at the last look; nothing is decided by it.

    by      : shopper, channel or rfm
    segment : None of all that are too small to be shown
    units   : of the control and of the variant
    """

    by: str
    segment: str | None
    units: tuple[int, int]
    effect: Effect


@dataclass(frozen=True)
class Read:
    """A variant at the last look."""

    arm: str
    changes: str
    verdict: str
    reason: str
    effects: tuple[Effect, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Decided:
    """One change of the experiment, as the log of decisions has it."""

    at: datetime
    by: str
    action: str
    what: str


@dataclass(frozen=True)
class Shown:
    """units : of each arm; mismatch : whether arms have other shares than designed
    planned : units of the control and one variant together
    """

    name: str
    description: str
    status: str
    reason: str
    goal: str
    guardrails: tuple[tuple[str, float], ...]
    share: float
    planned: int
    units: tuple[tuple[str, int], ...]
    mismatch: bool
    looked_at: str
    read: tuple[Read, ...]
    decided: tuple[Decided, ...]
    revision: str


@dataclass(frozen=True)
class Needed:
    """What the newest weeks, as they were last summed up, say that an experiment would take.

    value : of the goal now; effect : that is to be found, as a share of it
    a_day : new shoppers; units : of the control and the variant together; days : until those came
    detectable : the least effect that 28 days would show, as a share
    """

    value: float
    effect: float
    a_day: float
    units: int
    days: float | None
    detectable: float


@dataclass(frozen=True)
class Draft:
    """What the form of a new experiment begins with; share and effect in per cent.

    lacking : why it cannot be said what it would take, in English; empty where it can
    """

    goal: str
    effect: float
    share: float
    needed: Needed | None = None
    lacking: str = ""


@dataclass(frozen=True)
class ExperimentsPage:
    """shown : the one that was asked for, or else the newest that runs
    draft : with what it would take, where that was asked for
    """

    template: ClassVar[str] = "console/experiments.html"
    lines: tuple[Line, ...]
    shown: Shown | None
    may_change: bool
    draft: Draft
    goals: tuple[str, ...] = tuple(Outcome)
    changes: tuple[str, ...] = CHANGES


def experiments(ask: Ask) -> Page:
    """Parameters: ``name``; ``goal``, ``effect`` and ``share`` (in per cent) to be told what an
    experiment would take, which needs `Permission.EXPERIMENTS`."""
    found = experiments_of(ask.shop.state)
    readings = {each.experiment: each.reading for each in ask.shop.state.readings.all()}
    name = ask.query.get("name", "")
    running = [each.name for each in found if each.status is Status.RUNNING]
    chosen = name or next(iter([*running, *(each.name for each in found)]), "")
    shown = experiment(ask.shop.state, chosen) if chosen else None
    context = ExperimentsPage(
        lines=tuple(_line(each, readings.get(each.name), chosen) for each in found),
        shown=None if shown is None else _shown(ask, shown, readings.get(chosen) or {}),
        may_change=Permission.EXPERIMENTS in ask.may,
        draft=_draft(ask),
    )
    return Page(context)


def _draft(ask: Ask) -> Draft:
    goal = ask.query.get("goal", str(Outcome.CONVERSION))
    if goal not in list(Outcome):
        raise BadInput(f"a goal out of {', '.join(Outcome)}", repr(goal), "Choose one.")
    effect, share = (_asked(ask, name, to) for name, to in (("effect", 5.0), ("share", 20.0)))
    draft = Draft(goal, effect, share)
    if "effect" not in ask.query or Permission.EXPERIMENTS not in ask.may:
        return draft
    wanted = Asked(Outcome(goal), effect / 100, share=share / 100)
    try:
        found = plan_on_sums(AssetStore(ask.shop.paths.assets), wanted)
    except NotReady as error:
        lacking = f"Expected {error.expected}, found {error.found}. {error.remedy}"
        return replace(draft, lacking=lacking)
    return replace(
        draft,
        needed=Needed(
            found.value,
            effect / 100,
            found.shoppers_a_day,
            found.planned_units,
            found.days,
            found.detectable,
        ),
    )


def _asked(ask: Ask, name: str, default: float) -> float:
    text = ask.query.get(name, "")
    try:
        found = float(text) if text else default
    except ValueError:
        found = 0.0
    if not 0 < found <= 100:
        raise BadInput(f"{name} in per cent, above 0 up to 100", repr(text), "Write it like 5.")
    return found


def _url(name: str) -> str:
    return f"{PATH}?{urlencode({'name': name})}"


def _line(found: Definition, reading: Mapping[str, Any] | None, chosen: str) -> Line:
    variants = (reading or {}).get("variants") or ()
    return Line(
        found.name,
        found.status,
        found.goal,
        found.share,
        tuple(each["verdict"] for each in variants),
        _url(found.name),
        found.name == chosen,
    )


def _shown(ask: Ask, found: Definition, reading: Mapping[str, Any]) -> Shown:
    changes = {arm.name: arm.changes.to_json() for arm in found.arms}
    return Shown(
        name=found.name,
        description=found.description,
        status=found.status,
        reason=found.reason or "",
        goal=found.goal,
        guardrails=tuple((each.metric, each.margin) for each in found.guardrails),
        share=found.share,
        planned=found.planned_units,
        units=tuple((reading.get("units") or {}).items()),
        mismatch=bool(reading.get("mismatch")),
        looked_at=str(reading.get("looked_at") or ""),
        read=tuple(
            Read(
                each["arm"],
                _told(changes.get(each["arm"], {})),
                each["verdict"],
                each["reason"],
                tuple(_effects(each["metrics"], found.goal)),
                tuple(_segments(each["arm"], reading.get("segments") or (), found.goal)),
            )
            for each in reading.get("variants") or ()
        ),
        decided=tuple(_decided(ask, found.name)),
        revision=revision_of(found.to_json()),
    )


def _told(changes: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in changes.items())


def _segments(arm: str, told: Sequence[Mapping[str, Any]], goal: str) -> Iterator[Segment]:
    for each in told:
        if each["arm"] == arm:
            (effect,) = _effects([each["metric"]], goal)
            control, variant = each["units"]
            yield Segment(each["by"], each["segment"], (control, variant), effect)


def _effects(metrics: Sequence[Mapping[str, Any]], goal: str) -> Iterator[Effect]:
    """On one scale: differences as shares of the control's value."""
    for each in metrics:
        control, low, high = each["control"], each["low"], each["high"]
        scale = abs(control) or 1.0
        known = low is not None and high is not None
        left, right = (_place(low / scale), _place(high / scale)) if known else (-100.0, 100.0)
        sure = ""
        if known and (low > 0 or high < 0):
            sure = "better" if (low > 0) == _better_if_higher(each["metric"]) else "worse"
        yield Effect(
            each["metric"],
            each["metric"] == goal,
            control,
            each["variant"],
            each["difference"],
            low,
            high,
            left,
            right,
            _place(each["difference"] / scale),
            sure,
        )


_WIDEST = 0.3
"""Share of the control's value at the end of the scale."""


def _place(share: float) -> float:
    return 100 * max(-1.0, min(1.0, share / _WIDEST))


def _better_if_higher(metric: str) -> bool:
    """Of an interleaving's preference too."""
    return metric not in list(Outcome) or HIGHER_IS_BETTER[Outcome(metric)]


def _decided(ask: Ask, name: str) -> Iterator[Decided]:
    for each in ask.shop.state.decisions.since():
        if each.kind == "experiment" and each.key == name:
            told, before = each.after or {}, each.before or {}
            names = [key for key in told if told[key] != before.get(key)] if before else []
            what = ", ".join(f"{key}: {told[key]}" for key in names if key != "arms")
            at = datetime.fromtimestamp(each.ts / 1e6, UTC)
            yield Decided(at, each.actor, each.action, what)


def begin(ask: Ask) -> Redirect:
    """``POST /console/experiments/begin``: name, description, goal, share (in per cent), planned,
    change (of `CHANGES`) and value."""
    change = require(ask.form, "change")
    if change not in CHANGES:
        raise BadInput(f"a change out of {', '.join(CHANGES)}", repr(change), "Choose one.")
    value = _number(ask, "value")
    document = {
        "name": require(ask.form, "name"),
        "description": ask.form.get("description", ""),
        "goal": require(ask.form, "goal"),
        "share": _number(ask, "share") / 100,
        "planned_units": round(_number(ask, "planned")),
        "arms": [
            {"name": "control", "share": 0.5},
            {
                "name": _VARIANT,
                "share": 0.5,
                "changes": {change: round(value) if change == "release" else value},
            },
        ],
    }
    made = begin_experiment(ask.shop, document, ask.by)
    return Redirect(_url(made.name), "begun")


def conclude(ask: Ask) -> Redirect:
    """``POST /console/experiments/end``: name, how (stop or end), reason, revision."""
    name, reason = require(ask.form, "name"), require(ask.form, "reason")
    over = stop_experiment if ask.form.get("how") == "stop" else end_experiment
    over(ask.shop.state, name, reason, ask.by, seen=ask.form.get("revision") or None)
    ask.shop.refresh()
    return Redirect(_url(name), "concluded")


def widen_it(ask: Ask) -> Redirect:
    """``POST /console/experiments/widen``: name, share (in per cent), revision."""
    name, seen = require(ask.form, "name"), ask.form.get("revision") or None
    widen(ask.shop.state, name, _number(ask, "share") / 100, ask.by, seen=seen)
    ask.shop.refresh()
    return Redirect(_url(name), "widened")


def _number(ask: Ask, name: str) -> float:
    text = require(ask.form, name)
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"a number as {name}", repr(text), "Write it like 10 or 0.3.") from None
