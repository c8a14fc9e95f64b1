"""What each stage of a round does. Each may be killed anywhere and be done again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mercato.core.errors import BadInput
from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import LearnSettings, Settings
from mercato.data.releases import ReleaseStore, read_manifest
from mercato.data.store import AssetStore
from mercato.data.versions.summary import rows_version
from mercato.evaluation.experiments.decisions import Decision, Verdict
from mercato.operating.learning import canary
from mercato.operating.learning.book import note_look
from mercato.operating.learning.due import MICROSECONDS, now
from mercato.operating.learning.guardrails import Seen, decision, is_borne, told
from mercato.operating.learning.round import Round, Stage
from mercato.operating.monitoring.monitors import monitor
from mercato.operating.settling import settle
from mercato.shop.experiments.keeping import served_releases
from mercato.shop.rules import By
from mercato.state import State
from mercato.training.build import KEEP_RELEASES, seal_release
from mercato.training.shadow.shadow import shadow

LONGEST = 7
"""Times `canary_hours`, or an hour, after which a candidate is dropped that too few have seen."""

_SOURCES = ("items", "events", "judgments")


@dataclass(frozen=True)
class Work:
    """What steps need. by : in whose name experiments are begun and ended"""

    root: Path
    settings: Settings
    state: State
    by: By
    progress: Progress

    @property
    def paths(self) -> ShopPaths:
        return ShopPaths(self.root)

    @property
    def releases(self) -> ReleaseStore:
        return ReleaseStore(self.paths.releases)


Step = Callable[[Work, Round], Round | None]
"""The round as it is afterwards; None where it must wait."""


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
    learned = read_manifest(work.releases.folder(published)).inputs
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


def watch(work: Work, learning: Round) -> Round | None:
    """One look at the canary."""
    assert learning.canary is not None
    settings, begun = work.settings.learn, canary.read_begun(learning.canary)
    if work.releases.current() != learning.published:
        reason = f"release {work.releases.current()} was published meanwhile"
        return replace(learning, stage=Stage.ROLL_BACK, reason=reason)
    try:
        canary.begin(work.state, work.releases, learning, begun, settings, work.by)
    except BadInput as error:
        return replace(learning, stage=Stage.ROLL_BACK, reason=str(error))
    seen = canary.seen(work.state, learning, begun)
    made = decision(seen, begun.candidate_share, settings.canary_units)
    looked = replace(learning, canary={**learning.canary, "look": told(seen, made)})
    _note(work, looked)
    if stopped := canary.broken_off(work.state, begun):
        return replace(looked, stage=Stage.ROLL_BACK, reason=stopped)
    hours = (now() - begun.at) / MICROSECONDS / 3_600
    judged = _judged(settings, hours, seen, made)
    return None if judged is None else replace(looked, stage=judged[0], reason=judged[1])


def _judged(
    settings: LearnSettings, hours: float, seen: Seen, made: Decision | None
) -> tuple[Stage, str] | None:
    """What is to be done after a look, and why; None where the canary goes on."""
    if made is not None and made.verdict in (Verdict.STOP, Verdict.VOID):
        return Stage.ROLL_BACK, made.reason
    if made is not None and made.verdict is Verdict.SHIP:
        return Stage.PROMOTE, made.reason
    if hours < settings.canary_hours:
        return None
    if made is not None and seen.shoppers >= settings.canary_units:
        if is_borne(seen, made, settings.canary_margin):
            return Stage.PROMOTE, f"no metric is worse among {seen.shoppers:,} shoppers"
    if hours >= LONGEST * max(settings.canary_hours, 1):
        return Stage.ROLL_BACK, f"{seen.shoppers:,} shoppers did not tell whether it is as good"
    return None


def promote(work: Work, learning: Round) -> Round:
    """The release is published before its canary ends, so that nobody is served an older one in
    between."""
    assert learning.candidate is not None
    if why := work.releases.refused().get(learning.candidate):
        return replace(learning, stage=Stage.ROLL_BACK, reason=why)
    if work.releases.current() not in (learning.published, learning.candidate):
        reason = f"release {work.releases.current()} was published meanwhile"
        return replace(learning, stage=Stage.ROLL_BACK, reason=reason)
    with work.progress.step("publish") as step:
        work.releases.publish(learning.candidate)
        step.note(f"release {learning.candidate}")
    _end_canary(work, learning, well=True)
    work.releases.prune(KEEP_RELEASES, spare=served_releases(work.state))
    work.state.served.keep(work.releases.numbers())
    return _ended(learning, Stage.PROMOTED, learning.reason)


def roll_back(work: Work, learning: Round) -> Round:
    """Shoppers are served as before first; then the release is marked, so that nobody publishes it
    by mistake."""
    _end_canary(work, learning, well=False)
    if learning.candidate is not None:
        work.releases.refuse([learning.candidate], learning.reason)
    work.releases.prune(KEEP_RELEASES, spare=served_releases(work.state))
    return _ended(learning, Stage.ROLLED_BACK, learning.reason)


STEPS: Mapping[Stage, Step] = {
    Stage.GATHER: gather,
    Stage.BUILD: build,
    Stage.SHADOW: beside,
    Stage.CANARY: watch,
    Stage.PROMOTE: promote,
    Stage.ROLL_BACK: roll_back,
}


def _ended(learning: Round, stage: Stage, reason: str) -> Round:
    return replace(learning, stage=stage, reason=reason, ended_at=now())


def _end_canary(work: Work, learning: Round, *, well: bool) -> None:
    if learning.canary is not None:
        begun = canary.read_begun(learning.canary)
        canary.end(work.state, begun, learning.reason, work.by, well=well)


def _note(work: Work, looked: Round) -> None:
    """Keep the last look for whoever asks; it decides nothing yet, so it is in no log."""
    assert looked.canary is not None
    look = looked.canary["look"]
    note_look(work.state, {"round": looked.number, "at": now(), **look})
    with work.progress.step("canary") as step:
        step.note(f"{sum(look['shoppers'].values()):,} shoppers, {look['reason']}")
