"""Whether a build learns a transformer, and a release keeps it."""

from pathlib import Path

import numpy as np
import pytest

from mercato.core.columns import Placement
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.core.progress import Silent
from mercato.core.settings import TrainSettings
from mercato.ranking.shelf_features import NAMES
from mercato.ranking.shelf_ranker import FACTS, ShelfRanker
from mercato.recommend.pool import network_columns, said_names
from mercato.training.parts_shelf_ranker import _WITH, _choice, _save
from mercato.training.parts_transformer import make_transformer
from mercato.training.shelf_ranker.choosing import without_network
from mercato.training.shelf_ranker.lessons import Lessons
from mercato.training.workshop import Made, Workshop

AS_OF = 100 * MICROSECONDS_PER_DAY
HOME = Placement.HOME


def test_it_is_not_learned_where_it_may_not_be(tmp_path: Path) -> None:
    part = Made("part", "0", tmp_path, 0.0, reused=False)
    workshop = Workshop(tmp_path, Silent())
    assert make_transformer(workshop, "network", part, None, part, AS_OF, TrainSettings()) is None


def lessons(network: bool, seed: int) -> Lessons:
    """What is bought is told by one feature, and half of it better by the transformer's score."""
    random = np.random.default_rng(seed)
    n, said = 200 * 30, said_names(HOME)
    features = np.zeros((n, len(NAMES) + len(said)), np.float32)
    hidden = random.normal(size=n)
    features[:, 0] = random.normal(size=n)
    told = hidden if network else random.normal(size=n)
    features[:, len(NAMES) + network_columns(HOME)[0]] = told
    bought = features[:, 0] + hidden > 1.8
    wanted = np.maximum(bought.reshape(200, 30).sum(1), 1)
    group = np.full(200, 30, np.int64)
    return Lessons(
        features, group, bought, np.ones(n, bool), random.random(n).astype(np.float32), wanted
    )


@pytest.mark.parametrize("network", [True, False])
def test_a_placement_keeps_it_where_it_wins(network: bool, tmp_path: Path) -> None:
    before, kept = tmp_path / "before", tmp_path / "kept"
    (before / FACTS).mkdir(parents=True)
    older = lessons(network, 1)
    _save(before / HOME, HOME, [without_network(older, HOME)], 0.0)
    _save(before / _WITH / HOME, HOME, [older], 0.0)
    compared = _choice(kept, {HOME: lessons(network, 2)}, before).of[HOME]
    assert compared.with_network == network
    ranker = ShelfRanker.open(kept / HOME)
    assert ranker is not None
    assert ranker.needed[len(NAMES) + network_columns(HOME)].any() == network
