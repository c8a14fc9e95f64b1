"""Dropout that draws eight numbers at once."""

import pytest
import torch

from mercato.models.neural.dropout import Dropout


def test_leaves_out_its_share_and_keeps_the_sum() -> None:
    torch.manual_seed(0)
    part = Dropout(0.25)
    found = part(torch.ones(1_000, 100))
    # 100,000 draws: one standard error of the share is .0014.
    assert float((found == 0).float().mean()) == pytest.approx(0.25, abs=0.006)
    assert float(found.mean()) == pytest.approx(1.0, abs=0.008)
    assert found.unique().tolist() == pytest.approx([0.0, 1 / 0.75])


def test_neighbours_are_left_out_independently() -> None:
    torch.manual_seed(0)
    kept = (Dropout(0.5)(torch.ones(12_500, 8)) > 0).double()
    shares = torch.corrcoef(kept.T) - torch.eye(8)
    assert float(shares.abs().max()) < 0.05


def test_serving_changes_nothing() -> None:
    value = torch.ones(3, 5)
    assert Dropout(0.5).eval()(value) is value
    assert Dropout(0.0)(value) is value
