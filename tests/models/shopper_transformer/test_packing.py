"""Pieces of histories in rows."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.models.shopper_transformer.packing import Pieces, packed, pieces_of


@pytest.fixture
def lengths() -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, 40, 200)


@pytest.mark.parametrize("shared", [True, False])
def test_each_event_but_a_shoppers_last_stands_in_one_row(
    lengths: NDArray[np.int64], shared: bool
) -> None:
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    pieces = pieces_of(offsets, 16, np.random.default_rng(1))
    rows = packed(pieces, 16, shared=shared)
    last = offsets[1:][lengths > 0] - 1
    expected = np.setdiff1d(np.arange(offsets[-1]), last)
    assert sorted(rows.at[rows.piece > 0].tolist()) == expected.tolist()
    shopper = np.repeat(np.arange(200), lengths)
    for at, piece, place in zip(*rows, strict=True):
        for number in np.unique(piece[piece > 0]):
            own = at[piece == number]
            assert len(set(shopper[own])) == 1
            assert np.diff(own).tolist() == [1] * (len(own) - 1)
            assert place[piece == number].tolist() == list(range(len(own)))
        if not shared:
            assert len(np.unique(piece[piece > 0])) == 1
    assert rows.at.shape[1] == 16


def test_rows_are_nearly_full(lengths: NDArray[np.int64]) -> None:
    offsets = np.concatenate(([0], np.cumsum(lengths // 4)))
    pieces = pieces_of(offsets, 32, np.random.default_rng(1))
    share = (packed(pieces, 32).piece > 0).mean()
    alone = (packed(pieces, 32, shared=False).piece > 0).mean()
    assert share > 0.85 > 0.25 > alone


def test_long_histories_are_cut_elsewhere_each_time() -> None:
    """41 events, of which the last is followed by none."""
    offsets = np.array([0, 41])
    cuts = set()
    for seed in range(30):
        found = pieces_of(offsets, 16, np.random.default_rng(seed))
        assert found.length.sum() == 40 and found.length.max() <= 16
        cuts.add(int(found.length[0]))
    assert len(cuts) > 8


def test_nothing_to_learn() -> None:
    pieces = pieces_of(np.array([0, 1, 1, 2]), 16, np.random.default_rng(0))
    assert len(pieces.length) == 0
    assert packed(Pieces(*pieces), 16).at.shape == (0, 16)
