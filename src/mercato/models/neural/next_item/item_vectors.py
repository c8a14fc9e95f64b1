"""Items → vectors, and a layer over the graph of items that stand next to each other.

Needs torch.
"""

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh
from torch import Tensor, nn
from torch.nn import functional

from mercato.models.neural.next_item.encoding import Perceptron
from mercato.models.neural.next_item.settings import Items, Sizes
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.events import Read
from mercato.models.shopper_transformer.network import ItemVectors
from mercato.models.shopper_transformer.settings import Inputs, Shape

_NEVER = -1e9

_LEAST_ITEMS = 4
"""More than eigenvectors, below which a graph has no places to tell."""


def item_vectors(
    sizes: Sizes, settings: Items, log: Read, known: NDArray[np.bool_], content: ItemContent
) -> nn.Module:
    """A module from item numbers (k,) int64 to (k, width)."""
    own = ItemVectors(
        Shape(width=sizes.width, cosine=sizes.cosine),
        Inputs(ids=settings.ids, content=settings.content, forgotten=settings.forgotten),
        known,
        content,
    )
    if not settings.neighbours:
        return own
    return GraphItems(own, sizes, settings, item_graph(log, len(known)))


class GraphItems(nn.Module):
    """A layer of a graph transformer: each item attends to itself and to its neighbours."""

    def __init__(self, own: ItemVectors, sizes: Sizes, settings: Items, graph: sp.csr_matrix):
        super().__init__()
        self.own, self.cosine = own, sizes.cosine
        near, links = nearest(graph, settings.neighbours)
        places = graph_places(graph, settings.places)
        self.register_buffer("near", torch.from_numpy(near), persistent=False)
        self.register_buffer("links", torch.from_numpy(links), persistent=False)
        self.register_buffer("where", torch.from_numpy(places), persistent=False)
        self.place = nn.Linear(places.shape[1], sizes.width, bias=False)
        self.norm = nn.LayerNorm(sizes.width)
        self.query = nn.Linear(sizes.width, sizes.width)
        self.key = nn.Linear(sizes.width, sizes.width)
        self.value = nn.Linear(sizes.width, sizes.width)
        self.link = nn.Parameter(torch.ones(1))
        self.perceptron = Perceptron(sizes.width, 2)

    @property
    def project(self) -> nn.Linear | None:
        return self.own.project

    @property
    def codes(self) -> nn.Embedding | None:
        return self.own.codes

    def forward(self, items: Tensor) -> Tensor:
        near = self.near[items]  # (k, neighbours), -1 for none
        needed, place = torch.unique(
            torch.cat([items[:, None], near.clamp(min=0)], 1), return_inverse=True
        )
        whole = self.own(needed) + self._placed(needed)
        normed = self.norm(whole)
        query = self.query(functional.embedding(place[:, :1], normed))  # (k, 1, width)
        key, value = (
            functional.embedding(place, each(normed)) for each in (self.key, self.value)
        )  # (k, 1 + neighbours, width)
        scores = (query * key).sum(-1) * query.shape[2] ** -0.5
        scores = scores + self.link * self.links[items]
        there = functional.pad(near >= 0, (1, 0), value=True)
        share = scores.masked_fill(~there, _NEVER).softmax(1)
        found = functional.embedding(place[:, 0], whole) + (share[:, :, None] * value).sum(1)
        found = self.perceptron(found)
        return functional.normalize(found) if self.cosine else found

    def _placed(self, items: Tensor) -> Tensor:
        """An eigenvector and its opposite say the same, so that its sign is drawn anew."""
        where = self.where[items]
        if self.training:
            where = where * (torch.randint(0, 2, where.shape[1:], device=where.device) * 2.0 - 1)
        told: Tensor = self.place(where)
        return told


def item_graph(log: Read, n_items: int) -> sp.csr_matrix:
    """(n_items, n_items) symmetric, how often two items stand next to each other, over the root of
    what each has of that."""
    follows = log.shopper[1:] == log.shopper[:-1]
    first, second = log.item[:-1][follows], log.item[1:][follows]
    apart = first != second
    first, second = first[apart], second[apart]
    ones = np.ones(2 * len(first), np.float32)
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    graph = sp.csr_matrix((ones, ends), (n_items, n_items))
    root = np.sqrt(np.maximum(np.asarray(graph.sum(1)).ravel(), 1e-9))
    scale = sp.diags(np.where(root > 1e-3, 1 / root, 0).astype(np.float32))
    return sp.csr_matrix(scale @ graph @ scale)


def nearest(graph: sp.csr_matrix, most: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(n, most) the strongest neighbours of each item, -1 for none; (n, 1 + most) the logarithm of
    how strong, that of an item with itself first, 0."""
    n = graph.shape[0]
    row = np.repeat(np.arange(n), np.diff(graph.indptr))
    order = np.lexsort((graph.indices, -graph.data, row))
    place = np.arange(len(order)) - graph.indptr[row[order]]
    kept = order[place < most]
    near = np.full((n, most), -1, np.int64)
    links = np.zeros((n, 1 + most), np.float32)
    near[row[kept], place[place < most]] = graph.indices[kept]
    links[row[kept], 1 + place[place < most]] = np.log(graph.data[kept])
    return near, links


def graph_places(graph: sp.csr_matrix, most: int) -> NDArray[np.float32]:
    """(n, most) eigenvectors of the Laplacian with the least eigenvalues, those of the graph scaled
    as `item_graph` with the greatest; in units of the mean square, 0 where there are too few."""
    n = graph.shape[0]
    found = np.zeros((n, most), np.float32)
    if not most or not graph.nnz or n < most + _LEAST_ITEMS:
        return found
    begin = np.random.default_rng(0).standard_normal(n)
    _, vectors = eigsh(graph.astype(np.float64), most, which="LA", v0=begin, tol=1e-2)
    found[:] = vectors * np.sqrt(n)
    return found
