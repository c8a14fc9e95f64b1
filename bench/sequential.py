"""The next item of a shopper: Beauty, Sports and MovieLens-1M, last item left out.

``--data`` is a file of S3-Rec's layout (``user item item …`` in order of time, gzipped).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.contenders import Contender, Contest, rows
from bench.harness import Arguments, Row, arguments, data_folder
from bench.merging import write_merged
from bench.next_item_networks import networks
from bench.sequences import read_sequences
from mercato.evaluation.protocols.leave_one_out import (
    SEQUENCE_K,
    leave_one_out,
    sequence_metrics,
    with_least_events,
)
from mercato.models.ease import Ease
from mercato.models.item_knn import ItemKnn
from mercato.models.markov import Markov
from mercato.models.neural.learning import Learning
from mercato.models.next_item_blend import NextItemBlend
from mercato.models.next_item_ranker import NextItemRanker
from mercato.models.popularity import Popularity
from mercato.models.session_blend import SessionBlend
from mercato.models.session_knn import SKNN, STAN, VSKNN, VSTAN, SessionKnn
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape

_KNN = SessionKnn(neighbours=1_000, newest=1_000, recency_days=0, reach=6.0, before=0.2)
_FEW = replace(_KNN, neighbours=200)
_WALK = Markov(window=8, back=0.5, fading=2.0, second=0.5, links=50)
_NEAR = Markov(window=3, back=0.0, fading=2.0)
_ITEM_KNN = ItemKnn(over="shopper", power=0, neighbours=100, shrink=10, least_together=1)
_EASE = Ease(items=12_500, power=0, momentum=0, links=500)
TRANSFORMER = ShopperTransformer(
    shape=Shape(width=128, mean=0.5, cosine=0.08, dropout=0.4, longest=50),
    inputs=Inputs(kinds=False, gaps=False),
    loss=Loss(negatives=2_048),
    examples=Examples(batch=1_024, again=False),
    learning=Learning(passes=20, learning_rate=3e-3),
)
"""Items alone: the files have neither times nor kinds of events."""

_OF_LONG_HISTORIES = replace(
    TRANSFORMER,
    shape=replace(TRANSFORMER.shape, width=64, cosine=0.0, dropout=0.2, longest=200),
    loss=Loss(kind="softmax"),
    examples=Examples(batch=2_048, again=False),
    learning=Learning(passes=24, learning_rate=3e-3, precision="auto"),
)
"""MovieLens' have a median of 96 events, Beauty's of 7: there is more to learn of, and longer; and
of 3,416 items all can be told apart at once."""

_LONG = 50

CONTENDERS: tuple[Contender, ...] = (
    Contender(
        "session kNN",
        (_KNN, _FEW, replace(_KNN, before=0.5), replace(_FEW, before=0.5)),
    ),
    Contender(
        "session kNN and Markov walk",
        (
            SessionBlend(knn=_KNN, walk=_WALK),
            SessionBlend(knn=_FEW, walk=_NEAR),
            SessionBlend(knn=_FEW, walk=_NEAR, weight=1.0),
        ),
    ),
    Contender("popularity", (Popularity(days=0),)),
    Contender("item kNN", (_ITEM_KNN, replace(_ITEM_KNN, shrink=50), replace(_ITEM_KNN, shrink=2))),
    Contender(
        "EASE",
        tuple(replace(_EASE, regularisation=each) for each in (200.0, 500.0)),
        most_items=12_500,
    ),
    Contender("Markov, first order", (Markov(),)),
    Contender("VSTAN", (replace(VSTAN, query_fading=5.0, recency_days=0), VSTAN)),
    Contender("STAN", (replace(STAN, recency_days=0), replace(STAN, neighbours=200))),
    Contender("VSKNN", (VSKNN, replace(VSKNN, length=0.5))),
    Contender("SKNN", (SKNN, replace(SKNN, neighbours=100))),
    Contender("Markov walk", (_WALK, _NEAR, replace(_WALK, second=0.0))),
)


def contenders(one: Contest) -> tuple[Contender, ...]:
    """All of them, with the network that suits the length of the histories."""
    long = np.median(np.diff(one.test.learned.offsets)) > _LONG
    network = _OF_LONG_HISTORIES if long else TRANSFORMER
    sizes = network.shape
    both = NextItemBlend(0.3, network, SessionBlend(knn=_KNN, walk=_WALK))
    return (
        *CONTENDERS,
        Contender("shopper transformer", (network,)),
        Contender(
            "shopper transformer ranked with session kNN",
            (NextItemRanker(both, last=3),),
        ),
        *networks(sizes.longest, again=False, width=sizes.width),
    )


DATA = [data_folder() / "sequential" / f"{name}.txt.gz" for name in ("beauty", "sports", "ml-1m")]

_LEAST_EVENTS = 5
"""SASRec's preprocessing (https://arxiv.org/abs/1808.09781); Beauty and Sports have it already."""

_ASKED = 6_000
"""Shoppers that validation asks about, spread evenly over all."""

_HOW = (
    "Leave one out: the last item of each shopper is the test, the one before it the validation, "
    "and models learn from all but these two; ranked among all items, those that the shopper has "
    "met masked. Items of fewer than 5 events are left out. Published, hit@10 / ndcg@10, full "
    "ranking: Beauty SASRec .0605 / .0318 as first reported, .0921 / .0531 with sampled softmax; "
    "Sports TIGER .0400 / .0225, SASRec with sampled softmax .0569 / .0314; MovieLens-1M SASRec "
    ".2392 / .1259, with 3,000 negatives .3159 / .1857. Settings and the chosen row by the sum of "
    "all metrics on validation (at most 6,000 shoppers); the test was looked at once. "
    "Rows with seeds are means of so many fits, spread the greatest difference between two. "
    "seconds and peak_mb: of one fit; ms: median of one answer."
)


def contest(path: Path) -> Contest:
    sequences, n_items = with_least_events(read_sequences(path, shoppers=True), _LEAST_EVENTS)
    split = leave_one_out(sequences, n_items, masked=True)
    name = path.name.split(".")[0]
    return Contest(
        name, split.validation.first(_ASKED), split.test, sequence_metrics, max(SEQUENCE_K)
    )


def main() -> None:
    asked: Arguments = arguments(__doc__, name="sequential", data=DATA, minutes=30)
    found: list[Row] = []
    sizes: list[str] = []
    for path in asked.paths:
        one = contest(path)
        sizes.append(f"{one.name}: {len(one.test):,} shoppers, {one.test.learned.n_items:,} items.")
        before = found
        # After each row, since networks take hours: what breaks off later keeps what was measured.
        for own in rows(one, contenders(one), asked):
            found = before + own
            write_merged(
                asked,
                name="sequential",
                protocol=f"{_HOW} {' '.join(sizes)}",
                data=asked.paths[: len(sizes)],
                rows=found,
            )


if __name__ == "__main__":
    main()
