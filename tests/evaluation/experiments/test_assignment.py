import os
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.assignment import (
    Arm,
    Assigned,
    Design,
    Experiment,
    Layer,
    assign,
    checked,
    point,
)

KEY = b"a shop's secret"
UNITS = [f"user-{number}" for number in range(20_000)]
ARMS = (Arm("control", 0.5), Arm("b", 0.3), Arm("c", 0.2))


def _alone(experiment: Experiment, **more) -> Design:
    return checked(Design((Layer("layer", (experiment,)),), **more))


def _arms(design: Design, name: str, units=UNITS) -> list[str | None]:
    return [assign(unit, design, KEY).arms.get(name) for unit in units]


def test_arms_have_their_shares() -> None:
    found = _arms(_alone(Experiment("ranking", "r1", ARMS)), "ranking")
    counts = [found.count(arm.name) for arm in ARMS]
    assert sum(counts) == len(UNITS)
    assert chisquare(counts, [len(UNITS) * arm.share for arm in ARMS]).pvalue > 0.001


@given(st.text(), st.text(), st.binary(max_size=64))
def test_a_point_is_where_it_was(unit: str, salt: str, key: bytes) -> None:
    assert 0 <= point(unit, salt, key) < 1
    assert point(unit, salt, key) == point(unit, salt, key)


def test_salt_and_unit_cannot_be_confused() -> None:
    assert point("bc", "a", KEY) != point("c", "ab", KEY)
    assert point("1:a", "x", KEY) != point("a", "x1:", KEY)


def test_points_are_even() -> None:
    points = [point(unit, "salt", KEY) for unit in UNITS]
    assert chisquare(np.histogram(points, 20, (0, 1))[0]).pvalue > 0.001


def test_nobody_without_the_key_knows_the_arm() -> None:
    points = [[point(unit, "salt", key) for unit in UNITS[:5000]] for key in (KEY, os.urandom(16))]
    assert abs(np.corrcoef(points)[0, 1]) < 0.06


def test_layers_are_independent_and_within_one_a_unit_is_in_one_experiment() -> None:
    halves = (Arm("control", 0.5), Arm("new", 0.5))
    design = checked(
        Design(
            (
                Layer(
                    "ranking",
                    (
                        Experiment("first", "f", halves, 0.0, 0.4),
                        Experiment("second", "s", halves, 0.4, 0.6),
                    ),
                ),
                Layer("banner", (Experiment("third", "t", halves),)),
            )
        )
    )
    found = [assign(unit, design, KEY).arms for unit in UNITS]
    assert all(("first" in arms) != ("second" in arms) for arms in found)
    share = np.mean(["first" in arms for arms in found])
    assert share == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / len(UNITS)))
    pairs = [(arms["first"], arms["third"]) for arms in found if "first" in arms]
    kinds = ("control", "new")
    table = [[pairs.count((one, other)) for other in kinds] for one in kinds]
    assert chi2_contingency(table).pvalue > 0.001
    # An arm says nothing of the place in the layer either: those of the first are as many halves.
    assert chisquare(np.sum(table, axis=1)).pvalue > 0.001


def test_a_range_that_grows_moves_nobody() -> None:
    small = _arms(_alone(Experiment("ranking", "r1", ARMS, width=0.1)), "ranking")
    large = _arms(_alone(Experiment("ranking", "r1", ARMS, width=0.5)), "ranking")
    assert all(one == other for one, other in zip(small, large, strict=True) if one)
    assert sum(each is not None for each in large) > 4 * sum(each is not None for each in small)


def test_another_salt_draws_anew() -> None:
    one, other = (
        _arms(_alone(Experiment("ranking", salt, ARMS)), "ranking", UNITS[:5000])
        for salt in ("r1", "r2")
    )
    # By chance .5² + .3² + .2² = .38 of them meet the same arm again.
    same = np.mean([a == b for a, b in zip(one, other, strict=True)])
    assert same == pytest.approx(0.38, abs=0.03)


def test_who_is_held_out_sees_no_experiment() -> None:
    design = _alone(Experiment("ranking", "r1", ARMS), holdout=0.05)
    found = [assign(unit, design, KEY) for unit in UNITS]
    assert np.mean([each.held_out for each in found]) == pytest.approx(0.05, abs=0.007)
    assert all(each.held_out != bool(each.arms) for each in found)


def test_the_same_in_every_version_of_mercato() -> None:
    """An arm that changes with an upgrade spoils every experiment that runs."""
    design = _alone(Experiment("ranking", "r1", ARMS))
    drawn = [assign(str(number), design, b"k") for number in range(6)]
    hashes = [blake2b(f"2:r1{n}".encode(), digest_size=8, key=b"k").hexdigest() for n in range(6)]
    control, variant = "8" + "0" * 15, "cccc"
    arms = ["control" if h < control else "b" if h < variant else "c" for h in hashes]
    assert drawn == [Assigned(False, {"ranking": arm}) for arm in arms]
    assert arms == ["control", "c", "control", "control", "b", "c"]


HALVES = (Arm("a", 0.5), Arm("b", 0.5))


@pytest.mark.parametrize(
    ("experiments", "match"),
    [
        ([Experiment("x", "s", (Arm("a", 0.5), Arm("b", 0.4)))], "make 1 together"),
        ([Experiment("x", "s", (Arm("a", 1.0),))], "two or more arms"),
        ([Experiment("x", "s", (Arm("a", 0.5), Arm("a", 0.5)))], "'a' twice"),
        ([Experiment("x", "s", HALVES, 0, 0.6), Experiment("y", "t", HALVES, 0.5, 0.5)], "meet"),
        (
            [Experiment("x", "s", HALVES, 0, 0.5), Experiment("x", "t", HALVES, 0.5, 0.5)],
            "'x' twice",
        ),
        (
            [Experiment("x", "s", HALVES, 0, 0.5), Experiment("y", "s", HALVES, 0.5, 0.5)],
            "'s' twice",
        ),
        ([Experiment("x", "s", HALVES, 0.6, 0.5)], "within 0 to 1"),
    ],
)
def test_designs_that_do_not_hold_are_refused(experiments, match) -> None:
    with pytest.raises(BadInput, match=match):
        checked(Design((Layer("layer", tuple(experiments)),)))


def test_a_holdout_is_a_share() -> None:
    with pytest.raises(BadInput, match="holdout"):
        checked(Design((), holdout=1.0))
