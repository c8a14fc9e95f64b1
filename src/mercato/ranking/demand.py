"""How items do with shoppers, beyond how many bought them: rates, smoothed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.models.saving import Saved


@dataclass(frozen=True)
class Demand(Saved):
    """click_rates, purchase_rates : (n_base,) float32, log of an item's smoothed rate over the
    shop's own; 0 where the log says nothing"""

    click_rates: NDArray[np.float32]
    purchase_rates: NDArray[np.float32]

    def rates(
        self, base_rows: NDArray[np.integer]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Of clicks and of purchases, (k,) each; 0, the shop's own rate, for a new item (-1)."""
        new = base_rows < 0
        rows = np.where(new, 0, base_rows)
        return (
            np.where(new, np.float32(0), self.click_rates[rows]),
            np.where(new, np.float32(0), self.purchase_rates[rows]),
        )
