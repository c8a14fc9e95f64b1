"""Each verdict from effects whose z-values leave no doubt."""

import numpy as np
import pytest

from mercato.evaluation.experiments.decisions import Metric, Rules, Verdict, decide
from mercato.evaluation.experiments.effects import Effect, effect
from mercato.evaluation.experiments.outcomes import Moments

SALES = Metric("sales")
LATENCY = Metric("latency", higher_is_better=False, margin=5.0)
RULES = Rules(SALES, (LATENCY,), planned_units=2000)


def _told(difference: float, n: float = 1000) -> Effect:
    """With a standard error of 1."""
    half = np.array(0.5)
    control = np.array(100.0)
    return Effect(control, control + difference, half, half, np.array(n), np.array(0.0))


@pytest.mark.parametrize(
    ("sales", "latency", "n", "verdict"),
    [
        (0, 0, 1000, Verdict.GO_ON),
        (0, 0, 2000, Verdict.FLAT),
        (8, 0, 1000, Verdict.SHIP),
        (-8, 0, 1000, Verdict.STOP),
        (8, 12, 1000, Verdict.STOP),  # faster would be better; at least 8 slower, 5 are borne
        (8, -12, 1000, Verdict.SHIP),
        (8, 4, 1000, Verdict.GO_ON),  # may be 7 slower yet
    ],
)
def test_verdicts(sales, latency, n, verdict) -> None:
    found = decide(RULES, {"sales": _told(sales, n), "latency": _told(latency, n)})
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("sales", "latency", "verdict"),
    [
        (50, 0, Verdict.VOID),
        (-50, 0, Verdict.VOID),
        (50, 12, Verdict.STOP),  # at least 8 slower, 5 are borne
    ],
)
def test_a_mismatch_voids_everything_but_harm(sales, latency, verdict) -> None:
    found = decide(RULES, {"sales": _told(sales), "latency": _told(latency)}, mismatch=True)
    assert found.verdict == verdict


def test_with_more_variants_more_is_asked() -> None:
    many = Rules(SALES, (), planned_units=2000, variants=20)
    alone = Rules(SALES, (), planned_units=2000)
    assert decide(alone, {"sales": _told(3.3)}).verdict == Verdict.SHIP
    assert decide(many, {"sales": _told(3.3)}).verdict == Verdict.GO_ON


def test_a_losing_variant_stops_by_itself_and_a_harmless_one_goes_on() -> None:
    """Carts of a tenth of shoppers, and of a fourteenth: looked at after every hundred."""
    random = np.random.default_rng(0)
    rules = Rules(Metric("carts"), (Metric("orders"),), planned_units=20_000)
    stopped = []
    for share in (0.07, 0.1):
        arms, verdict = None, None
        for _ in range(60):
            today = []
            for chance in (0.1, share):
                bought = (random.random((100, 1)) < chance).astype(float)
                today.append(Moments.of(np.concatenate([bought, np.ones((100, 1))], axis=1)))
            arms = today if arms is None else [a + b for a, b in zip(arms, today, strict=True)]
            told = effect(*arms)
            verdict = decide(rules, {"carts": told, "orders": told}).verdict
            if verdict != Verdict.GO_ON:
                break
        stopped.append((verdict, float(arms[0].n)))
    assert stopped[0][0] == Verdict.STOP
    assert stopped[0][1] < 6000
    assert stopped[1] == (Verdict.GO_ON, 6000)
