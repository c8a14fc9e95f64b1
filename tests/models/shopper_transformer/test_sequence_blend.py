"""A network and its neighbours, added up."""

import numpy as np
import pytest

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models.neural.learning import Learning
from mercato.models.sequence_blend import FittedSequenceBlend, SequenceBlend
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Shape

AS_OF = 100 * MICROSECONDS_PER_DAY
MODEL = SequenceBlend(
    weight=0.25,
    transformer=ShopperTransformer(
        shape=Shape(width=16, layers=1, longest=16), learning=Learning(passes=2)
    ),
)


@pytest.fixture(scope="module")
def blended(browsing: Interactions) -> FittedSequenceBlend:
    with Silent().step("fit") as step:
        return MODEL.fit(browsing, AS_OF, step)


def test_chances_and_weighted_shares(blended: FittedSequenceBlend, browsing: Interactions) -> None:
    """Of both, all items together have 1, so of the sum they have 1.25."""
    one = browsing.of(3)
    found = blended.scored(one)
    assert found.scores.sum() == pytest.approx(1.25, rel=1e-4)
    own = blended.transformer.score(one)[0].astype(np.float64)
    chances = np.exp(own) / np.exp(own).sum()
    near = blended.knn.score(one)[0].astype(np.float64)
    shares = np.where(np.isfinite(near), near, 0)
    expected = chances + 0.25 * shares / shares.sum()
    np.testing.assert_allclose(blended.score(one)[0], expected, rtol=1e-4)


def test_seeds_and_minutes_are_the_networks() -> None:
    model = MODEL.seeded(7).within(2.0)
    assert model.transformer.learning.seed == 7
    assert model.transformer.learning.minutes == 2.0
    assert model.within(5.0).transformer.learning.minutes == 2.0
