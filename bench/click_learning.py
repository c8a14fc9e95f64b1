"""Learning to rank from clicks whose bias is known: corrected, uncorrected, and from judgments.

``--data`` is the folder with icecat and homedepot. Shoppers are made up: they are shown what BM25
ranks first for a query, look at place k with the chance 1 / k^eta, and click what they look at with
a chance that rises with its judged gain; now and then an item is sold out, and those below move up.
"""

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.harness import Arguments, Row, arguments, built_shop, data_folder, sample, write_result
from bench.search_quality import COLLECTIONS, Collection, Judgments, K, read_judgments
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.evaluation.metrics import GAINS, Values
from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.propensities import Propensities
from mercato.models.clicks.relevance import Relevance, estimated_relevance, worth
from mercato.models.clicks.selection import best_propensities
from mercato.models.clicks.simulated import Shoppers, simulated_clicks
from mercato.models.ranking_data import RankingData
from mercato.ranking.candidates import Candidates
from mercato.ranking.defaults import default_sum
from mercato.ranking.features import features
from mercato.search.search import SearchRequest, search
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search_context
from mercato.training.search_ranker.choosing import FEWEST_FOR_TREES, Fitted, fit_data

PROTOCOL = (
    "nDCG@10 over the whole catalogue, unjudged products worth nothing, of the first 200 products "
    "of the first stage put into order as a build learns it (a weighted sum of the features of "
    "`mercato.ranking`, on Home Depot with LambdaMART on top), three-fold over queries ({n}). "
    "Trained on judgments, on clicks as they are (uncorrected: clicks over showings), or on clicks "
    "over expected looks (corrected: propensities estimated from the same clicks, by the estimator "
    "that foretells clicks at unseen places best). Shoppers see the first {depth} products by BM25 "
    "in {sessions} sessions a query; place k is looked at with the chance 1 / k^eta; what is seen "
    "is clicked with the chance .1 + .9 × gain / highest gain; one product in ten is missing "
    "from an answer. Icecat: mean of {repeats[icecat]} simulations. Differences are minus the "
    "ranker trained on judgments, paired by query. Propensity error: the largest relative error of "
    "the first ten places. One constant was chosen on Icecat, none on these queries of Home Depot."
)
FOLDS = 3
DEPTH = 60
SESSIONS = {"icecat": 2_000, "homedepot": 2_000}
REPEATS = {"icecat": 5, "homedepot": 1}
MOST_QUERIES = 1_500
QUICK_QUERIES = 40
ETAS = (1.0, 2.0)


@dataclass(frozen=True)
class Lists:
    """The candidates of all queries, those of query q at offsets[q]:offsets[q + 1].

    matrix  : (n, n_features); first, bm25, gain : (n,), gain 0 to 1
    ideal   : (n_queries,) the discounted gain of the best ten products of the catalogue
    """

    offsets: NDArray[np.int64]
    matrix: NDArray[np.float32]
    first: NDArray[np.float32]
    bm25: NDArray[np.float32]
    gain: NDArray[np.float64]
    ideal: Values

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def of(self, query: int) -> NDArray[np.int64]:
        return np.arange(self.offsets[query], self.offsets[query + 1])

    def ndcg(self, query: int, scores: NDArray[np.floating]) -> float:
        """``scores`` of the query's candidates."""
        best = self.of(query)[np.argsort(-scores, kind="stable")[:K]]
        return float(self.gain[best] @ _DISCOUNT[: len(best)] / self.ideal[query])


_DISCOUNT = 1 / np.log2(np.arange(2, K + 2))


class _Listening:
    """A ranker that remembers its candidates."""

    heard: Candidates | None = None

    def scores(self, candidates: Candidates) -> NDArray[np.float32]:
        self.heard = candidates
        return candidates.scores


def lists(shop: Shop, judgments: Judgments) -> Lists:
    worth = GAINS[judgments.gain]
    parts, ideal = [], []
    top = max(max(grades.values()) for grades in judgments.grades.values())
    highest = float(worth(np.array([top], np.float32))[0])
    for query, grades in judgments.grades.items():
        listening = _Listening()
        context = search_context(shop, shop.live, SearchCall(q=query))
        search(SearchRequest(query, per_page=1), replace(context, ranker=listening))
        heard = listening.heard
        if heard is None:
            continue
        ids = shop.live.catalogue.ids(heard.rows)
        found = np.array([grades.get(each, 0.0) for each in ids], np.float32)
        gain = np.where(found > 0, worth(found), 0) / highest
        parts.append((features(heard), heard.scores, heard.evidence.lexical(heard.rows), gain))
        best = np.sort(worth(np.array([*grades.values()], np.float32)))[::-1][:K] / highest
        ideal.append(best @ _DISCOUNT[: len(best)])
    counts = [len(part[0]) for part in parts]
    matrix, first, bm25, gains = (np.concatenate(column) for column in zip(*parts, strict=True))
    offsets = np.concatenate(([0], np.cumsum(counts)))
    return Lists(offsets, matrix, first, bm25, gains, np.array(ideal))


@dataclass(frozen=True)
class Examples:
    """rows : those of `Lists` that are learned from, by query; gain, weight : (n,) of all rows"""

    rows: Sequence[NDArray[np.int64]]
    gain: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None


def shown_order(found: Lists) -> list[NDArray[np.int64]]:
    """By query the rows that the logging ranker shows, with some to move up."""
    most = round(DEPTH * 1.2)
    return [
        rows[np.argsort(-found.bm25[rows], kind="stable")[:most]]
        for rows in map(found.of, range(len(found)))
    ]


def clicked_examples(found: Lists, log: ClickLog, known: Propensities) -> Examples:
    """What the clicks say, if places are looked at as ``known`` says."""
    relevance = estimated_relevance(log, known)
    gain, weight = np.zeros(len(found.gain)), np.zeros(len(found.gain))
    gain[log.item] = worth(relevance)
    weight[log.item] = relevance.certain
    rows = [np.sort(log.item[log.query == query]) for query in range(len(found))]
    return Examples(rows, gain, weight)


def plain_examples(found: Lists, log: ClickLog) -> Examples:
    """Clicks over showings."""
    shown = log.by_pair(log.shown)
    rate = Relevance(log.by_pair(log.clicked) / shown, np.ones(len(shown)))
    gain = np.zeros(len(found.gain))
    gain[log.item] = worth(rate)
    rows = [np.sort(log.item[log.query == query]) for query in range(len(found))]
    return Examples(rows, gain)


def fitted(found: Lists, examples: Examples, queries: NDArray[np.int64]) -> Fitted:
    """As a build learns: a weighted sum, and trees on top where there are enough queries."""
    rows = np.concatenate([examples.rows[query] for query in queries])
    data = RankingData(
        found.matrix[rows],
        np.array([len(examples.rows[query]) for query in queries], np.int64),
        examples.gain[rows].astype(np.float32),
        None if examples.weight is None else examples.weight[rows].astype(np.float32),
    )
    return fit_data(data, default_sum(), trees=len(queries) >= FEWEST_FOR_TREES)


def cross_validated(found: Lists, examples: Examples) -> Values:
    """(n_queries,) nDCG@10, each query by a ranker that has not seen it."""
    fold = np.random.default_rng(0).permutation(len(found)) % FOLDS
    values = np.zeros(len(found))
    for number in range(FOLDS):
        ranker = fitted(found, examples, np.flatnonzero(fold != number))
        for query in np.flatnonzero(fold == number).tolist():
            values[query] = found.ndcg(query, ranker.score_features(found.matrix[found.of(query)]))
    return values


@dataclass(frozen=True)
class Learned:
    """Means over simulations of what each query reaches, and how near the propensities are."""

    corrected: Values
    plain: Values
    error: float
    examined: tuple[float, ...]


def learned(found: Lists, shoppers: Shoppers, repeats: int) -> Learned:
    corrected, plain, errors, examined = [], [], [], []
    shown = shown_order(found)
    for seed in range(repeats):
        random = np.random.default_rng([seed, round(10 * shoppers.eta)])
        log = simulated_clicks(shown, [found.gain[rows] for rows in shown], shoppers, random)
        known = best_propensities(log)
        ten = np.array(known.examined[:K]) / shoppers.examined[:K]
        errors.append(float(np.abs(ten - 1).max()))
        examined.append(known.examined)
        corrected.append(cross_validated(found, clicked_examples(found, log, known)))
        plain.append(cross_validated(found, plain_examples(found, log)))
    return Learned(
        np.mean(corrected, axis=0),
        np.mean(plain, axis=0),
        float(np.mean(errors)),
        tuple(np.mean(examined, axis=0).tolist()),
    )


def measure(asked: Arguments, collection: Collection, judgments: Judgments) -> list[Row]:
    items = asked.data / collection.name / collection.items
    name = collection.name
    with built_shop(items, *collection.words) as folder:
        shop = Shop.open(folder)
        try:
            found = lists(shop, judgments)
        finally:
            shop.close()
    everything = Examples([found.of(query) for query in range(len(found))], found.gain)
    begun = time.perf_counter()
    judged = cross_validated(found, everything)
    rows = [_row(f"{name} trained on judgments", judged, None, time.perf_counter() - begun)]
    shown = Examples([np.sort(each) for each in shown_order(found)], found.gain)
    rows.append(
        _row(
            f"{name} trained on judgments of what is shown",
            cross_validated(found, shown),
            judged,
            0.0,
        )
    )
    first = [found.ndcg(query, found.first[found.of(query)]) for query in range(len(found))]
    rows.append(_row(f"{name} first stage", np.array(first), judged, 0.0))
    for eta in ETAS:
        begun = time.perf_counter()
        shoppers = Shoppers(eta=eta, sessions=SESSIONS[name], depth=DEPTH)
        came = learned(found, shoppers, 1 if asked.quick else REPEATS[name])
        seconds = time.perf_counter() - begun
        label = f"{name} eta {eta:g}"
        rows.append(_row(f"{label} uncorrected", came.plain, judged, seconds))
        rows.append(_row(f"{label} corrected", came.corrected, judged, seconds, came, shoppers))
    return rows


def _row(
    model: str,
    values: Values,
    judged: Values | None,
    seconds: float,
    came: Learned | None = None,
    shoppers: Shoppers | None = None,
) -> Row:
    metrics: dict[str, object] = {"ndcg@10": bootstrap(values).to_json()}
    if judged is not None:
        metrics["difference"] = paired_difference(values, judged).to_json()
        metrics["of the judged"] = round(float(values.mean() / judged.mean()), 4)
    if came is not None and shoppers is not None:
        metrics["propensity error"] = round(came.error, 4)
        for place in (3, 10):
            metrics[f"looks at {place}, estimated"] = round(came.examined[place - 1], 4)
            metrics[f"looks at {place}, true"] = round(float(shoppers.examined[place - 1]), 4)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(model, metrics, seconds, peak, chosen=came is not None)


def main() -> None:
    asked = arguments(__doc__, name="click_learning", data=data_folder() / "search", minutes=20)
    rows, files, n = [], [], {}
    for collection in COLLECTIONS:
        if collection.name not in SESSIONS or not asked.wants(collection.name):
            continue
        path = asked.data / collection.name / "judgments.csv"
        judgments = read_judgments(path, collection, quick=False)
        most = QUICK_QUERIES if asked.quick else MOST_QUERIES
        kept = sample(judgments.queries, most)
        judgments = Judgments({query: judgments.grades[query] for query in kept}, judgments.gain)
        n[collection.name] = len(kept)
        rows += measure(asked, collection, judgments)
        files += [asked.data / collection.name / collection.items, path]
    protocol = PROTOCOL.format(n=n, depth=DEPTH, sessions=SESSIONS, repeats=REPEATS)
    write_result(asked.out, name="click_learning", protocol=protocol, data=files, rows=rows)


if __name__ == "__main__":
    main()
