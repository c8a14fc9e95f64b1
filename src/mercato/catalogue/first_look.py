"""Of many texts, which are compared with a query: whoever names those that may be the nearest.

Their exact cosines are taken afterwards, from the release's own vectors. So a score is the same
whoever named the text, and a first look that misses something only leaves it out.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class FirstLook(Protocol):
    def near(self, query: NDArray[np.int8]) -> NDArray[np.int64]:
        """(k,) texts of the release, ascending, that may be the nearest to a query (1, d)."""
