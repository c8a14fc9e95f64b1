"""A share of shoppers is served by a candidate, as an experiment of two arms, and watched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercato.core.errors import NotFound
from mercato.core.settings import LearnSettings
from mercato.data.releases import ReleaseStore
from mercato.operating.learning.guardrails import ALPHA, Seen
from mercato.operating.learning.round import Round
from mercato.operating.learning.shoppers import CANDIDATE, CONTROL, arms_of
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
    """Where a canary began, as it stands in its round.

    share           : of all shoppers who take part, in either arm
    candidate_share : of those, who are served by the candidate
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
    names = Begun.__dataclass_fields__
    return Begun(**{name: found[name] for name in names if name != "served"}, served=served)


def begun_now(state: State, learning: Round, settings: LearnSettings, now: int) -> Begun:
    """Written down before anybody is served, so that nothing counts twice."""
    share = settings.canary_share
    part = min(2 * share, 1.0)
    counted = state.served.all()
    both = [number for number in (learning.published, learning.candidate) if number is not None]
    return Begun(
        experiment=f"canary-{learning.number}-{learning.candidate}",
        at=now,
        share=part,
        candidate_share=share / part,
        answers=state.answers.newest(),
        events=state.events.newest(),
        served={number: counted.get(number, Served()) for number in both},
    )


def begin(
    state: State,
    releases: ReleaseStore,
    learning: Round,
    begun: Begun,
    settings: LearnSettings,
    by: By,
) -> None:
    """Let shoppers be served, unless that was begun already: by this process or one that was
    killed."""
    if _definition(state, begun) is not None:
        return
    document = {
        "name": begun.experiment,
        "layer": LAYER,
        "share": begun.share,
        "goal": "click-rate",
        "guardrails": [{"metric": "conversion"}],
        "planned_units": settings.canary_units,
        "alpha": ALPHA,
        "description": f"Release {learning.candidate}, round {learning.number} of mercato learn",
        "arms": [
            {"name": CONTROL, "share": 1 - begun.candidate_share},
            {
                "name": CANDIDATE,
                "share": begun.candidate_share,
                "changes": {"release": learning.candidate},
            },
        ],
    }
    create_experiment(state, releases, document, by)


def broken_off(state: State, begun: Begun) -> str | None:
    """Why somebody else ended it; None while it runs."""
    found = _definition(state, begun)
    if found is None or found.status is Status.RUNNING:
        return None
    return found.reason or f"its experiment {found.status}"


def seen(state: State, learning: Round, begun: Begun) -> Seen:
    """What came of it until now."""
    counted = state.served.all()

    def since(number: int | None) -> Served:
        before = begun.served.get(number or 0, Served())
        return counted.get(number or 0, Served()) - before

    return Seen(
        arms_of(state, begun.experiment, begun.answers, begun.events),
        {CONTROL: since(learning.published), CANDIDATE: since(learning.candidate)},
    )


def end(state: State, begun: Begun, reason: str, by: By, *, well: bool) -> None:
    """Everybody is served by the published release again; nothing where they are already."""
    found = _definition(state, begun)
    if found is not None and found.status is Status.RUNNING:
        finish = end_experiment if well else stop_experiment
        finish(state, begun.experiment, reason, by)


def _definition(state: State, begun: Begun) -> Definition | None:
    try:
        return experiment(state, begun.experiment)
    except NotFound:
        return None
