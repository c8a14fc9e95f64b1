"""Models on Frappe: what was used most, networks of clicks, and trees over candidates."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.app_usage import (
    ITEM,
    PAST,
    Encoded,
    Split,
    Usage,
    negative_share,
    out_of_fold,
    read_lines,
    validation_split,
    with_negatives,
)
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
from mercato.evaluation.full_ranking import rank_all
from mercato.evaluation.intervals import bootstrap
from mercato.evaluation.judging import Truth, as_answers, judge
from mercato.evaluation.metrics import hit
from mercato.models.ctr.base import ClickModel, FittedClicks
from mercato.models.ctr.cross_network import CrossNetwork
from mercato.models.ctr.factorisation_machine import FactorisationMachine
from mercato.models.ctr.interest_network import InterestNetwork
from mercato.models.ctr.network import Learning
from mercato.models.lambdamart.graph import graph_of, open_graph
from mercato.models.lambdamart.model import LambdaMart
from mercato.models.ranking_data import RankingData

PROTOCOL = (
    "frappe: CFM's split, 3,387 contexts of users, the app that was used among all 4,082; hit@k "
    "with nothing masked, as published for popularity (.2539, .3493, .4136); masked: without what"
    " the same user used in the very same context, as CFM's code has it. Chosen by hit@5 on "
    "contexts of a validation that was cut from the train as the test was; networks are fitted on"
    " the rest of the train, four drawn apps against each used one, and corrected for how often "
    "each is drawn. seconds: fits and scores of both splits."
)

KS = (5, 10, 20)

RANKED = 120
"""Apps of an answer, of which those that were used in the very context are then left out."""

VALIDATED, QUICK_LINES = 400, 60
"""Contexts of the validation in which all apps are ranked; of either part for a quick look."""

NEGATIVES = 4
"""Drawn apps beside each used one. Assumed."""

FOLDS = 5

LEAST_LINES = 3
"""The trees learn from a line of each user and context with so many."""

SHOWN = 50
"""Candidates beside the used one that the trees learn from, drawn."""

Score = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""(m, 10) lines, of which the app is not looked at → (m, n_items)"""


@dataclass(frozen=True)
class Data:
    """spans : (10,) codes of each column"""

    validation: Split
    test: Split
    spans: NDArray[np.int64]

    @classmethod
    def read(cls, folder: Path, quick: bool) -> "Data":
        train, test = read_lines(folder)
        spans = np.maximum(train.max(axis=0), test.max(axis=0)) + 1
        validation = validation_split(train)
        some = np.random.default_rng(0).permutation(len(validation.asked))[:VALIDATED]
        asked = validation.asked[some]
        if quick:
            asked, test = asked[:QUICK_LINES], test[:QUICK_LINES]
        return cls(Split(validation.train, asked), Split(train, test), spans)


class Popularity:
    def scorer(self, data: Data, split: Split) -> Score:
        counts = np.bincount(split.train[:, ITEM], minlength=data.spans[ITEM])
        return lambda lines: np.tile(counts.astype(np.float32), (len(lines), 1))


class PersonalFrequency:
    """Lines of the user, then those of all."""

    def scorer(self, data: Data, split: Split) -> Score:
        shape = (data.spans[0], data.spans[ITEM])
        counts = np.zeros(shape, np.float32)
        np.add.at(counts, (split.train[:, 0], split.train[:, ITEM]), 1)
        popular = counts.sum(axis=0)
        counts += popular / (popular.max() + 1)
        return lambda lines: counts[lines[:, 0]]


class Clicks:
    """A model of clicks, fitted once, on what the validation leaves of the train."""

    def __init__(self, model: ClickModel) -> None:
        self.model = model
        self.fitted: FittedClicks | None = None

    def scorer(self, data: Data, split: Split) -> Score:
        if self.fitted is None:
            self.fitted = self._fit(data)
        fitted = self.fitted
        encoded = Encoded.of(Usage.of(split.train, data.spans), data.spans)
        n_items = int(data.spans[ITEM])
        # The log-odds that are learned are of being used less those of being drawn.
        drawn = np.log(np.maximum(negative_share(encoded.usage), 1e-9)).astype(np.float32)

        def score(lines: NDArray[np.int64]) -> NDArray[np.float32]:
            rows = encoded.rows(lines, lines[:, ITEM]).of(np.repeat(np.arange(len(lines)), n_items))
            rows.codes[:, ITEM:] = np.tile(encoded.of_items, (len(lines), 1))
            return fitted.score(rows).reshape(len(lines), n_items) + drawn

        return score

    def _fit(self, data: Data) -> FittedClicks:
        left = data.validation.train
        usage = Usage.of(left, data.spans)
        encoded = Encoded.of(usage, data.spans)
        stopping = np.random.default_rng(1).random(len(usage.lines)) < 0.05
        parts = [
            with_negatives(encoded, usage.lines[part], NEGATIVES, seed)
            for seed, part in enumerate((~stopping, stopping))
        ]
        with Silent().step("fit") as step:
            return self.model.fit(parts[0], parts[1], step)


@dataclass(frozen=True)
class Candidates:
    """Trees over what is known of the apps that the user used, and of those that most use."""

    model: LambdaMart

    def scorer(self, data: Data, split: Split) -> Score:
        usage = Usage.of(split.train, data.spans)
        run = open_graph(graph_of(self.model.fit(_ranking(data, split))))
        n_items = int(data.spans[ITEM])

        def score(lines: NDArray[np.int64]) -> NDArray[np.float32]:
            scores = np.full((len(lines), n_items), -np.inf, np.float32)
            for row, line in enumerate(lines):
                items, features = usage.candidates(line)
                scores[row, items] = run(features)
            return scores

        return score


def _ranking(data: Data, split: Split) -> RankingData:
    """Lines of the train, each as if it were not known, with drawn candidates beside it."""
    random = np.random.default_rng(2)
    parts, gains = [], []
    for fold in out_of_fold(split.train, LEAST_LINES, FOLDS, seed=1):
        usage = Usage.of(fold.train, data.spans)
        for line in fold.asked:
            items, features = usage.candidates(line)
            answer = items == line[ITEM]
            kept = answer | (random.random(len(items)) < SHOWN / len(items))
            parts.append(features[kept])
            gains.append(answer[kept].astype(np.float32))
    group = np.array([len(each) for each in gains])
    return RankingData(np.concatenate(parts), group, np.concatenate(gains))


_LEARNING = Learning(learning_rate=5e-3, weight_decay=0.01, passes=8, dropout=0.1, batch_rows=2048)

MODELS: Mapping[str, Popularity | PersonalFrequency | Clicks | Candidates] = {
    "popularity": Popularity(),
    "personal frequency": PersonalFrequency(),
    "LambdaMART over candidates": Candidates(LambdaMart(n_trees=150, n_leaves=15, least_rows=50)),
    "factorisation machine": Clicks(FactorisationMachine(32, _LEARNING)),
    "DIN": Clicks(InterestNetwork(16, 16, (64, 32), PAST, replace(_LEARNING, passes=5))),
    "DCNv2": Clicks(CrossNetwork(16, 2, (64, 32), replace(_LEARNING, passes=5))),
}


def rows(path: Path, asked: Arguments, until: float) -> list[Row]:
    """A row a model, until the time is over (of `time.monotonic`)."""
    data = Data.read(path, asked.quick)
    found, worth = list[Row](), list[float]()
    for name, model in MODELS.items():
        title = f"frappe: {name}"
        if not asked.wants(title) or time.monotonic() > until:
            continue
        forget_peak()
        begun = time.perf_counter()
        worth.append(float(_hits(data, data.validation, model)["hit@5"].mean()))
        metrics: dict[str, object] = {
            name: bootstrap(each).to_json() for name, each in _hits(data, data.test, model).items()
        }
        metrics["validation hit@5"] = worth[-1]
        found.append(Row(title, metrics, time.perf_counter() - begun, own_peak_mb()))
        print(title, metrics, flush=True)
    best = max(worth, default=0.0)
    return [replace(row, chosen=value == best) for row, value in zip(found, worth, strict=True)]


def _hits(
    data: Data, split: Split, model: Popularity | PersonalFrequency | Clicks | Candidates
) -> dict[str, NDArray[np.float64]]:
    """hit@k of every line that is asked, with nothing masked and without what was used there."""
    score = model.scorer(data, split)
    asked = split.asked
    ranked = rank_all(lambda part: score(asked[part]), len(asked), RANKED, block=8)
    truth = Truth.of_pairs(np.arange(len(asked)), asked[:, ITEM], len(asked))
    row, item = split.used()
    others = [each[~np.isin(each, item[row == at])] for at, each in enumerate(ranked)]
    values: dict[str, NDArray[np.float64]] = {}
    for prefix, answers in (("", ranked), ("masked ", as_answers(others, max(KS)))):
        judged = judge(answers[:, : max(KS)], truth)
        values |= {f"{prefix}hit@{k}": hit(judged, k) for k in KS}
    return values


def main() -> None:
    asked = arguments(
        __doc__, name="ctr_frappe", data=data_folder() / "ctr" / "frappe_cfm", minutes=25
    )
    files = [asked.data / "train.csv.gz", asked.data / "test.csv.gz"]
    found = rows(asked.data, asked, time.monotonic() + 60 * asked.minutes)
    write_result(asked.out, name="ctr_frappe", protocol=PROTOCOL, data=files, rows=found)


if __name__ == "__main__":
    main()
