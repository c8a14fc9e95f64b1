"""Two releases that shoppers are served at the same time, as an experiment of two arms."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mercato.core.errors import NotFound
from mercato.core.paths import ShopPaths
from mercato.data.releases import ReleaseStore
from mercato.operating.learning.guardrails import ALPHA, Seen
from mercato.operating.learning.round import Round
from mercato.operating.learning.shoppers import CANDIDATE, CONTROL, Since, arms_of, forget
from mercato.shop.experiments.definition import Definition, Status
from mercato.shop.experiments.keeping import (
    create_experiment,
    end_experiment,
    experiment,
    stop_experiment,
)
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.served import Served

LAYER = "release"


@dataclass(frozen=True)
class Begun:
    """Where a comparison began, as it stands in its round.

    share           : of all shoppers who take part, in either arm
    candidate_share : of those, who are served by the new release
    answers, events : the newest numbers of the logs
    served          : release → what had been counted of it
    """

    experiment: str
    at: int
    share: float
    candidate_share: float
    answers: int
    events: int
    served: Mapping[int, Served]

    def to_json(self) -> dict[str, Any]:
        served = {str(number): vars(each) for number, each in self.served.items()}
        return {**vars(self), "served": served}


def read_begun(found: Mapping[str, Any]) -> Begun:
    """From what `Begun.to_json` gave, whatever stands beside it."""
    served = {int(number): Served(**each) for number, each in found["served"].items()}
    names = [each.name for each in fields(Begun)]
    return Begun(**{name: found[name] for name in names if name != "served"}, served=served)


def begun_now(
    state: State, learning: Round, name: str, share: float, candidate_share: float, now: int
) -> Begun:
    """Written down before anybody is served, so that nothing counts twice."""
    counted = state.served.all()
    both = [number for number in (learning.published, learning.candidate) if number is not None]
    return Begun(
        experiment=name,
        at=now,
        share=share,
        candidate_share=candidate_share,
        answers=state.answers.newest(),
        events=state.events.newest(),
        served={number: counted.get(number, Served()) for number in both},
    )


@dataclass(frozen=True)
class Terms:
    """What stands in the experiment. releases : arm → the release that it names, which is not the
    published one; units : shoppers that are planned for"""

    releases: Mapping[str, int]
    units: int
    description: str


def begin(state: State, store: ReleaseStore, begun: Begun, asked: Terms, by: By) -> None:
    """Let shoppers be served, unless that was begun already: by this process or one that was
    killed. Raises BadInput where it does not go."""
    if _definition(state, begun) is not None:
        return
    shares = {CONTROL: 1 - begun.candidate_share, CANDIDATE: begun.candidate_share}
    arms: list[dict[str, Any]] = [
        {"name": name, "share": share}
        | ({"changes": {"release": asked.releases[name]}} if name in asked.releases else {})
        for name, share in shares.items()
    ]
    document = {
        "name": begun.experiment,
        "layer": LAYER,
        "share": begun.share,
        "goal": "click-rate",
        "guardrails": [{"metric": "conversion"}],
        "planned_units": asked.units,
        "alpha": ALPHA,
        "description": asked.description,
        "arms": arms,
    }
    create_experiment(state, store, document, by)


def over(state: State, begun: Begun) -> tuple[Status, str] | None:
    """How and why somebody else ended it; None while it runs."""
    found = _definition(state, begun)
    if found is None or found.status is Status.RUNNING:
        return None
    return found.status, found.reason or f"its experiment {found.status}"


def seen(state: State, paths: ShopPaths, learning: Round, begun: Begun) -> Seen:
    """What came of it until now."""
    counted = state.served.all()

    def since(number: int | None) -> Served:
        before = begun.served.get(number or 0, Served())
        return counted.get(number or 0, Served()) - before

    logs = Since(begun.experiment, begun.answers, begun.events)
    return Seen(
        arms_of(state, logs, paths),
        {CONTROL: since(learning.published), CANDIDATE: since(learning.candidate)},
    )


def end(state: State, paths: ShopPaths, begun: Begun, reason: str, by: By, *, well: bool) -> None:
    """Everybody is served by the published release again; nothing where they are already."""
    found = _definition(state, begun)
    if found is not None and found.status is Status.RUNNING:
        finish = end_experiment if well else stop_experiment
        finish(state, begun.experiment, reason, by)
    forget(paths)


def _definition(state: State, begun: Begun) -> Definition | None:
    try:
        return experiment(state, begun.experiment)
    except NotFound:
        return None
