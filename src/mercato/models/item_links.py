"""Weights between items, few for each: what kNN and truncated EASE serve from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.models.base import Scored


class ItemLinks(NamedTuple):
    """The links of item i are those from offsets[i] to offsets[i + 1].

    offsets : (n_items + 1,) int64
    target  : (n_links,) int32
    weight  : (n_links,) float16
    """

    offsets: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.float16]


def follow(links: ItemLinks, items: NDArray[np.integer], weights: NDArray[np.floating]) -> Scored:
    """Sum ``weights`` (k,) of ``items`` (k,) times the weights of their links, by target."""
    at, source = positions(links.offsets, items)
    target = links.target[at]
    n_items = len(links.offsets) - 1
    products = links.weight[at].astype(np.float32) * weights[source]
    totals = np.bincount(target, products, n_items)
    found = np.flatnonzero(totals != 0)
    return Scored(found.astype(np.int32), totals[found].astype(np.float32))


def strongest(
    links: ItemLinks,
    items: NDArray[np.integer],
    weights: NDArray[np.floating],
    targets: NDArray[np.integer],
) -> NDArray[np.int64]:
    """(len(targets),) which of ``items`` adds most to each target's sum; -1: none adds to it."""
    place = np.full(len(links.offsets) - 1, -1, np.int32)
    place[targets] = np.arange(len(targets))
    at, source = positions(links.offsets, items)
    wanted = np.flatnonzero(place[links.target[at]] >= 0)
    at, source = at[wanted], source[wanted]
    products = links.weight[at].astype(np.float32) * weights[source]
    order = np.argsort(products, kind="stable")
    order = order[products[order] > 0]
    found = np.full(len(targets), -1, np.int64)
    # Of equal places the last assignment stays: the greatest product.
    found[place[links.target[at[order]]]] = items[source[order]]
    return found


def positions(
    offsets: NDArray[np.int64], owners: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where all that ``owners`` own stands, and which of ``owners`` each place belongs to.

    offsets : (n + 1,), owner i owns what stands from offsets[i] to offsets[i + 1]
    """
    starts = offsets[owners]
    counts = offsets[owners + 1] - starts
    source = np.repeat(np.arange(len(owners)), counts)
    shift = starts - np.cumsum(counts) + counts
    return np.arange(len(source)) + shift[source], source
