"""From views and carts to purchases: RetailRocket, one purchase of each shopper among all items.

``--data`` is the folder with view, cart, buy and test_buy .txt.gz.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.behaviours import HELD_OUT, KINDS, Behaviours, Scores, ease, item_knn, popularity
from bench.funnel_ranker import CandidateRanker, EntireSpaceRanker
from bench.harness import (
    Arguments,
    Row,
    arguments,
    data_folder,
    forget_peak,
    own_peak_mb,
    write_result,
)
from mercato.evaluation.full_ranking import rank_all
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.evaluation.judging import judge
from mercato.evaluation.metrics import Values, hit, ndcg

PROTOCOL = (
    "SSLRec's split: {asked:,} shoppers, one held-out purchase of each among all {items:,} items,"
    " purchases of the train masked. The split took the held-out item out of the shopper's views "
    "and carts too, so what was met is never the answer; (new only): nothing is proposed that the"
    " shopper viewed or put in the cart. Settings and the chosen row by hit@10 on purchases that "
    "were held out of the train in the same way, one of each shopper with two and more; the "
    "rankers learn from what is left. ratio: hit@10 over that of the classic that is best on "
    "validation, among those that may propose what was met and among those that may not; "
    "difference: the same, paired, with its interval"
)

K = 10
ROUNDS = (0,)
"""Seeds of the validation's hold-outs."""

Model = Callable[[Behaviours], Scores]


@dataclass(frozen=True)
class Contender:
    """settings : the values that validation chooses from
    met       : whether what the shopper met but did not buy may be proposed
    """

    model: Callable[[float], Model]
    settings: tuple[float, ...]
    met: bool = True


def _popular(_: float) -> Model:
    return lambda data: popularity(data.kinds[-1], len(data.asked))


def _popular_anyhow(_: float) -> Model:
    return lambda data: popularity(data.met, len(data.asked))


def _frequency(_: float) -> Model:
    """What the shopper did most with, then what most did."""

    def score(data: Behaviours) -> Scores:
        own = sum(data.kinds[1:], data.kinds[0])[data.asked].toarray()
        common = popularity(data.met, len(data.asked))
        return np.asarray(own + common / (common.max() + 1), np.float32)

    return score


def _knn(shrink: float) -> Model:
    return lambda data: item_knn(data.met, data.met[data.asked], data.met, shrink)


def _bought_knn(shrink: float) -> Model:
    return lambda data: item_knn(data.kinds[-1], data.kinds[-1][data.asked], data.kinds[-1], shrink)


def _ease(regularisation: float) -> Model:
    return lambda data: ease(data.met, data.asked, regularisation)


_SHRINKS, _RIDGES = (3.0,), (100.0,)
"""Of 0, 3 and 10, 3 is the best shrinkage on validation, of 30, 100, 300 and 1,000, 100 the best
ridge; behaviours that are told apart by weights (1, 1, 1 or 1, 2, 3, summed up) are worse than
what was met at all."""

CLASSICS: Mapping[str, Contender] = {
    "popularity of purchases": Contender(_popular, (0,)),
    "popularity of all behaviours": Contender(_popular_anyhow, (0,)),
    "personal frequency of all behaviours": Contender(_frequency, (0,)),
    "item-kNN on purchases": Contender(_bought_knn, _SHRINKS),
    "item-kNN on all behaviours": Contender(_knn, _SHRINKS),
    "item-kNN on all behaviours (new only)": Contender(_knn, _SHRINKS, met=False),
    "EASE on all behaviours": Contender(_ease, _RIDGES),
    "EASE on all behaviours (new only)": Contender(_ease, _RIDGES, met=False),
}

LEARNED: Mapping[str, Contender] = {
    "LambdaMART over candidates (new only)": Contender(
        lambda _: CandidateRanker().scores, (0,), met=False
    ),
    "ESMM over candidates (new only)": Contender(
        lambda _: EntireSpaceRanker().scores, (0,), met=False
    ),
}


@dataclass(frozen=True)
class Chosen:
    """A contender with the setting that validation chose.

    worth : hit@10 on validation, mean of the rounds
    """

    name: str
    contender: Contender
    setting: float
    worth: float


def choose(name: str, contender: Contender, rounds: tuple[Behaviours, ...]) -> Chosen:
    def worth(setting: float) -> float:
        model = contender.model(setting)
        return float(
            np.mean([_values(model(data), data, contender.met)["hit@10"].mean() for data in rounds])
        )

    found = {setting: worth(setting) for setting in contender.settings}
    best = max(found, key=found.__getitem__)
    return Chosen(name, contender, best, found[best])


def _values(scores: Scores, data: Behaviours, met: bool) -> dict[str, Values]:
    seen = data.seen(met=not met)
    judged = judge(rank_all(lambda part: scores[part], len(scores), 2 * K, seen=seen), data.truth)
    return {"hit@10": hit(judged, K), "hit@20": hit(judged, 2 * K), "ndcg@10": ndcg(judged, K)}


@dataclass(frozen=True)
class Tested:
    chosen: Chosen
    values: Mapping[str, Values]
    seconds: float
    peak_mb: float

    def row(self, classics: Mapping[str, "Tested"]) -> Row:
        """``classics``: what to compare with, by the name of the ratio."""
        metrics: dict[str, object] = {
            name: bootstrap(each).to_json() for name, each in self.values.items()
        }
        ours = self.values["hit@10"]
        for name, classic in classics.items():
            theirs = classic.values["hit@10"]
            metrics[f"ratio {name}"] = float(ours.mean() / theirs.mean())
            metrics[f"difference {name}"] = paired_difference(ours, theirs).to_json()
        metrics["validation hit@10"] = self.chosen.worth
        return Row(self.chosen.name, metrics, self.seconds, self.peak_mb)


def tested(chosen: Chosen, data: Behaviours) -> Tested:
    forget_peak()
    begun = time.perf_counter()
    scores = chosen.contender.model(chosen.setting)(data)
    seconds, peak = time.perf_counter() - begun, own_peak_mb()
    return Tested(chosen, _values(scores, data, chosen.contender.met), seconds, peak)


def rows(data: Behaviours, asked: Arguments) -> list[Row]:
    """A row a contender; those that learn to rank until the time is over."""
    until = time.monotonic() + 60 * asked.minutes
    rounds = tuple(data.hold_out(seed) for seed in ROUNDS[: 1 if asked.quick else None])
    found = list[Tested]()
    for name, contender in {**CLASSICS, **LEARNED}.items():
        if asked.wants(name) and (name in CLASSICS or time.monotonic() < until):
            found.append(tested(choose(name, contender, rounds), data))
            print(found[-1].row({}), flush=True)
    best = max((each.chosen.worth for each in found), default=0.0)
    compared = _best_classics(found)
    return [
        replace(
            each.row({} if each.chosen.name in CLASSICS else compared),
            chosen=each.chosen.worth == best,
        )
        for each in found
    ]


def _best_classics(found: Sequence[Tested]) -> dict[str, Tested]:
    """By validation: of those that may propose what was met, and of those that may not."""
    best = {}
    for name, met in (("to classic", True), ("to classic (new only)", False)):
        some = [
            each
            for each in found
            if each.chosen.name in CLASSICS and each.chosen.contender.met == met
        ]
        if some:
            best[name] = max(some, key=lambda each: each.chosen.worth)
    return best


def main() -> None:
    folder = data_folder() / "multibehaviour" / "retailrocket"
    asked = arguments(__doc__, name="funnel", data=folder, minutes=20)
    data = Behaviours.read(asked.data)
    told = rows(data, asked)
    protocol = PROTOCOL.format(asked=len(data.asked), items=data.met.shape[1], rounds=len(ROUNDS))
    files = [asked.data / f"{kind}.txt.gz" for kind in (*KINDS, HELD_OUT)]
    write_result(asked.out, name="funnel", protocol=protocol, data=files, rows=told)


if __name__ == "__main__":
    main()
