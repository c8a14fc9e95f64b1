"""What tells which products answer which queries: judgments; where there are too few, clicks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from mercato.catalogue.catalogue import Catalogue
from mercato.training.clicks import training_examples_from_clicks
from mercato.training.encoder.pairs import split_queries
from mercato.training.search_ranker.choosing import FEWEST_QUERIES
from mercato.training.search_ranker.examples import Graded, graded_by_clicks, graded_by_judgments

MOST_QUERIES = 7_000
"""Queries that are learned from: 4,000 take 30 s to ask, a minute to learn and 700 MB."""


@dataclass(frozen=True)
class Known:
    """What tells which products answer which queries, and the versions that made the rows.

    as_of : microseconds since 1970 UTC
    """

    judgments: pa.Table | None
    clicks: pa.Table
    versions: Mapping[str, int | None]
    as_of: int


@dataclass(frozen=True)
class Told:
    """What is learned from, by query.

    source   : ``judgments`` or ``clicks``
    position : how likely each place was looked at, see `Comparison`
    """

    graded: Mapping[str, Graded]
    source: str
    position: tuple[float, ...] = ()


def told_by(known: Known, catalogue: Catalogue, *, unseen_alone: bool = False) -> Told:
    """At most MOST_QUERIES.

    unseen_alone : where an encoder was tuned on the same queries, only those that it has not
                   seen: on the others it looks better than it is
    """
    told = _whole(known, catalogue)
    queries = list(told.graded)
    kept = split_queries(queries).validation if unseen_alone else np.arange(len(queries))
    if len(kept) > MOST_QUERIES:
        kept = np.sort(np.random.default_rng(0).permutation(kept)[:MOST_QUERIES])
    return replace(told, graded={queries[at]: told.graded[queries[at]] for at in kept.tolist()})


def _whole(known: Known, catalogue: Catalogue) -> Told:
    judged = known.judgments
    graded = {} if judged is None else graded_by_judgments(judged, catalogue)
    if len(graded) < FEWEST_QUERIES:
        examples = training_examples_from_clicks(known.clicks, catalogue)
        if examples is not None:
            examined = examples.propensities.examined
            return Told(graded_by_clicks(examples), "clicks", examined)
    return Told(graded, "judgments")
