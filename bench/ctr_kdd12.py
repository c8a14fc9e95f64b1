"""Clicks on search ads: a sample of KDD Cup 2012's second track, ten folds by user.

https://www.kaggle.com/c/kddcup2012-track2. A line is an ad with its query, place and user.
"""

import csv
import gzip
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.harness import (
    Arguments,
    Row,
    arguments,
    data_folder,
    forget_peak,
    own_peak_mb,
    write_result,
)
from mercato.core.progress import Silent
from mercato.evaluation.probabilities import (
    auc,
    auc_interval,
    calibration_error,
    log_loss,
    mean_interval,
)
from mercato.models.ctr.base import ClickModel
from mercato.models.ctr.boosted_trees import BoostedTrees
from mercato.models.ctr.cross_network import CrossNetwork
from mercato.models.ctr.factorisation_machine import FactorisationMachine
from mercato.models.ctr.fields import Examples, Rows
from mercato.models.ctr.logistic_regression import LogisticRegression
from mercato.models.ctr.network import Learning

PROTOCOL = (
    "kdd12: ten folds by user, the scores of all held-out folds together; ids are counted in the "
    "train's rows alone; one in ten of the train's users stops the learning and chooses "
    "(validation auc: the mean of the folds); intervals draw users anew; gain: AUC above that of "
    "logistic regression on ids one by one, in the same draws. seconds: fits and scores of all "
    "folds."
)

FOLDS = 10

QUICK_LINES = 4_000

RAW = (
    "url_hash",
    "ad_id",
    "advertiser_id",
    "depth",
    "position",
    "query_id",
    "keyword_id",
    "title_id",
    "description_id",
    "user_id",
)

NUMBERED = ("query_id", "keyword_id", "title_id", "description_id", "user_id")
"""Ids that seem to be numbered by how often they came in the competition's whole log, the most
frequent first (in the sample, the logs of number and count correlate by -.15 to -.69): the size of
a number tells what the sample is too small to count, and is known before any click."""

CROSSES = (
    ("depth", "position"),
    ("advertiser_id", "depth", "position"),
    ("query_id", "ad_id"),
    ("query_id", "advertiser_id"),
    ("keyword_id", "advertiser_id"),
    ("url_hash", "position"),
)

WITH_RANKS = (*RAW, *(f"{name} rank" for name in NUMBERED))

ALL = (*WITH_RANKS, *(" × ".join(names) for names in CROSSES))

NOBODY = "0"
"""The user of lines whose user is not known."""

Columns = Mapping[str, NDArray[np.str_]]


@dataclass(frozen=True)
class Lines:
    """fields : name of a column → (n,) values, those of crosses and of ranks of ids among them
    clicked : (n,); user: (n,) its number, one of its own for each line without
    """

    fields: Columns
    clicked: NDArray[np.bool_]
    user: NDArray[np.int64]

    def examples(self, names: tuple[str, ...]) -> Examples:
        """Of some fields; codes from 1, 0 where nothing is known."""
        codes, sizes = [], []
        for name in names:
            values, code = np.unique(self.fields[name], return_inverse=True)
            empty = values[0] == ""
            codes.append(code + (0 if empty else 1))
            sizes.append(len(values) + (0 if empty else 1))
        rows = Rows(names, tuple(sizes), np.column_stack(codes).astype(np.int32))
        return Examples(rows, self.clicked)

    def first(self, most: int) -> "Lines":
        fields = {name: values[:most] for name, values in self.fields.items()}
        user = np.unique(self.user[:most], return_inverse=True)[1]
        return Lines(fields, self.clicked[:most], user)


@dataclass(frozen=True)
class Fold:
    """Numbers of lines, no user in two parts."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def read_lines(path: Path) -> Lines:
    with gzip.open(path, "rt", newline="") as file:
        rows = csv.reader(file)
        names = next(rows)
        table = np.array(list(rows))
    columns: dict[str, NDArray[np.str_]] = dict(zip(names, table.T, strict=True))
    nobody = columns["user_id"] == NOBODY
    alone = np.char.add("line ", np.arange(len(table)).astype(str))
    user = np.unique(np.where(nobody, alone, columns["user_id"]), return_inverse=True)[1]
    fields = {name: columns[name] for name in RAW}
    fields["user_id"] = np.where(nobody, "", columns["user_id"])
    fields |= {f"{name} rank": _rank(columns[name]) for name in NUMBERED}
    fields |= {" × ".join(names): _cross(columns, names) for names in CROSSES}
    return Lines(fields, columns["click"].astype(np.int64) > 0, user)


def _rank(ids: NDArray[np.str_]) -> NDArray[np.str_]:
    """The number's size in half octaves."""
    half_octaves = np.floor(2 * np.log2(ids.astype(np.float64) + 1))
    return np.asarray(half_octaves.astype(np.int64).astype(str))


def _cross(columns: Columns, names: tuple[str, ...]) -> NDArray[np.str_]:
    return np.array(
        ["|".join(each) for each in zip(*(columns[name] for name in names), strict=True)]
    )


def folds(user: NDArray[np.int64], seed: int = 0) -> Iterator[Fold]:
    """Each user is tested once; of the others one in ten stops the learning."""
    random = np.random.default_rng(seed)
    n = int(user.max()) + 1
    tested = (random.permutation(n) % FOLDS)[user]
    stopping = (random.permutation(n) % FOLDS)[user] == 0
    for number in range(FOLDS):
        test = tested == number
        yield Fold(
            np.flatnonzero(~test & ~stopping),
            np.flatnonzero(~test & stopping),
            np.flatnonzero(test),
        )


BASELINE = "kdd12: logistic regression"


@dataclass(frozen=True)
class Entry:
    """One or several models, whose log-odds are averaged, each over some fields."""

    models: Sequence[tuple[ClickModel, tuple[str, ...]]]


_LEARNING = Learning(learning_rate=2e-3, weight_decay=1.0, least_rows=10, dropout=0.3)
"""Chosen on the validation of the first folds: with 40,000 rows little is learned of a value."""

_TREES = (BoostedTrees(), ALL)
_MACHINE = (FactorisationMachine(8, _LEARNING), WITH_RANKS)

ENTRIES: Mapping[str, Entry] = {
    BASELINE: Entry([(LogisticRegression(), RAW)]),
    "kdd12: trees and factorisation machine": Entry([_TREES, _MACHINE]),
    "kdd12: boosted trees": Entry([_TREES]),
    "kdd12: factorisation machine": Entry([_MACHINE]),
    "kdd12: logistic regression with ranks of ids": Entry([(LogisticRegression(), WITH_RANKS)]),
    "kdd12: boosted trees on ids alone": Entry([(BoostedTrees(), RAW)]),
    "kdd12: DCNv2": Entry(
        [(CrossNetwork(8, 2, (64, 32), replace(_LEARNING, dropout=0.5)), WITH_RANKS)]
    ),
}


@dataclass(frozen=True)
class HeldOut:
    """What came of an entry.

    scores     : (n,) log-odds of each line, from the fold that held it out
    validation : mean AUC over folds
    """

    scores: NDArray[np.float64]
    validation: float
    seconds: float


def held_out(lines: Lines, entry: Entry) -> HeldOut:
    begun = time.perf_counter()
    scores = np.zeros(len(lines.clicked))
    validated = []
    parts = [(model, lines.examples(names)) for model, names in entry.models]
    for fold in folds(lines.user):
        stopping = np.zeros(len(fold.validation))
        for model, examples in parts:
            train, validation = examples.of(fold.train), examples.of(fold.validation)
            with Silent().step("fit") as step:
                fitted = model.fit(train, validation, step)
            stopping += fitted.score(validation.rows) / len(parts)
            scores[fold.test] += fitted.score(examples.rows.of(fold.test)) / len(parts)
        validated.append(auc(stopping, lines.clicked[fold.validation]))
    return HeldOut(scores, float(np.mean(validated)), time.perf_counter() - begun)


def rows(path: Path, asked: Arguments, until: float) -> list[Row]:
    """A row a model, until the time is over (of `time.monotonic`); the first in any case."""
    lines = read_lines(path)
    if asked.quick:
        lines = lines.first(QUICK_LINES)
    found: dict[str, HeldOut] = {}
    told = []
    for name, entry in ENTRIES.items():
        if name != BASELINE and (time.monotonic() > until or not asked.wants(name)):
            continue
        forget_peak()
        found[name] = held_out(lines, entry)
        metrics = _told(lines, found[name], found[BASELINE], name != BASELINE)
        told.append(Row(name, metrics, found[name].seconds, own_peak_mb()))
        print(name, metrics, flush=True)
    best = max(found, key=lambda name: found[name].validation)
    return [replace(row, chosen=row.model == best) for row in told]


def _told(lines: Lines, found: HeldOut, baseline: HeldOut, compared: bool) -> dict[str, object]:
    chances = 1 / (1 + np.exp(-found.scores))
    clicked, user = lines.clicked, lines.user
    metrics: dict[str, object] = {"auc": auc_interval(found.scores, clicked, user).to_json()}
    if compared:
        gain = auc_interval(found.scores, clicked, user, baseline.scores)
        metrics["gain"] = gain.to_json()
    loss = mean_interval(log_loss(found.scores, clicked), user)
    metrics["log loss"] = loss.to_json()
    metrics["calibration error"] = calibration_error(chances, clicked)
    return metrics | {"validation auc": found.validation}


def main() -> None:
    file = data_folder() / "ctr" / "kdd12_sample.csv.gz"
    asked = arguments(__doc__, name="ctr_kdd12", data=file, minutes=25)
    found = rows(asked.data, asked, time.monotonic() + 60 * asked.minutes)
    write_result(asked.out, name="ctr_kdd12", protocol=PROTOCOL, data=[asked.data], rows=found)


if __name__ == "__main__":
    main()
