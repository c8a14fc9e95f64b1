"""What spelling is worth: queries with one synthetic error each, and shoppers' queries as they are.

``--data`` is the folder with icecat and homedepot; a ``--models`` is a row's name.
"""

import resource
import string
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.harness import Row, arguments, built_shop, data_folder, write_result
from bench.search_quality import COLLECTIONS, Judgments, K, read_judgments
from mercato.catalogue.analysis import STOP_WORDS
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.evaluation.judging import as_answers, judge
from mercato.evaluation.metrics import Values, ndcg, recall
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search as rank
from mercato.search.understanding import understand
from mercato.search.understanding.spelling import STEP
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search_context

PROTOCOL = (
    "Whole catalogue, as served; a product counts that is judged with a grade worth a gain. With "
    "errors: {errors} of Home Depot's queries in which nothing is put right, of the half on which "
    "nothing was chosen, each with one error: with equal chance a wrong, swapped, missing or extra "
    "letter in a word of four letters or more, at any place, any letter of the alphabet; two words "
    "typed as one; a word of six letters or more typed as two. {left:.1%} of them are left as they "
    "are, most since the error gave another word that the catalogue knows. As typed: all judged "
    "queries of that half of Home Depot ({homedepot}) and of Icecat ({icecat}). Differences are "
    "with spelling minus without, paired by query; µs of a processor for the steps, in the mean."
)
MOST_ERRORS = 1_000
SEED = 7

Mistype = Callable[[list[str], np.random.Generator], list[str] | None]


@dataclass(frozen=True)
class Asked:
    """A shop with two ways to search it."""

    shop: Shop
    judgments: Judgments

    def context(self, *, spelling: bool) -> SearchContext:
        """Of a search with the encoder, as served."""
        context = search_context(self.shop, self.shop.live, SearchCall())
        return context if spelling else replace(context, written=None)

    def judged(self, queries: Mapping[str, str], *, spelling: bool) -> tuple[Values, Values]:
        """nDCG@10 and recall@10 of judged queries, each asked as it stands beside it."""
        context = self.context(spelling=spelling)
        judgments = Judgments(
            {query: self.judgments.grades[query] for query in queries}, self.judgments.gain
        )
        found = [
            rank(SearchRequest(typed, per_page=K, distinct=False), context).rows
            for typed in queries.values()
        ]
        judged = judge(as_answers(found, K), judgments.truth(self.shop.live))
        return ndcg(judged, K, judgments.gain), recall(judged, K)

    def corrected(self, query: str) -> bool:
        steps = understand(query, self.context(spelling=True)).steps
        return any(step.name == STEP for step in steps)


def mistyped(query: str, rng: np.random.Generator) -> str | None:
    """The query with one error; None where the kind that was drawn does not fit it."""
    kinds: Sequence[Mistype] = (wrong, swapped, missing, extra, joined, split)
    words = kinds[int(rng.integers(len(kinds)))](query.split(), rng)
    return None if words is None else " ".join(words)


def _letters(change: Callable[[str, int, str], str], least: int = 4) -> Mistype:
    """An error in one word, at one place, with one letter."""

    def make(words: list[str], rng: np.random.Generator) -> list[str] | None:
        at = [n for n, word in enumerate(words) if _apt(word, least)]
        if not at:
            return None
        which = at[rng.integers(len(at))]
        word = words[which]
        letter = string.ascii_lowercase[rng.integers(26)]
        changed = change(word, int(rng.integers(len(word))), letter)
        return None if changed == word else [*words[:which], changed, *words[which + 1 :]]

    return make


def _apt(word: str, least: int) -> bool:
    return len(word) >= least and word.isascii() and word.isalpha() and word not in STOP_WORDS


wrong = _letters(lambda word, at, letter: word[:at] + letter + word[at + 1 :])
swapped = _letters(lambda word, at, _: word[:at] + word[at : at + 2][::-1] + word[at + 2 :])
missing = _letters(lambda word, at, _: word[:at] + word[at + 1 :])
extra = _letters(lambda word, at, letter: word[:at] + letter + word[at:])
split = _letters(
    lambda word, at, _: f"{word[:at]} {word[at:]}" if 1 < at < len(word) - 1 else word, 6
)


def joined(words: list[str], rng: np.random.Generator) -> list[str] | None:
    at = [n for n in range(len(words) - 1) if _apt(words[n], 2) and _apt(words[n + 1], 2)]
    if not at:
        return None
    which = at[rng.integers(len(at))]
    return [*words[:which], words[which] + words[which + 1], *words[which + 2 :]]


def with_errors(asked: Asked, most: int) -> dict[str, str]:
    """Query → the same with an error; only queries of which nothing is put right."""
    rng = np.random.default_rng(SEED)
    queries = [asked.judgments.queries[at] for at in rng.permutation(len(asked.judgments.grades))]
    found: dict[str, str] = {}
    for query in queries:
        if len(found) == most:
            break
        typed = mistyped(query, rng)
        if typed is not None and not asked.corrected(query):
            found[query] = typed
    return found


def error_rows(asked: Asked, errors: Mapping[str, str]) -> list[Row]:
    """recall@10 of the clean queries, of those with errors, and without spelling."""
    clean = {query: query for query in errors}
    begun = time.perf_counter()
    _, before = asked.judged(clean, spelling=True)
    rows = [_row("homedepot clean", {"recall@10": before}, begun)]
    for name, spelling in (("with errors", True), ("with errors, no spelling", False)):
        begun = time.perf_counter()
        _, found = asked.judged(errors, spelling=spelling)
        row = _row(f"homedepot {name}", {"recall@10": found}, begun, chosen=spelling)
        difference = paired_difference(found, before).to_json()
        rows.append(replace(row, metrics={**row.metrics, "minus clean": difference}))
    return rows


def as_they_are(asked: Asked, name: str) -> list[Row]:
    """nDCG@10 of shoppers' own queries, with spelling and without."""
    clean = {query: query for query in asked.judgments.queries}
    begun = time.perf_counter()
    plain, _ = asked.judged(clean, spelling=False)
    rows = [_row(f"{name} as typed, no spelling", {"ndcg@10": plain}, begun)]
    begun = time.perf_counter()
    found, _ = asked.judged(clean, spelling=True)
    row = _row(f"{name} as typed", {"ndcg@10": found}, begun, chosen=True)
    metrics = {**row.metrics, "difference": paired_difference(found, plain).to_json()}
    rows.append(replace(row, metrics={**metrics, "µs": round(_microseconds(asked), 1)}))
    return rows


def _microseconds(asked: Asked) -> float:
    """Of a processor, for the steps of spelling, in the mean; the better of two rounds."""
    seconds = []
    for _ in range(2):
        took = []
        for spelling in (True, False):
            context = asked.context(spelling=spelling)
            begun = time.process_time()
            for query in asked.judgments.queries:
                understand(query, context)
            took.append(time.process_time() - begun)
        seconds.append(took[0] - took[1])
    return max(min(seconds), 0.0) / len(asked.judgments.queries) * 1e6


def _row(model: str, values: Mapping[str, Values], begun: float, *, chosen: bool = False) -> Row:
    metrics: dict[str, object] = {name: bootstrap(each).to_json() for name, each in values.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(model, metrics, time.perf_counter() - begun, peak, chosen)


def main() -> None:
    asked = arguments(__doc__, name="spelling", data=data_folder() / "search", minutes=8)
    rows, files, said = [], [], {"errors": 0, "left": 0.0}
    for collection in COLLECTIONS:
        if collection.name not in ("homedepot", "icecat"):
            continue
        path = asked.data / collection.name / "judgments.csv"
        judgments = read_judgments(path, collection, asked.quick)
        items = asked.data / collection.name / collection.items
        said[collection.name] = len(judgments.queries)
        with built_shop(items, *collection.words) as folder:
            shop = Shop.open(folder)
            try:
                of_shop = Asked(shop, judgments)
                rows += as_they_are(of_shop, collection.name)
                if collection.name == "homedepot":
                    errors = with_errors(of_shop, MOST_ERRORS)
                    left = [typed for typed in errors.values() if not of_shop.corrected(typed)]
                    said |= {"errors": len(errors), "left": len(left) / max(len(errors), 1)}
                    rows += error_rows(of_shop, errors)
            finally:
                shop.close()
        files += [items, path]
    wanted = [row for row in rows if asked.wants(row.model)]
    write_result(
        asked.out, name="spelling", protocol=PROTOCOL.format(**said), data=files, rows=wanted
    )


if __name__ == "__main__":
    main()
