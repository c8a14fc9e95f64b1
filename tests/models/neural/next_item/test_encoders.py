"""Encoders of a history: what they see of it, and that what is served is what was learned."""

from typing import Any

import numpy as np
import pytest
import torch

from mercato.models.neural.next_item.encoding import History, place_back
from mercato.models.neural.next_item.learned import exported
from mercato.models.neural.next_item.masked import MaskedEncoder
from mercato.models.neural.next_item.session_graph import _links
from mercato.models.neural.next_item.settings import (
    Encoder,
    Interests,
    Masked,
    Pooled,
    Recurrent,
    SessionGraph,
    Sizes,
)
from mercato.models.neural.next_item.task import NextItem, encoder_of

SIZES = Sizes(width=8, longest=6)
ENCODERS = [Recurrent(2), Masked(), SessionGraph(2), Pooled(), Interests(3)]


@pytest.fixture(params=ENCODERS, ids=lambda each: type(each).__name__)
def network(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    found = NextItem(torch.nn.Identity(), encoder_of(request.param, SIZES), SIZES).eval()
    for each in found.parameters():
        torch.nn.init.normal_(each, 0, 0.5)
    return found


def history(items: list[int], longest: int) -> tuple[Any, Any, Any]:
    """One shopper's items, padded to ``longest``."""
    item = torch.tensor([items + [0] * (longest - len(items))])
    table = torch.from_numpy(np.random.default_rng(1).normal(size=(9, 8)).astype(np.float32))
    kept = torch.arange(longest)[None] < len(items)
    return table[item], item, kept


@pytest.mark.parametrize("items", [[3], [1, 2, 1, 4], [5, 4, 3, 2, 1, 7]])
def test_the_graph_that_serves_says_what_the_network_says(network: Any, items: list[int]) -> None:
    vectors, item, kept = history(items, 6)
    with torch.no_grad():
        expected = network(vectors, item, kept)[0].numpy()
    t = len(items)
    found = exported(network, SIZES).states(vectors[0, :t].numpy(), item[0, :t].numpy())
    assert np.abs(found - expected).max() < 1e-4


def test_padding_and_what_stands_in_it_count_for_nothing(network: Any) -> None:
    vectors, item, kept = history([1, 2, 3], 6)
    other = torch.where(kept[:, :, None], vectors, torch.tensor(7.0))
    with torch.no_grad():
        assert torch.allclose(network(vectors, item, kept), network(other, item, kept), atol=1e-6)


def test_an_event_sees_none_behind_it() -> None:
    torch.manual_seed(0)
    encoder = encoder_of(Recurrent(), SIZES).eval()
    vectors, item, kept = history([1, 2, 3, 4], 4)
    changed = vectors.clone()
    changed[:, 3] += 1
    states = [encoder.states(History(each, item, kept)) for each in (vectors, changed)]
    assert torch.equal(states[0][:, :3], states[1][:, :3])
    assert not torch.equal(states[0][:, 3], states[1][:, 3])


def test_what_is_hidden_is_not_read() -> None:
    torch.manual_seed(0)
    encoder = MaskedEncoder(Masked(), SIZES).eval()
    vectors, item, kept = history([1, 2, 3, 4], 6)
    changed = vectors.clone()
    changed[:, 1] += 1
    hidden = torch.tensor([[False, True, False, False, False, False]])
    told = [encoder.read(History(each, item, kept), hidden) for each in (vectors, changed)]
    assert torch.equal(*told)


def test_each_row_hides_something_and_never_padding() -> None:
    torch.manual_seed(0)
    encoder = MaskedEncoder(Masked(hidden=0.1), SIZES)
    kept = torch.arange(6)[None] < torch.randint(1, 7, (200, 1))
    hidden = encoder.draw(kept)
    assert hidden.any(1).all()
    assert not (hidden & ~kept).any()
    newest = (place_back(kept) == 0) & kept
    # A third of the rows, and those where chance hid nothing: .9 to the power of 1 to 6.
    assert 0.7 < (hidden == newest).all(1).float().mean() < 0.95


def test_links_of_a_session() -> None:
    """Of the session a b a c: a and b follow each other, c follows a, and a stands there twice."""
    _, item, kept = history([1, 2, 1, 3], 5)
    links, count = _links(History(torch.zeros(1, 5, 8), item, kept))
    same, out, back, both = links[0].permute(2, 0, 1).int().tolist()
    assert same == [
        [1, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
        [1, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1],
    ]
    assert [row[3] for row in out] == [1, 0, 1, 0, 0]
    assert back[3] == [1, 0, 1, 0, 0]
    assert [row[1] for row in both] == [1, 0, 1, 0, 0]
    assert count[0].tolist() == [2, 1, 2, 1, 1]


def test_an_item_that_comes_twice_is_one_node() -> None:
    """What is linked with it sees it once, however often it stands in the session."""
    encoder: Any = encoder_of(SessionGraph(), SIZES)
    vectors, item, kept = history([1, 2, 1, 2, 1], 5)
    links, count = _links(History(vectors, item, kept))
    layer = encoder.layers[0]
    short = history([1, 2, 1], 3)
    links_3, count_3 = _links(History(*short))
    found, expected = layer(vectors, links, count), layer(short[0], links_3, count_3)
    assert torch.allclose(found[0, :3], expected[0], atol=1e-6)


def test_interests_are_as_many_as_asked_for() -> None:
    encoder: Encoder = Interests(3)
    found = encoder_of(encoder, SIZES)
    assert found.answer(History(*history([1, 2], 4))).shape == (1, 3, 8)
