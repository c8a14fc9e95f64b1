"""Two stages: what the second learns that the first cannot say, and that it is kept apart."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.models.lambdamart.model import LambdaMart
from mercato.models.neural.learning import Learning
from mercato.models.next_item_blend import NextItemBlend
from mercato.models.next_item_ranker import NextItemRanker
from mercato.models.session_blend import SessionBlend
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Shape

KINDS, OF_KIND, MET = 4, 6, 4
MINUTE = 1 / 1_440

BLEND = NextItemBlend(
    1.0,
    ShopperTransformer(
        Shape(width=8, layers=1, longest=8), examples=Examples(batch=64), learning=Learning(1)
    ),
    SessionBlend(),
)
RANKER = NextItemRanker(BLEND, LambdaMart("binary", n_trees=40, n_leaves=4, least_rows=20))


@pytest.fixture(scope="module")
def never_twice(log_of: Callable[..., Interactions]) -> Interactions:
    """Each shopper takes the six things of a kind in an order of their own, each once; sessions
    like theirs hold what they have met and what they have not alike."""
    random = np.random.default_rng(0)
    done = []
    for shopper in range(240):
        things = random.permutation(OF_KIND) + shopper % KINDS * OF_KIND
        done += [(shopper, shopper / 10 + at * MINUTE, int(it)) for at, it in enumerate(things)]
    return log_of(done, KINDS * OF_KIND)


def new_among_first(model: Any, log: Interactions) -> float:
    """Share of things not met yet among the first two, asked behind four of six."""
    shares = []
    for shopper in range(200, 240):
        one = log.of(shopper)
        known = one.where(np.arange(len(one.item)) < MET)
        first = model.candidates(known, OF_KIND - MET).items
        shares.append(np.mean(~np.isin(first, known.item)))
    return float(np.mean(shares))


@pytest.mark.parametrize("held", [{"newest": 0.2}, {"last": 2}])
def test_learns_what_the_blend_cannot_say(
    never_twice: Interactions, fit_at: Callable[..., Any], held: dict[str, Any]
) -> None:
    model = fit_at(replace(RANKER, **held), never_twice, 30)
    assert new_among_first(model.proposed.blend, never_twice) < 0.7
    assert new_among_first(model, never_twice) == 1.0


def test_what_order_is_learned_from_is_held_back_from_what_proposes_it(
    never_twice: Interactions, fit_at: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = []
    fit = NextItemBlend.fit

    def spied(self: NextItemBlend, log: Interactions, as_of: int, step: Any) -> Any:
        logs.append(log)
        return fit(self, log, as_of, step)

    monkeypatch.setattr(NextItemBlend, "fit", spied)
    fit_at(replace(RANKER, newest=0.25), never_twice, 30)
    earlier, whole = logs
    n = len(never_twice.item)
    assert (len(earlier.item), len(whole.item)) == (n * 3 // 4, n)
    assert earlier.ts.max() < np.sort(never_twice.ts)[n * 3 // 4]
    logs.clear()
    fit_at(replace(RANKER, last=2), never_twice, 30)
    assert np.diff(logs[0].offsets).tolist() == [OF_KIND - 2] * never_twice.n_users


def test_without_anything_to_learn_from_the_order_is_the_blends(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    log = log_of([(0, 1, 0), (0, 1 + MINUTE, 1), (1, 1, 0), (1, 1 + MINUTE, 2)], 3)
    model = fit_at(replace(RANKER, last=2), log, 3)
    asked = log.of(0)
    wanted = model.proposed.blend.candidates(asked, 3).items
    assert model.candidates(asked, 3).items.tolist() == wanted.tolist() != []


def test_needs_something_to_hold_back(
    never_twice: Interactions, fit_at: Callable[..., Any]
) -> None:
    with pytest.raises(BadInput, match="newest 0, last 0"):
        fit_at(replace(RANKER, newest=0.0), never_twice, 30)


def test_settings_of_learning_are_those_of_its_network() -> None:
    ranker = NextItemRanker().within(3).seeded(7).on("cuda")
    learning = ranker.blend.network.learning
    assert (learning.minutes, learning.seed, learning.device) == (1.5, 7, "cuda")
    assert ranker.trees.seed == 7
