"""What each stage of a round does. Each may be killed anywhere and be done again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mercato.core.errors import ChecksFailed, NotFound, NotReady
from mercato.data.store import AssetStore
from mercato.data.versions.summary import rows_version
from mercato.operating.learning import canary, comparison, watching
from mercato.operating.learning.due import now
from mercato.operating.learning.looking import look_after, look_at_canary
from mercato.operating.learning.round import Round, Stage
from mercato.operating.learning.work import Step, Work
from mercato.operating.monitoring.monitors import monitor
from mercato.operating.settling import settle
from mercato.shop.experiments.keeping import served_releases
from mercato.training.build import KEEP_RELEASES, seal_release
from mercato.training.shadow.shadow import shadow

_SOURCES = ("items", "events", "judgments")


def gather(work: Work, learning: Round) -> Round:
    with work.progress.step("events and answers into the assets"):
        settle(work.paths)
    with work.progress.step("monitors") as step:
        step.note(f"{len(monitor(work.paths, work.state).alarms)} alarms")
    if learning.published is not None and not _is_new(work, learning.published):
        return _ended(learning, Stage.UNCHANGED, "nothing was imported or done since")
    return replace(learning, stage=Stage.BUILD)


def _is_new(work: Work, published: int) -> bool:
    """Whether items, events or judgments have other rows than the release was made from."""
    learned = work.releases.manifest(published).inputs
    store = AssetStore(work.paths.assets)
    for name in _SOURCES:
        version, before = store.version(name), learned.get(name)
        if version is None or version == before:
            continue
        if before is None or rows_version(store, name, version) != rows_version(
            store, name, before
        ):
            return True
    return False


def build(work: Work, learning: Round) -> Round:
    """A candidate that a killed process sealed is taken over: its release is newer than the round,
    and not published."""
    sealed = [each for each in work.releases.numbers() if each > learning.sealed_before]
    left = [each for each in sealed if each != work.releases.current()]
    candidate = left[-1] if left else seal_release(work.root, progress=work.progress).number
    made = replace(learning, candidate=candidate)
    if learning.published is None:
        return replace(made, stage=Stage.PROMOTE, reason="the first release")
    return replace(made, stage=Stage.SHADOW)


def beside(work: Work, learning: Round) -> Round:
    assert learning.candidate is not None
    found = shadow(work.root, learning.candidate, work.progress)
    seen = replace(learning, shadow=found.to_json())
    if against := found.against():
        return replace(seen, stage=Stage.ROLL_BACK, reason="; ".join(against))
    if work.settings.learn.canary_share == 0:
        reason = "nothing spoke against it beside the published release"
        return replace(seen, stage=Stage.PROMOTE, reason=reason)
    begun = canary.begun_now(work.state, seen, work.settings.learn, now())
    return replace(seen, stage=Stage.CANARY, canary=begun.to_json())


def promote(work: Work, learning: Round) -> Round:
    """The release is published before its canary ends, so that nobody is served an older one in
    between."""
    assert learning.candidate is not None
    current = work.releases.current()
    if current != learning.candidate:
        if why := work.releases.refused().get(learning.candidate):
            return replace(learning, stage=Stage.ROLL_BACK, reason=why)
        if current != learning.published:
            reason = f"release {current} was published meanwhile"
            return replace(learning, stage=Stage.ROLL_BACK, reason=reason)
        with work.progress.step("publish") as step:
            work.releases.publish(learning.candidate)
            step.note(f"release {learning.candidate}")
    _end(work, learning, learning.canary, well=True)
    watched = work.settings.learn.watch_share > 0 and learning.published is not None
    _prune(work, learning.published if watched else None)
    if not watched:
        return _ended(learning, Stage.PROMOTED, learning.reason)
    begun = watching.begun_now(work.state, learning, work.settings.learn, now())
    return replace(learning, stage=Stage.WATCH, watch=begun.to_json())


def roll_back(work: Work, learning: Round) -> Round:
    """Shoppers are served as before first; then the release is marked, so that nobody publishes it
    by mistake."""
    learning = _gone_back(work, learning)
    _end(work, learning, learning.canary, well=False)
    _end(work, learning, learning.watch, well=False)
    if learning.candidate is not None:
        work.releases.refuse([learning.candidate], learning.reason)
    _prune(work)
    return _ended(learning, Stage.ROLLED_BACK, learning.reason)


def _gone_back(work: Work, learning: Round) -> Round:
    """The release before is published again, also where it knows somebody who was erased. Where it
    cannot be served any more, that is written down, and the round ends with its candidate
    published: the next one replaces it."""
    if learning.watch is None or work.releases.current() != learning.candidate:
        return learning
    assert learning.published is not None
    try:
        work.releases.publish(learning.published, back=True)
    except (ChecksFailed, NotFound, NotReady) as error:
        stays = f"release {learning.candidate} stays published: {error}"
        return replace(learning, reason=f"{learning.reason}; {stays}")
    return learning


STEPS: Mapping[Stage, Step] = {
    Stage.GATHER: gather,
    Stage.BUILD: build,
    Stage.SHADOW: beside,
    Stage.CANARY: look_at_canary,
    Stage.PROMOTE: promote,
    Stage.WATCH: look_after,
    Stage.ROLL_BACK: roll_back,
}


def _ended(learning: Round, stage: Stage, reason: str) -> Round:
    return replace(learning, stage=stage, reason=reason, ended_at=now())


def _prune(work: Work, held: int | None = None) -> None:
    """Old releases but those that are served, or are about to be (``held``)."""
    spare = served_releases(work.state) | (frozenset() if held is None else {held})
    work.releases.prune(KEEP_RELEASES, spare=spare)
    work.state.served.keep(work.releases.numbers())


def _end(work: Work, learning: Round, found: Mapping[str, Any] | None, *, well: bool) -> None:
    if found is not None:
        begun = comparison.read_begun(found)
        comparison.end(work.state, work.paths, begun, learning.reason, work.by, well=well)
