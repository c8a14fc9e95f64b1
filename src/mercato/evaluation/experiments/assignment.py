"""Who takes part in which experiment, and sees which arm: a pure function of the unit's id.

A keyed hash makes of (key, salt, unit) a point from 0 to 1; no table is kept, every worker gives
the same answer, and nobody without the key can choose an arm. Points under different salts are
independent, so layers do not disturb each other, while experiments of one layer hold ranges that
do not meet: a unit is in one of them at most (Tang et al. 2010, "Overlapping Experiment
Infrastructure", https://doi.org/10.1145/1835804.1835810).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, pairwise

from mercato.core.errors import BadInput

_BITS = 53
"""All that a float holds of a point."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Arm:
    """share : of the experiment's units, from 0 to 1"""

    name: str
    share: float


@dataclass(frozen=True)
class Experiment:
    """The first arm is the control.

    salt  : another one draws all of its units' arms anew
    begin : where its range of the layer begins, from 0 to 1
    width : the share of all units that take part. A range that grows at its end keeps every unit in
            its arm; so does one that shrinks, for those who stay.
    """

    name: str
    salt: str
    arms: tuple[Arm, ...]
    begin: float = 0.0
    width: float = 1.0


@dataclass(frozen=True)
class Layer:
    """Experiments that exclude one another."""

    salt: str
    experiments: tuple[Experiment, ...]


@dataclass(frozen=True)
class Design:
    """All that runs at a time.

    holdout : the share of units that no experiment touches, to tell what all of them did together
    """

    layers: tuple[Layer, ...]
    holdout: float = 0.0
    holdout_salt: str = "holdout"


@dataclass(frozen=True)
class Assigned:
    """arms : name of the experiment → name of the arm, where the unit takes part"""

    held_out: bool
    arms: Mapping[str, str]


def checked(design: Design) -> Design:
    """The design itself. Raises BadInput where shares are none, arms or experiments share a name,
    or ranges of a layer meet."""
    if not 0 <= design.holdout < 1:
        raise BadInput("a holdout from 0 to below 1", f"{design.holdout}", "Name its share.")
    salts = [layer.salt for layer in design.layers] + [design.holdout_salt]
    experiments = [each for layer in design.layers for each in layer.experiments]
    salts += [each.salt for each in experiments]
    _refuse_twice("salt", salts)
    _refuse_twice("experiment", [each.name for each in experiments])
    for each in experiments:
        _check_arms(each)
    for layer in design.layers:
        _check_ranges(layer)
    return design


def assign(unit: str, design: Design, key: bytes) -> Assigned:
    """What a unit (a user, or a visitor where nobody is logged in) sees.

    key : the shop's secret, at most 64 bytes
    """
    if point(unit, design.holdout_salt, key) < design.holdout:
        return Assigned(True, {})
    arms = {}
    for layer in design.layers:
        place = point(unit, layer.salt, key)
        for experiment in layer.experiments:
            if experiment.begin <= place < experiment.begin + experiment.width:
                arms[experiment.name] = arm_of(unit, experiment, key)
    return Assigned(False, arms)


def arm_of(unit: str, experiment: Experiment, key: bytes) -> str:
    """The arm of a unit that takes part."""
    place = point(unit, experiment.salt, key)
    for arm, end in zip(experiment.arms, _ends(experiment.arms), strict=True):
        if place < end:
            return arm.name
    return experiment.arms[-1].name


def point(unit: str, salt: str, key: bytes) -> float:
    """From 0 to below 1, evenly; the same for the same three (BLAKE2b keyed, RFC 7693)."""
    # The length in front, so that no two pairs of salt and unit read alike.
    text = f"{len(salt)}:{salt}{unit}".encode(errors="surrogatepass")
    found = int.from_bytes(blake2b(text, digest_size=8, key=key).digest(), "big")
    return float((found >> (64 - _BITS)) / 2**_BITS)


def _ends(arms: Sequence[Arm]) -> list[float]:
    return list(accumulate(arm.share for arm in arms))


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"each {what} once", f"{twice[0]!r} twice", f"Rename one {what}.")


def _check_arms(experiment: Experiment) -> None:
    _refuse_twice("arm", [arm.name for arm in experiment.arms])
    shares = [arm.share for arm in experiment.arms]
    whole = len(shares) > 1 and min(shares) > 0 and abs(sum(shares) - 1) < _ROUNDING
    if not whole:
        raise BadInput(
            f"two or more arms in {experiment.name!r}, with shares above 0 that make 1 together",
            f"{shares}",
            "Give every arm its share.",
        )


def _check_ranges(layer: Layer) -> None:
    ranges = sorted((each.begin, each.begin + each.width, each.name) for each in layer.experiments)
    for begin, end, name in ranges:
        if not (0 <= begin < end <= 1 + _ROUNDING):
            raise BadInput(
                f"a range within 0 to 1 for {name!r}", f"{begin} to {end}", "Narrow the range."
            )
    for one, other in pairwise(ranges):
        if other[0] < one[1] - _ROUNDING:
            raise BadInput(
                "experiments of a layer that do not meet",
                f"{one[2]!r} up to {one[1]:g}, {other[2]!r} from {other[0]:g}",
                "Move one, or put it into another layer.",
            )
