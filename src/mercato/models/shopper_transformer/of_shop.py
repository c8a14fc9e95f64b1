"""A transformer with what it must know of a shop: how its items are described."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.searches import Searches
from mercato.models.saving import Saved
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.described import Description
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.remembered import Remembered


@dataclass(frozen=True)
class ShopTransformer(Saved):
    """A part of a release."""

    model: FittedShopperTransformer
    description: Description

    @cached_property
    def _remembered(self) -> Remembered:
        return Remembered(self.model)

    def state(self, one: Interactions) -> NDArray[np.float32] | None:
        """(width,) what one shopper is about to do; None where nothing was read of them."""
        return self._remembered.state(one)

    def searching(self, one: Interactions, searched: Searches) -> NDArray[np.float32]:
        """(width,) what one shopper is about to do who searches for something now: its inner
        products with items' vectors are logits for the search.

        searched : that one search. Raises BadInput where the model reads no searches.
        """
        return self._remembered.searching(one, searched)

    def unpriced(self, told: ItemContent) -> NDArray[np.float32]:
        """(n, width) of items that are newer than the release, by what is told of them without a
        price, see `priced`."""
        return self.model.content.added_up(told)

    def priced(
        self, unpriced: NDArray[np.float32], price: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """(n, width) their vectors with prices (n,), NaN for none: their inner product with a state
        is their logit."""
        content = self.model.content
        bands = content.codes[int(content.sizes[:-1].sum()) :]
        return content.scaled(unpriced + (bands[self.description.bands_of(price)] - bands[0]))
