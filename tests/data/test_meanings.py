"""Every column of every asset says what it means."""

import pytest

from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.meanings import meaning


@pytest.mark.parametrize("asset", ASSETS.values(), ids=lambda asset: asset.name)
def test_every_column_has_a_meaning(asset: Asset) -> None:
    assert [name for name in asset.schema.names if not meaning(asset.name, name)] == []


def test_a_meaning_may_be_of_one_asset_alone() -> None:
    assert meaning("events", "value").startswith("What the line is worth")
    assert meaning("quarantine", "value") == "What stood there."
    assert meaning("items", "no such column") == ""
