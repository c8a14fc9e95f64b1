"""What a ranker learns from clicks: the asset ``search_clicks`` as graded examples."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.evaluation.counterfactual import counterfactual_dcg
from mercato.evaluation.metrics import Values
from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.propensities import Propensities
from mercato.models.clicks.relevance import estimated_relevance, worth
from mercato.models.clicks.selection import best_propensities

FEWEST_CLICKS = 500
"""Assumed: from fewer, position bias and relevance cannot be told apart."""

FEWEST_QUERIES = 20
"""Assumed: with clicks; from fewer nothing general is learned."""

BOUGHT_WORTH = 2.0
"""What a purchase counts above a click. Assumed."""


@dataclass(frozen=True)
class ClickExamples:
    """Pairs of query and item, ordered by query.

    queries      : n_queries different ones, as typed in lower case
    query        : (n,) int64, ascending, numbers of ``queries``
    row          : (n,) int64, base rows of the catalogue
    gain         : (n,) float32, 0 to 1: relevance with the position's part taken out, see `worth`
    weight       : (n,) float32, 0 to 1: how far the gain is the pair's own clicks
    propensities : what was taken out
    log          : the clicks themselves, by pairs in the same order
    """

    queries: tuple[str, ...]
    query: NDArray[np.int64]
    row: NDArray[np.int64]
    gain: NDArray[np.float32]
    weight: NDArray[np.float32]
    propensities: Propensities
    log: ClickLog


@dataclass(frozen=True)
class ReadClicks:
    """The asset as counts.

    acted : any action counts as a click
    worth : a purchase counts more, a click less than 1
    """

    queries: tuple[str, ...]
    acted: ClickLog
    worth: ClickLog


def read_clicks(clicks: pa.Table, catalogue: Catalogue) -> ReadClicks | None:
    """The asset ``search_clicks`` over the products of a release; None where it is too little."""
    ids = pa.array(catalogue.ids(np.arange(catalogue.n_base)), pa.string())
    clicks = clicks.filter(pc.is_in(clicks["item_id"], value_set=ids))
    acted = np.max([clicks[name].to_numpy() for name in ("clicked", "carted", "bought")], axis=0)
    clicked_queries = pc.unique(clicks["query"].filter(pa.array(acted > 0)))
    if acted.sum() < FEWEST_CLICKS or len(clicked_queries) < FEWEST_QUERIES:
        return None
    # Of queries that nobody ever clicked after, nothing is learned.
    kept = pc.is_in(clicks["query"], value_set=clicked_queries)
    clicks, acted = clicks.filter(kept), acted[kept.to_numpy()]
    queries = clicked_queries.sort()
    query = pc.index_in(clicks["query"], value_set=queries).to_numpy()
    row = pc.index_in(clicks["item_id"], value_set=ids).to_numpy()
    position, shown = clicks["position"].to_numpy(), clicks["shown"].to_numpy()
    worth = (acted + BOUGHT_WORTH * clicks["bought"].to_numpy()) / (1 + BOUGHT_WORTH)
    logs = [ClickLog.of_rows(query, row, position, shown, each) for each in (acted, worth)]
    return ReadClicks(tuple(queries.to_pylist()), *logs)


def training_examples_from_clicks(
    clicks: pa.Table,
    catalogue: Catalogue,
    features: NDArray[np.floating] | None = None,
) -> ClickExamples | None:
    """None where there are too few clicks to learn from.

    clicks   : the asset ``search_clicks``
    features : (n_pairs, n_features) of the pairs in the order of `ClickExamples`, where they are
               known already: the propensities may then be estimated by regression too
    """
    read = read_clicks(clicks, catalogue)
    if read is None:
        return None
    known = best_propensities(read.acted, features)
    relevance = estimated_relevance(read.worth, known)
    return ClickExamples(
        queries=read.queries,
        query=read.worth.query,
        row=read.worth.item,
        gain=worth(relevance).astype(np.float32),
        weight=relevance.certain.astype(np.float32),
        propensities=known,
        log=read.acted,
    )


def click_values(examples: ClickExamples, scores: NDArray[np.floating]) -> Values:
    """(n_queries,) how a ranking would have done with the shoppers who clicked; 1 at best.

    scores : (n,) of the pairs of ``examples``. Rankings are compared on queries that neither has
             learned from, see `evaluation.counterfactual.counterfactual_dcg`.
    """
    log = examples.log
    order = np.argsort(log.query[log.pair], kind="stable")
    pair, position = log.pair[order], log.position[order]
    return counterfactual_dcg(
        log.query[pair], log.clicked[order], examples.propensities.of(position), scores[pair]
    )
