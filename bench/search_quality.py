"""How good search results are: hybrid as served, against its two halves alone, and with a ranker
that learned from the shop's judgments.

``--data`` is the folder with icecat, homedepot and taobao_small; a ``--models`` is a row's name, as
in ``icecat hybrid`` or ``homedepot trained``. Every collection is imported and built by the command
line; then its queries are asked.
"""

import csv
import resource
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.harness import Arguments, Row, arguments, built_shop, data_folder, sample, write_result
from bench.trained_search import trained_shops
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.evaluation.judging import Truth, as_answers, judge
from mercato.evaluation.metrics import GAINS, Values, ndcg, reciprocal_rank
from mercato.search.search import SearchRequest
from mercato.search.search import search as rank
from mercato.shop.opened import Live, Shop
from mercato.shop.search import SearchCall, search, search_context

PROTOCOL = (
    "Whole catalogue: the ten first of all products, unjudged ones worth nothing; judged only: the "
    "query's judged products ranked among themselves, by BM25 those that match. Hybrid and BM25 as "
    "served; the encoder alone ranks every product by cosine. Differences are hybrid minus the "
    "row, paired by query. Trained: the ranker learned from the judgments of all queries but a "
    "fifth, which was then asked over HTTP, and so for each fifth; the encoder as published. "
    "nDCG's gain is 2^g - 1 (Icecat, grades 0 to 3) or 2^(g-1) - 1 (Home Depot, 1 to 3). Icecat: "
    "all {n[icecat]} queries with a positive; seen during the work (several weights and thresholds "
    "were tried on them), but settings were chosen on the others. Home Depot: {n[homedepot]} "
    "queries, the half on which nothing was chosen. Taobao small: {n[taobao_small]} queries; its "
    "Chinese analysis was chosen on them."
)
K = 10
QUICK_QUERIES = 20
MODES = {"BM25": "lexical", "encoder": "semantic", "hybrid": "hybrid"}
TRAINED = "trained"


@dataclass(frozen=True)
class Collection:
    """A catalogue with judged queries.

    words  : options of its import
    gain   : worth of a grade, see `evaluation.metrics.GAINS`
    metric : of the whole catalogue
    learns : whether a ranker can learn from its judgments
    """

    name: str
    items: str
    words: tuple[str, ...] = ()
    gain: str = "exp"
    metric: str = "ndcg@10"
    learns: bool = True


COLLECTIONS = (
    Collection("icecat", "products.jsonl.gz", ("--map", "brand=supplier", "--price-unit", "cents")),
    Collection("homedepot", "products.csv.gz", gain="exp1"),
    Collection("taobao_small", "products.csv", gain="binary", metric="mrr@10", learns=False),
)


@dataclass(frozen=True)
class Judgments:
    """grades : query → item → grade, for queries with something relevant"""

    grades: Mapping[str, Mapping[str, float]]
    gain: str

    @property
    def queries(self) -> list[str]:
        return list(self.grades)

    def truth(self, live: Live) -> Truth:
        """Rows of `live` with a grade that is worth something."""
        triples = [
            (number, live.catalogue.row(item_id), grade)
            for number, grades in enumerate(self.grades.values())
            for item_id, grade in grades.items()
            if _worth(grade, self.gain) and live.catalogue.row(item_id) is not None
        ]
        query, row, grade = (np.array(each) for each in zip(*triples, strict=True))
        return Truth.of_pairs(query, row.astype(np.int64), len(self.grades), grade)


def _worth(grade: float, gain: str) -> bool:
    return bool(GAINS[gain](np.array([grade], np.float32))[0] > 0)


def read_judgments(path: Path, collection: Collection, quick: bool) -> Judgments:
    grades: dict[str, dict[str, float]] = {}
    with path.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            grades.setdefault(line["query"], {})[line["item_id"]] = float(line["grade"])
    queries = [
        query
        for query in sorted(grades)
        if any(_worth(grade, collection.gain) for grade in grades[query].values())
        and (collection.name != "homedepot" or held_out(query))
    ]
    kept = sample(queries, QUICK_QUERIES) if quick else queries
    return Judgments({query: grades[query] for query in kept}, collection.gain)


def held_out(query: str) -> bool:
    """Whether a query is of the half on which nothing was chosen."""
    return zlib.crc32(query.encode()) % 2 == 1


def as_served(shop: Shop, query: str, mode: str) -> NDArray[np.int64]:
    """(m,) the first rows that a shopper is shown."""
    catalogue = shop.live.catalogue
    answer = search(shop, SearchCall(q=query, per_page=K, mode=mode, distinct=False))
    rows = [catalogue.row(hit.id) for hit in answer.hits]
    return np.array([row for row in rows if row is not None], np.int64)


def ranked(
    shop: Shop, query: str, mode: str, judged: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """(m,) the first rows where no product is too far in meaning to be ranked.

    judged : only these products
    """
    filters = () if judged is None else (" OR ".join(f'id:"{each}"' for each in judged),)
    live = shop.live
    everything = replace(
        live.calibration, semantic_threshold=-1.0, semantic_most=live.catalogue.n_rows
    )
    known = search_context(shop, live, SearchCall())
    context = replace(known, calibration=everything)
    request = SearchRequest(query, filters, per_page=K, mode=mode, distinct=False)
    return rank(request, context).rows


def measure(shop: Shop, judgments: Judgments, model: str) -> tuple[dict[str, Values], float]:
    """One value a query of each metric, and the seconds that the whole catalogue took."""
    mode, truth = MODES[model], judgments.truth(shop.live)
    begun = time.perf_counter()
    whole = [
        ranked(shop, query, mode) if model == "encoder" else as_served(shop, query, mode)
        for query in judgments.queries
    ]
    seconds = time.perf_counter() - begun
    among = [ranked(shop, query, mode, [*grades]) for query, grades in judgments.grades.items()]
    return _values(whole, among, truth, judgments.gain), seconds


def _values(
    whole: Sequence[NDArray[np.int64]],
    among: Sequence[NDArray[np.int64]],
    truth: Truth,
    gain: str,
) -> dict[str, Values]:
    found = judge(as_answers(whole, K), truth)
    found_among = judge(as_answers(among, K), truth)
    return {
        "ndcg@10": ndcg(found, K, gain),
        "mrr@10": reciprocal_rank(found, K),
        "ndcg@10 judged only": ndcg(found_among, K, gain),
    }


def measure_trained(
    folder: Path, file: Path, judgments: Judgments, most_seconds: float
) -> tuple[dict[str, Values], list[str], float]:
    """As `measure`, and the queries that were asked, by shops that have not seen them."""
    begun, queries = time.perf_counter(), []
    parts: list[dict[str, Values]] = []
    for trained in trained_shops(folder, file, judgments.queries, most_seconds):
        some = Judgments({q: judgments.grades[q] for q in trained.queries}, judgments.gain)
        answers = trained.ask()
        shop = Shop.open(trained.folder)
        try:
            row = shop.live.catalogue.row
            rows = [[row(each) for each in ids] for ids in answers]
            whole = [np.array([each for each in of if each is not None]) for of in rows]
            among = [ranked(shop, q, "hybrid", [*grades]) for q, grades in some.grades.items()]
            parts.append(_values(whole, among, some.truth(shop.live), some.gain))
        finally:
            shop.close()
        queries += trained.queries
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return joined, queries, time.perf_counter() - begun


def measure_collection(asked: Arguments, collection: Collection, judgments: Judgments) -> list[Row]:
    wanted = [model for model in MODES if asked.wants(f"{collection.name} {model}")]
    learns = collection.learns and asked.wants(f"{collection.name} {TRAINED}")
    if not wanted and not learns:
        return []
    items = asked.data / collection.name / collection.items
    with built_shop(items, *collection.words) as folder:
        shop = Shop.open(folder)
        try:
            found = {model: measure(shop, judgments, model) for model in {*wanted, "hybrid"}}
        finally:
            shop.close()
        hybrid, _ = found["hybrid"]
        rows = [_row(collection, model, *found[model], hybrid) for model in wanted]
        if learns:
            file = asked.data / collection.name / "judgments.csv"
            values, queries, seconds = measure_trained(
                folder, file, judgments, 60 * asked.minutes / 2
            )
            place = {query: at for at, query in enumerate(judgments.queries)}
            same = [place[query] for query in queries]
            beside = {name: of[same] for name, of in hybrid.items()}
            rows.append(_row(collection, TRAINED, values, seconds, beside))
    return rows


def _row(
    collection: Collection,
    model: str,
    values: dict[str, Values],
    seconds: float,
    hybrid: dict[str, Values],
) -> Row:
    shown = [collection.metric]
    if collection.metric == "ndcg@10":
        shown.append("ndcg@10 judged only")
    metrics: dict[str, object] = {name: bootstrap(values[name]).to_json() for name in shown}
    if model != "hybrid":
        for name in shown:
            difference = paired_difference(hybrid[name], values[name])
            metrics[f"hybrid minus it, {name}"] = difference.to_json()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(f"{collection.name} {model}", metrics, seconds, peak, chosen=model == "hybrid")


def main() -> None:
    asked = arguments(__doc__, name="search_quality", data=data_folder() / "search", minutes=60)
    rows, files, n = [], [], {}
    for collection in COLLECTIONS:
        path = asked.data / collection.name / "judgments.csv"
        judgments = read_judgments(path, collection, asked.quick)
        n[collection.name] = len(judgments.queries)
        rows += measure_collection(asked, collection, judgments)
        files += [asked.data / collection.name / collection.items, path]
    protocol = PROTOCOL.format(n=n)
    write_result(asked.out, name="search_quality", protocol=protocol, data=files, rows=rows)


if __name__ == "__main__":
    main()
