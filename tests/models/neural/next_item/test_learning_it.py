"""What networks of the next item learn, by what items are made of."""

from collections.abc import Callable

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models.neural.learning import Learning
from mercato.models.neural.next_item.batches import by_length, runs_before, whole_runs
from mercato.models.neural.next_item.item_vectors import graph_places, item_graph, nearest
from mercato.models.neural.next_item.model import NextItemNetwork
from mercato.models.neural.next_item.settings import (
    Drawn,
    Encoder,
    Examples,
    Interests,
    Items,
    Masked,
    Pooled,
    Recurrent,
    SessionGraph,
    Sizes,
)
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.events import read_events

AS_OF = 100 * MICROSECONDS_PER_DAY


@pytest.fixture(scope="module")
def rounds(log_of: Callable[..., Interactions]) -> Interactions:
    """Forty shoppers go round the same eight items, from where each of them begins."""
    done = [(user, 50 + at, (user + at) % 8) for user in range(40) for at in range(7)]
    return log_of(done, 10)


def network(encoder: Encoder, items: Items, passes: int) -> NextItemNetwork:
    return NextItemNetwork(
        encoder,
        Sizes(width=16, longest=8, dropout=0.0),
        items,
        Drawn(negatives=64),
        Examples(batch=64, held=4),
        Learning(passes=passes, learning_rate=0.02, checks=1),
    )


@pytest.mark.parametrize(
    ("encoder", "items", "passes"),
    [
        (Masked(layers=1), Items(), 40),
        (SessionGraph(), Items(), 10),
        (Pooled(), Items(), 8),
        (Interests(2), Items(), 25),
        (Recurrent(), Items(neighbours=3, places=2), 40),
    ],
)
def test_learns_what_comes_next(
    encoder: Encoder,
    items: Items,
    passes: int,
    rounds: Interactions,
    log_of: Callable[..., Interactions],
) -> None:
    with Silent().step("fit") as step:
        fitted = network(encoder, items, passes).fit(rounds, AS_OF, step)
    asked = [log_of([(0, 50 + n, (at + n) % 8) for n in range(6)], 10) for at in range(8)]
    best = [int(fitted.candidates(one, 1).items[0]) for one in asked]
    assert best == [(at + 6) % 8 for at in range(8)]
    assert fitted.outcome.worths


def test_a_new_item_is_known_by_its_content(
    rounds: Interactions, log_of: Callable[..., Interactions]
) -> None:
    """Its vector says what that of item 3 says, so it follows item 2 as that does."""
    told = ItemContent(np.eye(10, dtype=np.float32), np.zeros((10, 0), np.int64), np.zeros(0, int))
    with Silent().step("fit") as step:
        fitted = network(Pooled(), Items(ids=False, content=True), 4).fit(rounds, AS_OF, step, told)
    new = ItemContent(np.eye(10, dtype=np.float32)[[3]], told.codes[:1], told.sizes)
    more = fitted.with_items(new)
    best = more.candidates(log_of([(0, 50, 1), (0, 51, 2)], 11), 2)
    assert sorted(best.items.tolist()) == [3, 10]
    with pytest.raises(BadInput, match="vectors of 10 numbers"):
        fitted.with_items(ItemContent.none(1))


def test_runs() -> None:
    """Shoppers of 5 and 2 events, of which 3 are read at most."""
    offsets = np.array([0, 5, 7])
    found = runs_before(offsets, np.array([1, 4, 6]), 3)
    assert found.start.tolist() == [0, 2, 5]
    assert found.length.tolist() == [2, 3, 2]
    whole = whole_runs(offsets, 10, np.random.default_rng(0), behind=0)
    assert whole.start.tolist() == [0, 5]
    assert whole.length.tolist() == [5, 2]
    rows = found.padded()
    assert rows.at.tolist() == [[0, 1, 0], [2, 3, 4], [5, 6, 0]]
    assert rows.kept.sum(1).tolist() == [2, 3, 2]


def test_batches_hold_each_run_once_and_runs_of_like_lengths() -> None:
    length = np.random.default_rng(0).integers(1, 60, 500)
    batches = by_length(length, 200, np.random.default_rng(1))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    assert max(len(each) * length[each].max() for each in batches) <= 200
    assert np.mean([np.ptp(length[each]) for each in batches]) < 5


def test_the_graph_of_items(log_of: Callable[..., Interactions]) -> None:
    """a b a c: a stands next to b twice and next to c once."""
    log = read_events(
        log_of([(0, 50 + at, item) for at, item in enumerate([0, 1, 0, 2])], 4),
        kinds=False,
        gaps=False,
    )
    graph = item_graph(log, 4)
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 2 / np.sqrt(3 * 2)
    expected[0, 2] = expected[2, 0] = 1 / np.sqrt(3 * 1)
    assert np.allclose(graph.toarray(), expected, atol=1e-6)
    near, links = nearest(graph, 2)
    assert near.tolist() == [[1, 2], [0, -1], [0, -1], [-1, -1]]
    assert np.allclose(np.exp(links[0]), [1, 2 / np.sqrt(6), 1 / np.sqrt(3)])


def test_places_are_eigenvectors() -> None:
    import scipy.sparse as sp

    ring = sp.csr_matrix(np.roll(np.eye(12), 1, 0) / 2 + np.roll(np.eye(12), -1, 0) / 2)
    found = graph_places(ring.astype(np.float32), 3)
    # Of a ring of n the eigenvalues are cos(2 pi k / n): 1, then .866 twice.
    for column, value in zip(found.T, sorted([np.cos(np.pi / 6)] * 2 + [1.0]), strict=True):
        assert np.allclose(ring @ column, value * column, atol=0.05)
    assert np.allclose((found**2).mean(0), 1, atol=1e-3)
    assert not graph_places(ring, 11).any()
