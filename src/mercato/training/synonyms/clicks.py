"""Queries that lead to the same items: random walks of two steps over the graph of clicks, as in
Craswell & Szummer (2007), "Random walks on the click graph",
https://doi.org/10.1145/1277741.1277784."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from mercato.ranking.synonyms.synonym import Synonym
from mercato.training.synonyms.differing import Pair, proposals

FEWEST_ACTIONS = 3
"""On the items of a query, before it is compared. Assumed."""

FEWEST_SHARED = 2
"""Items that both queries lead to. Assumed."""

LEAST_LIKENESS = 0.3
"""Cosine of two queries' actions by item. Assumed."""

MOST_QUERIES = 20_000

BROAD, NARROW = 0.4, 0.8
"""Of a broader query's actions at most so many, of the narrower one's at least so many, are on
items that both lead to. Assumed."""


def from_clicks(search_clicks: pa.Table) -> list[Synonym]:
    """Proposals from the asset ``search_clicks``."""
    return proposals(_pairs(search_clicks), "clicks")


def _pairs(search_clicks: pa.Table) -> Iterator[Pair]:
    queries, actions = _actions(search_clicks)
    if not queries:
        return
    lengths = np.sqrt(np.asarray(actions.multiply(actions).sum(1)).ravel())
    unit = sparse.diags_array(1 / lengths) @ actions
    likeness = sparse.coo_array(sparse.triu(unit @ unit.T, k=1))
    near = likeness.data >= LEAST_LIKENESS
    totals = np.asarray(actions.sum(1)).ravel()
    for one, other, cosine in zip(
        likeness.row[near], likeness.col[near], likeness.data[near], strict=True
    ):
        mine, theirs = actions[[one]].toarray()[0], actions[[other]].toarray()[0]
        shared = (mine > 0) & (theirs > 0)
        if np.count_nonzero(shared) >= FEWEST_SHARED:
            yield _pair(
                (queries[one], queries[other]),
                (mine[shared].sum() / totals[one], theirs[shared].sum() / totals[other]),
                float(np.minimum(mine, theirs).sum()),
                float(cosine),
            )


def _pair(
    queries: tuple[str, str], shares: tuple[float, float], weight: float, likeness: float
) -> Pair:
    """The broader query first, where one is."""
    if shares[1] <= BROAD and shares[0] >= NARROW:
        queries, shares = queries[::-1], shares[::-1]
    broader = shares[0] <= BROAD and shares[1] >= NARROW
    return Pair(*queries, weight, likeness, broader)


def _actions(search_clicks: pa.Table) -> tuple[list[str], sparse.csr_array]:
    """Queries, and (n_queries, n_items) how often something was done with an item."""
    done: NDArray[np.float64] = np.zeros(search_clicks.num_rows)
    for name in ("clicked", "carted", "bought"):
        done += search_clicks[name].to_numpy()
    query = search_clicks["query"].combine_chunks().dictionary_encode()
    item = search_clicks["item_id"].combine_chunks().dictionary_encode()
    shape = len(query.dictionary), len(item.dictionary)
    at = (query.indices.to_numpy(), item.indices.to_numpy())
    actions = sparse.csr_array(sparse.coo_array((done, at), shape))
    actions.eliminate_zeros()
    totals = np.asarray(actions.sum(1)).ravel()
    kept = np.argsort(-totals, kind="stable")[:MOST_QUERIES]
    kept = kept[totals[kept] >= FEWEST_ACTIONS]
    names = query.dictionary.take(pa.array(kept)).to_pylist()
    return names, sparse.csr_array(actions[kept])
