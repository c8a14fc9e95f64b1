"""Pairs of query and product out of what a shop has."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import GRADE, ITEM_ID, QUERY
from mercato.training.clicks import ClickExamples
from mercato.training.encoder.pairs import Pairs, pairs_of

FEWEST_QUERIES = 200
"""Assumed: with fewer, too few are left to see whether the encoder became better."""


def pairs_from_judgments(judgments: pa.Table, catalogue: Catalogue) -> Pairs:
    """Products with a grade above the lowest that was given; 1 for the highest, exponential below.

    A grade g weighs (2**(g - lowest) - 1) / (2**(highest - lowest) - 1).
    """
    ids = pa.array(catalogue.ids(np.arange(catalogue.n_base)), pa.string())
    row = pc.fill_null(pc.index_in(judgments[ITEM_ID], value_set=ids), -1).to_numpy()
    grade = judgments[GRADE].to_numpy().astype(np.float64)
    gain = np.exp2(grade - grade.min(initial=np.inf)) - 1
    weight = gain / max(gain.max(initial=0.0), 1e-12)
    sold = row >= 0
    queries = np.array(judgments[QUERY].to_pylist(), object)[sold].tolist()
    return pairs_of(queries, row[sold], weight[sold], "judgments")


def pairs_from_clicks(examples: ClickExamples) -> Pairs:
    """Products that were acted on more than is usual for their query, by their relevance and by
    how certain it is."""
    log = examples.log
    clicked = log.by_pair(log.clicked) > 0
    mean = np.bincount(examples.query, examples.gain) / np.bincount(examples.query)
    liked = clicked & (examples.gain >= mean[examples.query])
    queries = [examples.queries[number] for number in examples.query[liked].tolist()]
    weight = (examples.gain * examples.weight)[liked]
    return pairs_of(queries, examples.row[liked], weight, "clicks")
