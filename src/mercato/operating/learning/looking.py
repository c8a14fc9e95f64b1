"""One look at a release that shoppers are served: before it is published, and after."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mercato.core.errors import BadInput
from mercato.core.settings import LearnSettings
from mercato.data.store import AssetStore
from mercato.evaluation.experiments.decisions import Decision, Verdict
from mercato.operating.learning import canary, comparison, watching
from mercato.operating.learning.book import note_look
from mercato.operating.learning.comparison import Begun
from mercato.operating.learning.due import MICROSECONDS, now
from mercato.operating.learning.guardrails import Seen, decision, is_borne, told
from mercato.operating.learning.round import Round, Stage
from mercato.operating.learning.work import Work
from mercato.operating.monitoring.monitors import last_monitored, monitor
from mercato.operating.monitoring.releases import Beside, beside_each_other
from mercato.operating.monitoring.showing import newest_shown
from mercato.shop.experiments.definition import Status

LONGEST = 7
"""Times `canary_hours`, or an hour, after which a candidate is dropped that too few have seen."""

MONITOR_SECONDS = 3_600.0
"""Between two looks of monitors at a release that was published: they read days of both logs."""


def look_at_canary(work: Work, learning: Round) -> Round | None:
    """Whether a candidate goes on, goes out or goes back."""
    assert learning.canary is not None
    settings, begun = work.settings.learn, comparison.read_begun(learning.canary)
    if work.releases.current() != learning.published:
        reason = f"release {work.releases.current()} was published meanwhile"
        return replace(learning, stage=Stage.ROLL_BACK, reason=reason)
    terms = canary.terms(learning, settings)
    try:
        comparison.begin(work.state, work.releases, begun, terms, work.by)
    except BadInput as error:
        return replace(learning, stage=Stage.ROLL_BACK, reason=str(error))
    seen, made, look = _looked(work, learning, begun)
    looked = replace(learning, canary={**learning.canary, "look": look})
    if stopped := comparison.over(work.state, begun):
        return replace(looked, stage=Stage.ROLL_BACK, reason=stopped[1])
    judged = _judged(settings, _hours(begun), seen, made)
    return None if judged is None else replace(looked, stage=judged[0], reason=judged[1])


def _judged(
    settings: LearnSettings, hours: float, seen: Seen, made: Decision | None
) -> tuple[Stage, str] | None:
    """What is to be done after a look, and why; None where the canary goes on."""
    if made is not None and made.verdict in (Verdict.STOP, Verdict.VOID):
        return Stage.ROLL_BACK, made.reason
    if hours < settings.canary_hours:
        return None
    if made is not None and made.verdict is Verdict.SHIP:
        return Stage.PROMOTE, made.reason
    if made is not None and seen.shoppers >= settings.canary_units:
        if is_borne(seen, made, settings.canary_margin):
            return Stage.PROMOTE, f"no metric is worse among {seen.shoppers:,} shoppers"
    if hours >= LONGEST * max(settings.canary_hours, 1):
        return Stage.ROLL_BACK, f"{seen.shoppers:,} shoppers did not tell whether it is as good"
    return None


def look_after(work: Work, learning: Round) -> Round | None:
    """Whether a release that was published stays so. Where nothing can be told it stays: what
    speaks for it is its canary."""
    assert learning.watch is not None
    begun = comparison.read_begun(learning.watch)
    current = work.releases.current()
    if current != learning.candidate:
        return _stays(work, learning, begun, f"release {current} was published meanwhile")
    terms = watching.terms(learning, work.settings.learn)
    try:
        comparison.begin(work.state, work.releases, begun, terms, work.by)
    except BadInput as error:
        return _stays(work, learning, begun, f"nobody looked after it: {error}")
    seen, made, look = _looked(work, learning, begun)
    placements = _monitored(work, learning, begun)
    look = look | {"calibration": [each.to_json() for each in placements]}
    looked = replace(learning, watch={**learning.watch, "look": look})
    ended = comparison.over(work.state, begun)
    if worse := _worse(made, ended, placements):
        return replace(looked, stage=Stage.ROLL_BACK, reason=worse)
    if ended is not None:
        return _stays(work, looked, begun, ended[1])
    if made is not None and made.verdict is Verdict.VOID:
        return _stays(work, looked, begun, f"nobody looked after it: {made.reason}")
    if _hours(begun) < work.settings.learn.watch_hours:
        return None
    said = "too few came" if made is None else "no worse"
    reason = f"{learning.reason}; once published {said}, among {seen.shoppers:,} shoppers"
    return _stays(work, looked, begun, reason)


def _worse(
    made: Decision | None, ended: tuple[Status, str] | None, placements: Sequence[Beside]
) -> str | None:
    """What speaks against a release that was published; None where nothing does."""
    if ended is not None and ended[0] is Status.STOPPED:
        return ended[1]
    if made is not None and made.verdict is Verdict.STOP:
        return f"once published, {made.reason}"
    drifted = [each.said for each in placements if each.is_worse]
    return f"once published, {drifted[0]}" if drifted else None


def _monitored(work: Work, learning: Round, begun: Begun) -> list[Beside]:
    """What monitors tell of the two releases; nothing where they looked lately."""
    last = last_monitored(work.state)
    if last is not None and now() - last.at < MONITOR_SECONDS * MICROSECONDS:
        return []
    assert learning.candidate is not None and learning.published is not None
    monitor(work.paths, work.state)
    rows = newest_shown(AssetStore(work.paths.assets), work.state)
    return beside_each_other(rows, learning.candidate, learning.published, begun.at)


def _stays(work: Work, learning: Round, begun: Begun, reason: str) -> Round:
    comparison.end(work.state, work.paths, begun, reason, work.by, well=True)
    return replace(learning, stage=Stage.PROMOTED, reason=reason, ended_at=now())


def _looked(
    work: Work, learning: Round, begun: Begun
) -> tuple[Seen, Decision | None, dict[str, Any]]:
    seen = comparison.seen(work.state, work.paths, learning, begun)
    made = decision(seen, begun.candidate_share, work.settings.learn.canary_units)
    look = told(seen, made)
    _note(work, learning, look)
    return seen, made, look


def _hours(begun: Begun) -> float:
    return (now() - begun.at) / MICROSECONDS / 3_600


def _note(work: Work, learning: Round, look: Mapping[str, Any]) -> None:
    """Keep the last look for whoever asks; it decides nothing yet, so it is in no log."""
    where = {"round": learning.number, "stage": str(learning.stage), "at": now()}
    note_look(work.state, {**where, **look})
    with work.progress.step(str(learning.stage)) as step:
        step.note(f"{sum(look['shoppers'].values()):,} shoppers, {look['reason']}")
