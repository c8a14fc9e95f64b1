"""Session kNN against the papers' formulas, written out session by session."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mercato.core.history import Interactions
from mercato.models.session_knn import FAMILY, SKNN, STAN, SessionKnn
from mercato.models.sessions import Query

N_ITEMS = 15
NOW = 50.0

Session = list[int]


def logged(sessions: list[tuple[float, Session]]) -> list[tuple[int, float, int]]:
    """A shopper a session; items follow each other by a minute."""
    return [
        (shopper, day + place / 1440, item)
        for shopper, (day, session) in enumerate(sessions)
        for place, item in enumerate(session)
    ]


def by_definition(
    model: SessionKnn, sessions: list[tuple[float, Session]], asked: Session
) -> dict[int, float]:
    """Item → score; all sessions are neighbours."""
    scores: dict[int, float] = {}
    last = len(asked) - 1
    back = {item: last - place for place, item in enumerate(asked)}
    for day, session in sessions:
        places = {item: place for place, item in enumerate(session)}
        shared = sorted(set(back) & set(places), key=lambda item: -back[item])
        if not shared:
            continue
        similarity = 0.0
        for item in shared:
            weight = 1.0
            if model.fading == "linear":
                weight = (max(back.values()) + 1 - back[item]) / (max(back.values()) + 1)
            elif model.query_fading:
                weight = math.exp(-back[item] / model.query_fading)
            seen = sum(item in each for _, each in sessions)
            similarity += weight * math.log(1 + len(sessions) / seen) ** model.idf
        similarity /= len(places) ** model.length
        if model.recency_days:
            ended = day + (len(session) - 1) / 1440
            similarity *= math.exp(-(NOW - ended) / model.recency_days)
        newest = shared[-1]
        if model.fading == "linear":
            similarity /= back[newest] + 1
        elif model.match_fading:
            similarity *= math.exp(-back[newest] / model.match_fading)
        for item, place in places.items():
            apart = place - places[newest]
            near = math.exp(-abs(apart) / model.reach) if model.reach else 1.0
            near *= model.before if apart < 0 else 1.0
            scores[item] = scores.get(item, 0.0) + similarity * near
    return scores


@pytest.fixture(scope="module")
def sessions() -> list[tuple[float, Session]]:
    random = np.random.default_rng(3)
    return [
        (float(day), (random.zipf(1.4, length) % N_ITEMS).tolist())
        for day, length in zip(random.permutation(40), random.integers(1, 7, 40), strict=True)
    ]


@pytest.mark.parametrize(
    "model",
    [*FAMILY.values(), replace(STAN, before=0.6, idf=2.0, length=0.25, match_fading=1.0)],
    ids=[*FAMILY, "all at once"],
)
def test_against_the_definition(
    log_of: Callable[..., Interactions],
    fit_at: Callable[..., Any],
    sessions: list[tuple[float, Session]],
    model: SessionKnn,
) -> None:
    fitted = fit_at(model, log_of(logged(sessions), N_ITEMS), NOW)
    for asked in ([2], [1, 3, 2, 3], [5, 1], [14, 2, 1, 4, 2]):
        one = log_of(logged([(NOW, asked)]), N_ITEMS)
        items, scores = fitted.scored(one)
        expected = by_definition(model, sessions, asked)
        assert dict(zip(items.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected)


def test_cosine_by_hand(log_of: Callable[..., Interactions], fit_at: Callable[..., Any]) -> None:
    log = log_of(logged([(1, [0, 1]), (2, [1, 2, 3]), (3, [3])]), 4)
    items, scores = fit_at(SKNN, log, 9).scored(log_of(logged([(5, [1, 0])]), 4))
    # Less the asked session's 1 / sqrt(2), which all have.
    first, second = 2 / math.sqrt(2), 1 / math.sqrt(3)
    assert items.tolist() == [0, 1, 2, 3]
    assert scores.tolist() == pytest.approx([first, first + second, second, second])


def test_only_the_nearest_are_listened_to_and_of_equal_ones_the_newest(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    log = log_of(logged([(3, [0, 1]), (1, [0, 2]), (2, [0, 3])]), 4)
    asked = log_of(logged([(5, [0])]), 4)
    assert fit_at(replace(SKNN, neighbours=1), log, 9).scored(asked).items.tolist() == [0, 1]
    assert fit_at(replace(SKNN, neighbours=2), log, 9).scored(asked).items.tolist() == [0, 1, 3]
    assert fit_at(replace(SKNN, newest=2), log, 9).scored(asked).items.tolist() == [0, 1, 3]


def test_old_sessions_count_less_as_time_goes_on(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    log = log_of(logged([(0, [0, 1])]), 2)
    asked = log_of(logged([(5, [0])]), 2)
    model = fit_at(replace(SKNN, recency_days=10), log, 10)
    later = model.at(model.as_of + 10 * 86_400_000_000)
    assert later.scored(asked).scores == pytest.approx(model.scored(asked).scores / math.e)


def test_a_basket_has_no_order(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    """What is bought at one moment stands at one place, however the log has it."""
    one = log_of([(0, 1, 0), (0, 1, 1), (0, 1, 2), (1, 2, 3)], 4)
    other = log_of([(0, 1, 2), (0, 1, 0), (0, 1, 1), (1, 2, 3)], 4)
    asked = log_of([(0, 5, 1)], 4)
    found = [fit_at(STAN, log, 9).scored(asked) for log in (one, other)]
    assert found[0].items.tolist() == found[1].items.tolist() == [0, 1, 2]
    assert len(set(found[0].scores.tolist())) == 1
    assert found[0].scores.tolist() == found[1].scores.tolist()


def test_evidence_is_the_item_that_the_neighbours_share_most_of(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    """Without it the target's score falls furthest."""
    sessions = [[0, 3], [0, 3], [1, 3], [1, 4], [2, 4, 5]]
    model = fit_at(replace(SKNN, idf=1.0), log_of(logged([(1, each) for each in sessions]), 7), 9)
    query = Query(np.array([0, 1, 2]), np.zeros(3, np.int64))
    assert model.evidence(query, model.near(query), np.array([3, 4, 5, 6])).tolist() == [
        0,
        2,
        2,
        -1,
    ]

    def score(query: Query, target: int) -> float:
        items, scores = model.of_neighbours(model.near(query))
        return float(scores[items == target].sum())

    for target, named in ((3, 0), (4, 2), (5, 2)):
        left = {
            item: score(Query(query.item[query.item != item], np.zeros(2, np.int64)), target)
            for item in (0, 1, 2)
        }
        assert min(left, key=left.__getitem__) == named
        assert left[named] < score(query, target)
