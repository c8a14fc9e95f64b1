"""Shelves and rankings: several places shown at once, each with its reward.

What joins places decides which chances are needed (McInerney et al. 2020,
https://arxiv.org/abs/2007.12986):

- *independent*: a place earns by what stands there alone. Needs the chance of an item at its
  place, which is what our answers log (`recommend/reranking/exploration.py`).
- *cascade* (reward interaction): it also depends on what stands above. Needs the chance of
  all items down to the place.
- *whole*: it depends on all of the shelf.

Where places are drawn independently, `running_products` makes the chances of a cascade from
those of places. Our exploration draws without putting back: of m explored places out of a pool of
T, the true chance is larger by T^m (T - m)! / T!, which cancels out between policies that explore
the same places.
"""

import numpy as np
from numpy.typing import NDArray

from mercato.evaluation.off_policy.inverse_propensity import inverse_propensity, self_normalised
from mercato.evaluation.off_policy.logged import Floats, Logged
from mercato.evaluation.off_policy.terms import Terms


def per_shelf(
    reward: NDArray[np.floating],
    propensity: NDArray[np.floating],
    target: NDArray[np.floating],
    shelf: NDArray[np.integer],
    unit: NDArray[np.integer] | None = None,
) -> Terms:
    """The reward of a shelf: IIPS, RIPS or standard IPS (Li et al. 2018,
    https://arxiv.org/abs/1804.10488), as the chances are those of places, cascades or shelves.

    reward, propensity, target : (n,) of a place each
    shelf                      : (n,) which shelf it belongs to
    unit                       : (n,) whose shelf it is; shelves are units where none is given
    """
    logged = Logged.of(reward, propensity, target, shelf if unit is None else unit)
    whose, places = np.unique(shelf, return_inverse=True, return_counts=True)[1:]
    terms = inverse_propensity(logged)
    # The mean is over shelves, not over places: those of a shelf add up to 1.
    return Terms(terms.base, terms.numerator, 1 / places[whose], logged)


def per_place(
    reward: NDArray[np.floating],
    propensity: NDArray[np.floating],
    target: NDArray[np.floating],
    position: NDArray[np.integer],
    unit: NDArray[np.integer] | None = None,
) -> dict[int, Terms]:
    """The self-normalised reward of each place on its own: position → its terms.

    Their sum is the reward of a shelf; places are apart, since rewards fall on the way down.
    """
    found = {}
    for each in np.unique(position):
        rows = position == each
        whose = None if unit is None else unit[rows]
        logged = Logged.of(reward[rows], propensity[rows], target[rows], whose)
        found[int(each)] = self_normalised(logged)
    return found


def running_products(chance: NDArray[np.floating], shelf: NDArray[np.integer]) -> Floats:
    """(n,) of a cascade from ``chance`` (n,) of places; rows of a ``shelf`` from the top down."""
    begins = np.flatnonzero(np.diff(shelf, prepend=shelf[0] - 1))
    if len(np.unique(shelf)) != len(begins):
        order = np.argsort(shelf, kind="stable")
        products = np.empty(len(chance))
        products[order] = running_products(chance[order], shelf[order])
        return products
    counts = np.diff(np.append(begins, len(chance)))
    width = int(counts.max(initial=0))
    row = np.repeat(np.arange(len(begins)), counts)
    place = np.arange(len(chance)) - begins[row]
    grid = np.ones((len(begins), width))
    grid[row, place] = chance
    return np.asarray(np.cumprod(grid, axis=1)[row, place])
