"""The next item of a session: Diginetica under SR-GNN's protocol, and a month of YooChoose.

``--data`` is a folder: with train.txt.gz and test.txt.gz (Diginetica as SR-GNN and GCE-GNN have
it), or with train_full.tsv.gz and test.tsv.gz (YooChoose as session-rec has it).
"""

import gzip
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.contenders import Contender, Contest, rows
from bench.harness import Arguments, Row, arguments, data_folder
from bench.merging import write_merged
from bench.next_item_networks import networks
from bench.sequences import read_sequences
from mercato.evaluation.protocols.sequences import Sequences
from mercato.evaluation.protocols.sessions import (
    SESSION_K,
    all_prefixes,
    session_metrics,
    session_split,
    validation_split,
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

_OURS = SessionKnn(neighbours=1_000, newest=1_000, recency_days=200.0, idf=5.0, length=0.35)
_BLEND = SessionBlend(knn=_OURS)
_WALK = _BLEND.walk
_ITEM_KNN = ItemKnn(over="shopper", power=0, neighbours=100, shrink=10, least_together=1)
_EASE = Ease(items=12_000, power=0, momentum=0)

_LONGEST = 20
"""Newest clicks that networks read: nine sessions of ten have fewer."""

_TRANSFORMER = ShopperTransformer(
    shape=Shape(width=100, dropout=0.3, longest=_LONGEST),
    inputs=Inputs(kinds=False, gaps=False),
    loss=Loss(negatives=2_048),
    examples=Examples(batch=1_024),
    learning=Learning(passes=15, learning_rate=3e-3, precision="auto"),
)

_SOONER = replace(_TRANSFORMER, learning=replace(_TRANSFORMER.learning, passes=5))
"""For the second stage, which fits it twice: what it makes of a network of one pass is nearly what
it makes of fifteen."""

CONTENDERS: tuple[Contender, ...] = (
    Contender(
        "session kNN and Markov walk",
        (
            _BLEND,
            *(replace(_BLEND, weight=weight) for weight in (0.1, 0.4)),
            *(SessionBlend(knn=replace(_OURS, idf=2.0, recency_days=days)) for days in (0, 5)),
        ),
    ),
    Contender(
        "session kNN",
        (
            _OURS,
            replace(_OURS, idf=2.0),
            replace(_OURS, before=0.7),
            replace(_OURS, reach=4.0),
            *(replace(_OURS, idf=2.0, recency_days=days) for days in (0, 5)),
        ),
    ),
    Contender("popularity", (Popularity(days=28), Popularity(days=7), Popularity(days=0))),
    Contender("item kNN", (_ITEM_KNN, replace(_ITEM_KNN, shrink=2, neighbours=50))),
    Contender(
        "EASE",
        tuple(replace(_EASE, regularisation=each) for each in (50.0, 200.0)),
        most_items=12_000,
    ),
    Contender("Markov, first order", (Markov(),)),
    Contender(
        "VSTAN",
        (
            replace(VSTAN, query_fading=5.0, reach=8.0, recency_days=200.0),
            VSTAN,
            replace(VSTAN, query_fading=5.0, reach=4.0, recency_days=5.0),
        ),
    ),
    Contender(
        "STAN",
        (
            replace(STAN, query_fading=4.0, reach=8.0, recency_days=200.0),
            STAN,
            replace(STAN, query_fading=2.0, reach=4.0, recency_days=5.0),
        ),
    ),
    Contender("VSKNN", (VSKNN, replace(VSKNN, idf=0.0), replace(VSKNN, neighbours=100))),
    Contender("SKNN", (SKNN, replace(SKNN, neighbours=100))),
    Contender("Markov walk", (_WALK, replace(_WALK, second=0.0))),
    Contender("shopper transformer", (_TRANSFORMER,)),
    Contender(
        "shopper transformer ranked with session kNN",
        (NextItemRanker(NextItemBlend(0.5, _SOONER, _BLEND)),),
    ),
    *networks(_LONGEST, again=True, width=100),
)

DATA = [data_folder() / "session" / name for name in ("diginetica", "yoochoose100k")]

_HELD = 0.05
"""Share of the sessions, the newest, that validation asks about."""

_ASKED = 4_000
"""Their prefixes that are asked, spread evenly over all."""

_HOW = (
    "SR-GNN's protocol: every prefix of the later sessions is asked, one right answer, ranked "
    "among all items, those of the prefix too; P@20 is hit@20. Published on Diginetica's split: "
    "SR-GNN .5070 / .1759, GCE-GNN .5422 / .1904, SGNN-HN .5567 / .1945. Settings and the chosen "
    "row by the sum of both metrics on validation, cut from what is learned from; the test was "
    "looked at once. seconds and peak_mb: of the fit; ms: median of one answer."
)


@dataclass(frozen=True)
class Log:
    """learned : sessions in order of time
    begin   : (n_learned,) microseconds, when each began; None where the file has no times
    tests   : each ends with the answer
    """

    learned: Sequences
    begin: NDArray[np.int64] | None
    tests: Sequences
    files: tuple[Path, Path]


def read_log(folder: Path) -> Log:
    prepared = folder / "train.txt.gz", folder / "test.txt.gz"
    if prepared[0].exists():
        return Log(read_sequences(prepared[0]), None, read_sequences(prepared[1]), prepared)
    return read_clicks(folder / "train_full.tsv.gz", folder / "test.tsv.gz")


def read_clicks(train: Path, test: Path) -> Log:
    """Clicks by session. Items that are not learned from are left out of the tests."""
    session, item, seconds = _columns(train)
    known, numbered = np.unique(item, return_inverse=True)
    learned, begin = _sessions(session, numbered.astype(np.int32), seconds)
    asked, asked_item, asked_at = _columns(test)
    kept = np.isin(asked_item, known)
    numbered = np.searchsorted(known, asked_item[kept])
    later, _ = _sessions(asked[kept], numbered.astype(np.int32), asked_at[kept])
    return Log(learned, begin, all_prefixes(later), (train, test))


def _columns(
    path: Path,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Session, item, seconds."""
    with gzip.open(path, "rt", encoding="ascii") as lines:
        table = np.loadtxt(lines, skiprows=1, delimiter="\t")
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]


def _sessions(
    session: NDArray[np.int64], item: NDArray[np.int32], seconds: NDArray[np.float64]
) -> tuple[Sequences, NDArray[np.int64]]:
    """Sessions by the moment that they began, and that moment in microseconds."""
    begun = np.full(int(session.max()) + 1, np.inf)
    np.minimum.at(begun, session, seconds)
    order = np.lexsort((seconds, session, begun[session]))
    first = np.flatnonzero(np.diff(session[order], prepend=-1))
    offsets = np.append(first, len(session)).astype(np.int64)
    return Sequences(offsets, item[order]), (seconds[order][first] * 1e6).astype(np.int64)


def contest(folder: Path) -> tuple[Contest, Log]:
    log = read_log(folder)
    n_items = int(max(log.learned.item.max(), log.tests.item.max())) + 1
    held = round(len(log.learned) * _HELD)
    validation = validation_split(log.learned, n_items, log.begin, newest=held).first(_ASKED)
    test = session_split(log.learned, log.tests, n_items, log.begin)
    name = folder.resolve().name
    return Contest(name, validation, test, session_metrics, SESSION_K), log


def main() -> None:
    asked: Arguments = arguments(__doc__, name="session", data=DATA, minutes=15)
    found: list[Row] = []
    files: list[Path] = []
    protocols: list[str] = []
    for folder in asked.paths:
        one, log = contest(folder)
        files += log.files
        protocols.append(_protocol(one, log))
        before = found
        # After each row, since networks take hours: what breaks off later keeps what was measured.
        for own in rows(one, CONTENDERS, asked):
            found = before + own
            write_merged(
                asked,
                name="session",
                protocol=f"{_HOW} {' '.join(protocols)}",
                data=files,
                rows=found,
            )


def _protocol(one: Contest, log: Log) -> str:
    times = "in the file's order, which is that of time" if log.begin is None else "by time"
    return (
        f"{one.name}: {len(log.learned):,} sessions {times}, {len(one.test):,} tests, "
        f"{len(np.unique(log.learned.item)):,} items; validation: {len(one.validation):,} "
        f"prefixes of the newest {_HELD:.0%} of the sessions."
    )


if __name__ == "__main__":
    main()
