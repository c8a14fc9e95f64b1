"""What shoppers clicked → which ranking they prefer, and what a bandit has learned."""

from collections.abc import Iterator, Mapping

import ibis
import numpy as np
import orjson
import pyarrow as pa
from ibis import _

from mercato.data.engines import Engine
from mercato.data.experiments.units import UNIT, clicked_items
from mercato.data.programs import answers_to_people
from mercato.evaluation.experiments.outcomes import Floats, Moments
from mercato.ranking.bandits.shelf_order import FEATURES, Learner
from mercato.ranking.interleaving import Interleaved

MOST_LEARNED = 200_000
"""Newest answers that a bandit learns from."""


def clicked_answers(
    engine: Engine, seen: ibis.Table, tables: Mapping[str, ibis.Table], *, also_others: bool
) -> Iterator[tuple[str, dict[str, object], list[str], frozenset[str]]]:
    """Unit, what was logged as asked, items shown and items clicked of the newest answers to
    people.

    tables      : as `answers_to_people` has them
    also_others : those without a click as well
    """
    clicks = clicked_items(tables["events"])
    joined = answers_to_people(seen, tables).join(
        clicks, "query_id", how="left" if also_others else "inner"
    )
    newest = joined.order_by(_.ts.desc()).limit(MOST_LEARNED)
    wanted = newest.select(UNIT, "request", "item_ids", "clicked")
    schema = pa.schema(
        [
            (UNIT, pa.string()),
            ("request", pa.string()),
            ("item_ids", pa.list_(pa.string())),
            ("clicked", pa.list_(pa.string())),
        ]
    )
    for batch in engine.batches(wanted, schema):
        for row in batch.to_pylist():
            clicked = frozenset(row["clicked"] or ())
            yield row[UNIT], orjson.loads(row["request"]), row["item_ids"], clicked


def credited(
    engine: Engine, seen: ibis.Table, tables: Mapping[str, ibis.Table], units: pa.Table
) -> Moments | None:
    """Of each unit the sum of credits and the number of its searches, see
    `evaluation.experiments.preference`; None for fewer than two units."""
    if units.num_rows < 2:
        return None
    sums: dict[str, int] = {}
    for unit, asked, items, clicked in clicked_answers(engine, seen, tables, also_others=False):
        teams = asked.get("teams") or ()
        if isinstance(teams, list) and len(teams) == len(items):
            drafted = Interleaved(tuple(items), tuple(teams))
            sums[unit] = sums.get(unit, 0) + drafted.credit(clicked)
    names = units[UNIT].to_pylist()
    total = np.array([sums.get(name, 0) for name in names], np.float64)
    return Moments.of(np.stack([total, units["searches"].to_numpy()], axis=-1))


def learned(
    engine: Engine, seen: ibis.Table, tables: Mapping[str, ibis.Table], learner: Learner
) -> Learner:
    """The learner with what the answers of its arm say, from the beginning: nothing is counted
    twice whoever looks, and whenever."""
    squares = np.zeros((len(FEATURES), len(FEATURES)))
    products = np.zeros(len(FEATURES))
    for _unit, asked, items, clicked in clicked_answers(engine, seen, tables, also_others=True):
        features = _features(asked, len(items))
        if features is not None:
            squares += features.T @ features
            products += features.T @ np.array([item in clicked for item in items], np.float64)
    merged = type(learner)(squares, products)
    return learner.merged(merged)  # type: ignore[arg-type]


def _features(asked: dict[str, object], n: int) -> Floats | None:
    """(n, d); None where the answer was not a bandit's, or another Mercato's."""
    told = asked.get("features")
    if not isinstance(told, list) or len(told) != n or not n:
        return None
    features = np.array(told, np.float64)
    return features if features.shape == (n, len(FEATURES)) else None
