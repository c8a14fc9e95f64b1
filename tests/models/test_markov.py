"""Chances of what comes next, by hand."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.core.history import Interactions
from mercato.models.markov import FittedMarkov, Markov
from mercato.models.session_blend import SessionBlend
from mercato.models.session_knn import SKNN

A, B, C, D = range(4)


def chances(model: FittedMarkov) -> dict[tuple[int, int], float]:
    source = np.repeat(np.arange(model.n_items), np.diff(model.offsets))
    return {
        (int(i), int(j)): float(w)
        for i, j, w in zip(source, model.target, model.weight, strict=True)
    }


def one_a_day(log_of: Callable[..., Interactions], *sessions: list[int]) -> Interactions:
    """A shopper a session; items follow each other by a minute."""
    done = [
        (shopper, 1 + place / 1440, item)
        for shopper, session in enumerate(sessions)
        for place, item in enumerate(session)
    ]
    return log_of(done, n_items=4)


def found(model: Any, asked: Interactions) -> dict[int, float]:
    items, scores = model.scored(asked)
    return dict(zip(items.tolist(), scores.tolist(), strict=True))


def test_first_order(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    log = one_a_day(log_of, [A, B, C], [A, B], [A, D], [B, A])
    model = fit_at(Markov(), log, 9)
    assert chances(model) == pytest.approx(
        {(A, B): 2 / 3, (A, D): 1 / 3, (B, C): 1 / 2, (B, A): 1 / 2}, rel=1e-3
    )
    asked = one_a_day(log_of, [B, A])
    assert found(model, asked) == pytest.approx({B: 2 / 3, D: 1 / 3}, rel=1e-3)


def test_further_apart_backwards_and_older_items(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    log = one_a_day(log_of, [A, B, C])
    model = fit_at(Markov(window=2, reach=1.0, back=0.5, fading=2.0), log, 9)
    far = math.exp(-1)
    a, b, c = 1 + far, 1 + 0.5, 0.5 + 0.5 * far
    assert chances(model) == pytest.approx(
        {
            (A, B): 1 / a,
            (A, C): far / a,
            (B, C): 1 / b,
            (B, A): 0.5 / b,
            (C, B): 0.5 / c,
            (C, A): 0.5 * far / c,
        },
        rel=1e-3,
    )
    old = math.exp(-1 / 2)
    expected = {A: 0.5 / b, B: old / a, C: 1 / b + old * far / a}
    assert found(model, one_a_day(log_of, [A, B])) == pytest.approx(
        {item: value / (1 + old) for item, value in expected.items()}, rel=1e-3
    )


def test_what_is_bought_at_once_has_no_order(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    model = fit_at(Markov(), log_of([(0, 1, A), (0, 1, B)], 4), 9)
    assert chances(model) == {(A, B): 1, (B, A): 1}


def test_a_second_step(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    model = fit_at(Markov(second=0.5), one_a_day(log_of, [A, B], [B, C], [B, D]), 9)
    assert found(model, one_a_day(log_of, [A])) == {B: 1, C: 0.25, D: 0.25}


def test_the_greatest_chances_are_kept(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    log = one_a_day(log_of, [A, D], [A, C], [A, C], [A, B])
    assert chances(fit_at(Markov(links=2), log, 9)) == {(A, C): 0.5, (A, B): 0.25}


def test_a_blend_adds_shares_of_neighbours_and_chances(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    log = one_a_day(log_of, [A, B], [B, C])
    model = fit_at(SessionBlend(weight=0.5, knn=SKNN, walk=Markov(second=1.0)), log, 9)
    # The one neighbour has A and B, half each; the walk leads to B, then to C.
    assert found(model, one_a_day(log_of, [A])) == {A: 0.5, B: 0.5 + 0.5, C: 0.5}
