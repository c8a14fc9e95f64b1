"""Networks against their papers' formulas written out with loops, for known weights; torch is not
needed, since what it learns is the same formula."""

import itertools

import numpy as np
import pytest

from mercato.models.ctr.cross_network import CrossNetwork
from mercato.models.ctr.entire_space import EntireSpace
from mercato.models.ctr.factorisation_machine import FactorisationMachine
from mercato.models.ctr.fields import History, Rows
from mercato.models.ctr.graph import GraphWriter, runner
from mercato.models.ctr.interest_network import InterestNetwork
from mercato.models.ctr.network import Network, Weights, inputs_of

CODES = np.array([[1, 4], [2, 0], [0, 3]], np.int32)
PAST = History("item", np.array([0, 2, 2, 5]), np.array([1, 2, 4, 4, 3], np.int32))
ROWS = Rows(("user", "item"), (3, 5), CODES, (PAST,))
D = 3


def told(network: Network) -> tuple[np.ndarray, Weights]:
    """What the graph says, for random weights that are not small."""
    random = np.random.default_rng(5)
    weights = {
        name: random.normal(size=each.shape).astype(np.float32) / 2
        for name, each in network.weights(ROWS, random).items()
    }
    inputs = inputs_of(ROWS, network.longest)
    writer = GraphWriter(weights)
    output = network.formula(writer, {name: name for name in inputs})
    return runner(writer.written(output, inputs))(inputs), weights


def perceptron(value: np.ndarray, weights: Weights, name: str, n: int) -> np.ndarray:
    for number in range(n):
        value = np.maximum(
            value @ weights[f"{name}.{number}.weight"] + weights[f"{name}.{number}.bias"], 0
        )
    return value


def vectors(weights: Weights, row: int) -> np.ndarray:
    """(2, d)"""
    return weights["values"][[CODES[row, 0], 3 + CODES[row, 1]]]


def past(weights: Weights, row: int) -> np.ndarray:
    own = PAST.code[PAST.offsets[row] : PAST.offsets[row + 1]]
    return weights["values"][3 + own]


def test_factorisation_machine() -> None:
    found, w = told(FactorisationMachine(dimensions=D))
    for row, codes in enumerate(ROWS.shared):
        alone = sum(float(w["values.alone"][code, 0]) for code in codes)
        pairs = itertools.combinations(w["values.together"][codes] * np.sqrt(2), 2)
        together = sum(float(one @ other) for one, other in pairs)
        assert found[row, 0] == pytest.approx(alone + together + w["bias"][0], rel=1e-4)


def test_cross_network() -> None:
    """x' = x0 * (W x + b) + x, twice, beside a perceptron."""
    found, w = told(CrossNetwork(dimensions=D, crosses=2, widths=(4, 3)))
    for row in range(3):
        start = crossed = vectors(w, row).ravel()
        for layer in range(2):
            mapped = crossed @ w[f"cross{layer}.0.weight"] + w[f"cross{layer}.0.bias"]
            crossed = start * mapped + crossed
        both = np.concatenate([crossed, perceptron(start, w, "deep", 2)])
        assert found[row, 0] == pytest.approx(
            (both @ w["out.0.weight"] + w["out.0.bias"])[0], rel=1e-4
        )


def test_interest_network_weighs_the_past_by_what_is_shown() -> None:
    found, w = told(InterestNetwork(dimensions=D, attention=4, widths=(5,), longest=4))
    for row in range(3):
        shown = vectors(w, row)[1]
        interest = np.zeros(D)
        for entry in past(w, row):
            parts = {
                "past": entry,
                "shown": shown,
                "difference": entry - shown,
                "product": entry * shown,
            }
            hidden = sum(
                value @ w[f"item.{part}.0.weight"] + w[f"item.{part}.0.bias"]
                for part, value in parts.items()
            )
            weight = np.maximum(hidden, 0) @ w["item.weight.0.weight"] + w["item.weight.0.bias"]
            interest += weight * entry
        whole = np.concatenate([vectors(w, row).ravel(), interest])
        deep = perceptron(whole, w, "deep", 1)
        assert found[row, 0] == pytest.approx(
            (deep @ w["deep.1.weight"] + w["deep.1.bias"])[0], rel=1e-4
        )


def test_entire_space_multiplies_two_chances() -> None:
    found, w = told(EntireSpace(dimensions=D, widths=(5,), longest=4))
    for row in range(3):
        summed = past(w, row).sum(axis=0)
        whole = np.concatenate([vectors(w, row).ravel(), summed, summed * vectors(w, row)[1]])
        odds = {}
        for tower in ("click", "purchase"):
            deep = perceptron(whole, w, tower, 1)
            odds[tower] = (deep @ w[f"{tower}.1.weight"] + w[f"{tower}.1.bias"])[0]
        chance = {tower: 1 / (1 + np.exp(-each)) for tower, each in odds.items()}
        both = chance["click"] * chance["purchase"]
        assert found[row].tolist() == pytest.approx(
            [odds["click"], np.log(both / (1 - both))], rel=1e-4
        )
