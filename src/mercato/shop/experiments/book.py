"""The experiments of a shop as they are at one moment, and what each shopper sees of them."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mercato.core.errors import BadInput
from mercato.core.settings import ExperimentSettings
from mercato.evaluation.experiments.assignment import Design, Layer, assign
from mercato.ranking.bandits.shelf_order import Learner, learner_of
from mercato.shop.experiments.definition import ArmDefinition, Definition, Status, read_definition
from mercato.state import State

_log = logging.getLogger(__name__)

HELD_OUT = "holdout"
"""What the log says of a shopper whom no experiment touches."""


@dataclass(frozen=True)
class Seen:
    """What one shopper sees of experiments."""

    held_out: bool
    arms: tuple[tuple[Definition, ArmDefinition], ...] = ()


NOTHING_SEEN = Seen(False)


@dataclass(frozen=True)
class ExperimentBook:
    """Never changed, only swapped.

    version     : of the state's experiments that these are, or older ones
    definitions : those that are over as well, by their name
    design      : of those that are not over
    key         : the secret that places of shoppers follow from
    orders      : experiment and arm → what its bandit has learned
    learned     : version of the looks that they are of, or an older one
    """

    version: int
    definitions: Mapping[str, Definition]
    design: Design
    key: bytes
    orders: Mapping[tuple[str, str], Learner] = field(default_factory=dict)
    learned: int = 0

    def seen(self, unit: str | None, now: int) -> Seen:
        """What a user, or a visitor who is none, sees at a moment, microseconds since 1970 UTC;
        whoever has no id takes part in nothing."""
        if unit is None or (not self.design.layers and not self.design.holdout):
            return NOTHING_SEEN
        found = assign(unit, self.design, self.key)
        pairs = []
        for name, arm_name in found.arms.items():
            definition = self.definitions[name]
            arm = definition.arm(arm_name)
            if arm is not None and definition.runs(now):
                pairs.append((definition, arm))
        return Seen(found.held_out, tuple(pairs))

    def releases(self, now: int) -> frozenset[int]:
        """Numbers of the releases that arms are served from."""
        return frozenset(
            arm.changes.release
            for each in self.definitions.values()
            for arm in each.arms
            if each.runs(now) and arm.changes.release is not None and arm.stopped is None
        )


def read_experiment_book(state: State, settings: ExperimentSettings) -> ExperimentBook:
    """The experiments as they are in the state now. One that cannot be read, as a newer Mercato
    may have written it, does not run and is told in the log. Raises BadInput for a holdout that
    is no share."""
    if not 0 <= settings.holdout < 1:
        raise BadInput(
            "experiments.holdout from 0 to below 1", f"{settings.holdout}", "Mend shop.toml."
        )
    version = state.experiments.version()
    found = {}
    for stored in state.experiments.all():
        try:
            found[stored.id] = read_definition(stored.document)
        except BadInput as error:
            _log.warning("experiment %r does not run: %s", stored.id, error)
    design = design_of(found.values(), settings.holdout)
    book = ExperimentBook(version, found, design, state.secret("experiments"))
    return _with_orders(book, state)


def refreshed(book: ExperimentBook, state: State, settings: ExperimentSettings) -> ExperimentBook:
    """The same book, or a new one where an experiment changed or a bandit has learned."""
    if state.experiments.version() != book.version:
        return read_experiment_book(state, settings)
    if book.orders and state.readings.version() != book.learned:
        return _with_orders(book, state)
    return book


def _with_orders(book: ExperimentBook, state: State) -> ExperimentBook:
    arms = [
        (definition.name, arm.name, arm.changes.order)
        for definition in book.definitions.values()
        for arm in definition.arms
        if definition.status is Status.RUNNING and arm.changes.order is not None
    ]
    if not arms:
        return book
    learned = state.readings.version()
    sums = {each.experiment: each.reading.get("orders", {}) for each in state.readings.all()}
    orders = {
        (name, arm): learner_of(order, sums.get(name, {}).get(arm)) for name, arm, order in arms
    }
    return replace(book, orders=orders, learned=learned)


def design_of(definitions: Iterable[Definition], holdout: float = 0.0) -> Design:
    """Of the experiments that are not over: those that are yet to begin hold their range too."""
    layers: dict[str, list[Definition]] = {}
    for each in definitions:
        if each.status is Status.RUNNING:
            layers.setdefault(each.layer, []).append(each)
    return Design(
        tuple(
            Layer(f"layer {name}", tuple(each.assigned() for each in of))
            for name, of in layers.items()
        ),
        holdout,
        HELD_OUT,
    )
