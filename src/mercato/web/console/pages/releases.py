"""Releases: what each learned and how well it answers, two beside each other, publish and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from mercato.core.errors import BadInput
from mercato.core.outcomes import Outcome
from mercato.core.roles import Permission
from mercato.models.curves import Curve
from mercato.operating.learning.book import RoundBook
from mercato.shop.experiments.keeping import begin_experiment
from mercato.shop.publishing import Estimate, Release, publish, releases, roll_back
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.console.figures import Figure, Kind, Measure
from mercato.web.console.pages.experiments import PATH as EXPERIMENTS
from mercato.web.forms import require

PATH = f"{ROOT}/releases"

_ROUNDS = 10
_TRY_PERCENT = 10
_POINTS = 50
"""Of a curve."""

_FEWEST_UNITS = 100
"""That an experiment may be planned with."""


@dataclass(frozen=True)
class Compared:
    """A metric of two releases, and of the best of what needs no learning.

    better : whether the whole interval of one lies above the other's: ``one``, ``other`` or empty
    most   : the end of the scale on which their intervals are drawn
    """

    metric: str
    one: Estimate | None
    other: Estimate | None
    baseline: Estimate | None
    baseline_name: str
    better: str
    most: float


@dataclass(frozen=True)
class Learned:
    """A round of learning, see docs/learning.md."""

    number: int
    stage: str
    candidate: int | None
    reason: str


@dataclass(frozen=True)
class ReleasesPage:
    """one, other : numbers of those that are compared; other is None where there is only one
    steps : build step → its seconds, of ``one``, the longest first
    watt_hours : that the machine used for them; None where it counts none
    curves : figure → what it shows, of what was learned step by step
    rounds : of learning from feedback, the newest first
    """

    template: ClassVar[str] = "console/releases.html"
    releases: tuple[Release, ...]
    one: int | None
    other: int | None
    compared: tuple[Compared, ...]
    protocol: str
    steps: tuple[tuple[str, float], ...]
    watt_hours: float | None
    curves: Mapping[str, str]
    rounds: tuple[Learned, ...]
    may_publish: bool
    may_roll_back: bool
    may_try: bool
    try_percent: int


def models(ask: Ask) -> Page:
    """Parameters: ``one`` and ``other``, numbers of releases; the live one and the one before."""
    found = releases(ask.shop)
    by_number = {each.number: each for each in found}
    one = _number(ask, "one", by_number, next((n.number for n in found if n.current), None))
    before = next((each.number for each in found if one is not None and each.number < one), None)
    other = _number(ask, "other", by_number, before)
    shown, beside = by_number.get(one or 0), by_number.get(other or 0)
    compared = _compared(shown, beside)
    may = Permission.RELEASES in ask.may
    curves = _curves(ask, shown, beside)
    context = ReleasesPage(
        releases=tuple(found),
        one=one,
        other=other,
        compared=compared,
        protocol="" if shown is None else shown.protocol,
        steps=() if shown is None else tuple(sorted(shown.seconds.items(), key=lambda e: -e[1])),
        watt_hours=None if shown is None or shown.joules is None else shown.joules / 3_600,
        curves={name: figure.unit for name, figure in curves.items()},
        rounds=tuple(
            Learned(each.number, each.stage, each.candidate, each.reason)
            for each in RoundBook(ask.shop.state, "console").rounds()[:_ROUNDS]
        ),
        may_publish=may,
        may_try=Permission.EXPERIMENTS in ask.may,
        try_percent=round(100 * ask.shop.settings.learn.canary_share) or _TRY_PERCENT,
        may_roll_back=may and before is not None and shown is not None and shown.current,
    )
    return Page(context, _figures(ask, compared, one, other) | curves)


def _number(ask: Ask, name: str, known: dict[int, Release], default: int | None) -> int | None:
    text = ask.query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) in known):
        numbers = ", ".join(map(str, known))
        raise BadInput(f"{name} as a release out of {numbers}", repr(text), "Choose one.")
    return int(text)


def _compared(one: Release | None, other: Release | None) -> tuple[Compared, ...]:
    ours = {} if one is None else one.metrics
    theirs = {} if other is None else other.metrics
    return tuple(
        _of_metric(metric, ours.get(metric), theirs.get(metric), one or other)
        for metric in dict.fromkeys([*ours, *theirs])
    )


def _of_metric(
    metric: str, one: Estimate | None, other: Estimate | None, release: Release | None
) -> Compared:
    baseline, name = _baseline(release, metric)
    most = max((each.high for each in (one, other, baseline) if each is not None), default=0.0)
    return Compared(metric, one, other, baseline, name, _better(one, other), most or 1.0)


def _baseline(release: Release | None, metric: str) -> tuple[Estimate | None, str]:
    """The best of the baselines that were measured on the same."""
    named = () if release is None else release.baselines.items()
    found = [(each[metric], name) for name, each in named if metric in each]
    return max(found, key=lambda pair: pair[0].value, default=(None, ""))


def _better(one: Estimate | None, other: Estimate | None) -> str:
    if one is None or other is None:
        return ""
    if one.low > other.high:
        return "one"
    return "other" if other.low > one.high else ""


def _figures(
    ask: Ask, compared: tuple[Compared, ...], one: int | None, other: int | None
) -> dict[str, Figure]:
    if not compared:
        return {}
    text = ask.language.text
    names = [text("console.search.against_release", name=n) for n in (one, other) if n is not None]
    rows = tuple(
        (each.metric, *map(_value, (each.one, each.other)[: len(names)])) for each in compared
    )
    columns = (text("console.releases.metric"), *names)
    says = text("console.releases.says", names=", ".join(names))
    return {"metrics": Figure(Kind.BARS, Measure.NUMBER, columns, rows, says)}


def _curves(ask: Ask, one: Release | None, other: Release | None) -> dict[str, Figure]:
    """A figure for each curve of one release, with that of the other beside it."""
    if one is None:
        return {}
    theirs = {} if other is None else other.curves
    found = [
        _curve(ask, learner, curve, theirs.get(learner, ()), one, other)
        for learner, curves in one.curves.items()
        for curve in curves
    ]
    return {f"curve-{at}": figure for at, figure in enumerate(found)}


def _curve(
    ask: Ask,
    learner: str,
    curve: Curve,
    theirs: Sequence[Curve],
    one: Release,
    other: Release | None,
) -> Figure:
    text = ask.language.text
    shown = {one.number: curve}
    like = next((each for each in theirs if each.name == curve.name), None)
    if like is not None and other is not None:
        shown[other.number] = like
    most = max(len(each.values) for each in shown.values())
    rows = tuple(
        (at + 1, *(each.values[at] if at < len(each.values) else None for each in shown.values()))
        for at in range(0, most, max(most // _POINTS, 1))
    )
    columns = (curve.each, *(text("console.search.against_release", name=n) for n in shown))
    title = f"{learner}: {curve.name}"
    says = text("console.releases.curve_says", name=title, last=f"{curve.values[-1]:.4g}")
    return Figure(Kind.CURVES, Measure.NUMBER, columns, rows, says, title)


def _value(found: Estimate | None) -> float | None:
    return None if found is None else found.value


def publish_release(ask: Ask) -> Redirect:
    """``POST /console/releases/publish``: release."""
    publish(ask.shop, _whole(ask, "release"), ask.by)
    return Redirect(PATH, "published")


def try_release(ask: Ask) -> Redirect:
    """``POST /console/releases/try``: release, share (in per cent of shoppers). A canary: it is an
    experiment, so that what comes of it stands beside the live release, and it stops where it
    hurts."""
    number, share = _whole(ask, "release"), _whole(ask, "share")
    document = {
        "name": f"try-release-{number}-{ask.shop.wall() // 1_000_000}",
        "description": ask.language.text("console.releases.tried", number=number),
        "goal": str(Outcome.CLICK_RATE),
        # As many are compared with as are served by it, as far as there are others.
        "share": min(2 * share / 100, 1.0),
        "planned_units": max(ask.shop.settings.learn.canary_units, _FEWEST_UNITS),
        "arms": [
            {"name": "control", "share": 0.5},
            {"name": "candidate", "share": 0.5, "changes": {"release": number}},
        ],
    }
    made = begin_experiment(ask.shop, document, ask.by)
    return Redirect(f"{EXPERIMENTS}?{urlencode({'name': made.name})}", "begun")


def _whole(ask: Ask, name: str) -> int:
    text = require(ask.form, name)
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10):
        raise BadInput(f"a whole number as {name}", repr(text), "Write it like 10.")
    return int(text)


def go_back(ask: Ask) -> Redirect:
    """``POST /console/releases/rollback``."""
    roll_back(ask.shop, ask.by)
    return Redirect(PATH, "rolled_back")
