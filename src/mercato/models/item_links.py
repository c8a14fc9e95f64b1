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
    target, weight, counts = _of(links, items)
    n_items = len(links.offsets) - 1
    totals = np.bincount(target, weight * np.repeat(weights, counts), n_items)
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
    target, weight, counts = _of(links, items)
    at = place.take(target)
    wanted = np.flatnonzero(at >= 0)
    source = np.searchsorted(np.cumsum(counts), wanted, side="right")
    products = weight[wanted] * weights[source]
    order = np.argsort(products, kind="stable")
    order = order[products[order] > 0]
    found = np.full(len(targets), -1, np.int64)
    # Of equal places the last assignment stays: the greatest product.
    found[at[wanted[order]]] = items[source[order]]
    return found


def _of(
    links: ItemLinks, items: NDArray[np.integer]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
    """(m,) targets and (m,) weights of all links of ``items``, and (k,) how many each has."""
    starts = links.offsets[items]
    counts = links.offsets[items + 1] - starts
    width = int(counts.max(initial=0))
    linked = counts > 0
    if width and (counts[linked] == width).all() and not (starts % width).any():
        # Links of as many each lie as rows of a matrix, which are copied eight times as fast.
        rows, shape = starts[linked] // width, (-1, width)
        whole = len(links.target) // width * width
        target = links.target[:whole].reshape(shape)[rows].ravel()
        weight = links.weight[:whole].reshape(shape)[rows].ravel()
    else:
        at, _ = positions(links.offsets, items)
        target, weight = links.target[at], links.weight[at]
    return target, weight.astype(np.float32), counts


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
