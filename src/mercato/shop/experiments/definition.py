"""An experiment as it is written down, and what it must be like."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mercato.core.columns import Placement
from mercato.core.errors import BadInput
from mercato.core.outcomes import Outcome
from mercato.evaluation.experiments import assignment
from mercato.ranking.rules.fields import Fields
from mercato.ranking.rules.windows import iso, moment
from mercato.shop.experiments.variation import DRAFTED, NOTHING, Variation, read_changes

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""Of experiments, layers and arms."""

INTERLEAVED = "interleaved"
"""What the log says instead of an arm where two rankings make one answer."""

MOST_ARMS = 10


class Kind(StrEnum):
    """How two or more ways are compared."""

    AB = "ab"
    """Each unit sees one of them."""
    INTERLEAVING = "interleaving"
    """Each search shows two rankings by turns."""
    BANDIT = "bandit"
    """As ``ab``, of which one way is a shelf whose order a bandit learns."""


class Status(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    """Broken off: by a person, or because every variant hurt."""
    ENDED = "ended"


@dataclass(frozen=True)
class ArmDefinition:
    """share   : of the experiment's units
    stopped : why its units are served as if there were no experiment; None while they are not
    """

    name: str
    share: float
    changes: Variation = NOTHING
    stopped: str | None = None


@dataclass(frozen=True)
class Guardrail:
    """margin : how much worse than the control is still borne, as a share of the control's value"""

    metric: Outcome
    margin: float = 0.0


@dataclass(frozen=True)
class Definition:
    """The first arm is the control.

    begin, share  : its range of the layer, see `assignment.Experiment`
    placement     : of the shelf that a bandit orders
    planned_units : in the control and one variant together
    starts_at, ends_at : microseconds since 1970 UTC; None: at once, and until somebody ends it
    reason        : why it is over
    """

    name: str
    kind: Kind
    layer: str
    salt: str
    begin: float
    share: float
    arms: tuple[ArmDefinition, ...]
    goal: Outcome
    guardrails: tuple[Guardrail, ...] = ()
    planned_units: int = 20_000
    alpha: float = 0.05
    placement: Placement | None = None
    starts_at: int | None = None
    ends_at: int | None = None
    status: Status = Status.RUNNING
    reason: str | None = None
    description: str = ""

    @property
    def control(self) -> ArmDefinition:
        return self.arms[0]

    @property
    def variants(self) -> tuple[ArmDefinition, ...]:
        return self.arms[1:]

    @property
    def changed(self) -> frozenset[str]:
        """What any of its arms changes."""
        return frozenset(name for arm in self.arms for name in arm.changes.changed)

    def arm(self, name: str) -> ArmDefinition | None:
        return next((arm for arm in self.arms if arm.name == name), None)

    def runs(self, now: int) -> bool:
        """Whether units see its arms at a moment, microseconds since 1970 UTC."""
        begun = self.starts_at is None or self.starts_at <= now
        return (
            self.status is Status.RUNNING and begun and (self.ends_at is None or now < self.ends_at)
        )

    def assigned(self) -> assignment.Experiment:
        """What says who sees which arm."""
        arms = tuple(assignment.Arm(arm.name, arm.share) for arm in self.arms)
        salt = f"experiment {self.name} {self.salt}"
        return assignment.Experiment(self.name, salt, arms, self.begin, self.share)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "layer": self.layer,
            "salt": self.salt,
            "begin": self.begin,
            "share": self.share,
            "arms": [
                {"name": arm.name, "share": arm.share, "changes": arm.changes.to_json()}
                | ({} if arm.stopped is None else {"stopped": arm.stopped})
                for arm in self.arms
            ],
            "goal": self.goal,
            "guardrails": [
                {"metric": each.metric, "margin": each.margin} for each in self.guardrails
            ],
            "planned_units": self.planned_units,
            "alpha": self.alpha,
            "placement": self.placement,
            "starts_at": None if self.starts_at is None else iso(self.starts_at),
            "ends_at": None if self.ends_at is None else iso(self.ends_at),
            "status": self.status,
            "reason": self.reason,
            "description": self.description,
        }


_FIELDS = tuple(Definition.__dataclass_fields__)


def read_definition(document: object) -> Definition:
    """Raises BadInput where a field is missing, unknown or does not fit the others."""
    found = Fields.of(document, "the experiment", _FIELDS)
    kind = Kind(found.one_of("kind", list(Kind), Kind.AB))
    goal = Outcome.CLICK_RATE if kind is Kind.INTERLEAVING else None
    made = Definition(
        name=_name(found, "name"),
        kind=kind,
        layer=_name(found, "layer", "default"),
        salt=found.text("salt"),
        begin=_share(found, "begin", 0.0),
        share=_share(found, "share", 1.0),
        arms=found.each("arms", _arm),
        goal=Outcome(found.one_of("goal", list(Outcome), goal)),
        guardrails=found.each("guardrails", _guardrail),
        planned_units=found.whole("planned_units", 100, 10**12, 20_000),
        alpha=_share(found, "alpha", 0.05),
        placement=_placement(found),
        starts_at=moment(found, "starts_at"),
        ends_at=moment(found, "ends_at"),
        status=Status(found.one_of("status", list(Status), Status.RUNNING)),
        reason=found.text("reason") if found.has("reason") else None,
        description=found.text("description", ""),
    )
    _check(made)
    return made


def _arm(found: object, where: str) -> ArmDefinition:
    fields = Fields.of(found, where, ("name", "share", "changes", "stopped"))
    name = _name(fields, "name")
    changes = read_changes(fields.found.get("changes") or {}, name)
    stopped = fields.text("stopped") if fields.has("stopped") else None
    return ArmDefinition(name, _share(fields, "share"), changes, stopped)


def _guardrail(found: object, where: str) -> Guardrail:
    fields = Fields.of(found, where, ("metric", "margin"))
    return Guardrail(Outcome(fields.one_of("metric", list(Outcome))), _share(fields, "margin", 0.0))


def _name(found: Fields, field: str, default: str | None = None) -> str:
    name = found.text(field, default)
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{field!r} of {found.where} as at most 63 small letters, digits and '-'",
            repr(name),
            "Choose another.",
        )
    return name


def _share(found: Fields, name: str, default: float | None = None) -> float:
    if default is not None and not found.has(name):
        return default
    value = found.number(name)
    if not 0 <= value <= 1:
        raise BadInput(f"{name!r} of {found.where} from 0 to 1", f"{value:g}", "Write a share.")
    return value


def _placement(found: Fields) -> Placement | None:
    return Placement(found.one_of("placement", list(Placement))) if found.has("placement") else None


def _check(made: Definition) -> None:
    """Raises BadInput where the parts of an experiment do not go together."""
    if len(made.arms) > MOST_ARMS:
        raise BadInput(f"at most {MOST_ARMS} arms", str(len(made.arms)), "Leave some out.")
    assignment.checked(
        assignment.Design((assignment.Layer(f"layer {made.layer}", (made.assigned(),)),))
    )
    if not made.changed:
        raise BadInput("an arm that changes something", "none", 'Add "changes" to an arm.')
    if made.ends_at is not None and made.ends_at <= (made.starts_at or 0):
        raise BadInput("ends_at after starts_at", iso(made.ends_at), "Swap them.")
    if not 0 < made.alpha < 1:
        raise BadInput("alpha between 0 and 1", f"{made.alpha:g}", "Leave it out.")
    metrics = [made.goal, *(each.metric for each in made.guardrails)]
    if twice := [each for each in metrics if metrics.count(each) > 1]:
        raise BadInput("each metric once", f"{twice[0]} twice", "Name it as goal or as guardrail.")
    _CHECKS[made.kind](made)


def _check_ab(made: Definition) -> None:
    if "order" in made.changed:
        raise BadInput("order in a bandit", "in kind ab", 'Say "kind": "bandit" and a placement.')


def _check_interleaving(made: Definition) -> None:
    if len(made.arms) != 2:
        raise BadInput("two arms to interleave", str(len(made.arms)), "Compare two at a time.")
    if made.guardrails or made.goal is not Outcome.CLICK_RATE:
        raise BadInput(
            "no goal and no guardrails of an interleaving",
            made.goal if made.goal is not Outcome.CLICK_RATE else "guardrails",
            "It tells which ranking is clicked more.",
        )
    if foreign := sorted(made.changed - DRAFTED):
        raise BadInput(
            f"rankings that differ in {' or '.join(sorted(DRAFTED))}",
            foreign[0],
            "Compare others by kind ab.",
        )


def _check_bandit(made: Definition) -> None:
    if made.placement is None:
        raise BadInput("the placement that a bandit orders", "none", 'Add "placement": "home".')
    foreign = sorted(made.changed - {"order"})
    if foreign or "order" in made.control.changes.changed:
        raise BadInput(
            "a control without changes, and variants with order alone",
            foreign[0] if foreign else "order in the control",
            "Compare others by kind ab.",
        )


_CHECKS = {
    Kind.AB: _check_ab,
    Kind.INTERLEAVING: _check_interleaving,
    Kind.BANDIT: _check_bandit,
}
