"""How fast the shopper transformer learns, beside RecTools' SASRec in the same run.

``--data`` is a file of S3-Rec's layout. RecTools (extra ``bench``) has no row where it is missing.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.contenders import Contest, fit
from bench.harness import (
    Arguments,
    Row,
    arguments,
    data_folder,
    forget_peak,
    own_peak_mb,
    write_result,
)
from bench.sequential import contest
from mercato.evaluation.judging import NO_ITEM, judge
from mercato.evaluation.report import estimates
from mercato.models.neural.learning import Learning
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape

DATA = data_folder() / "sequential" / "beauty.txt.gz"

_PASSES = 3
_WIDTH, _LAYERS, _HEADS, _LONGEST, _NEGATIVES = 64, 2, 2, 50, 256
_SHOPPERS_A_BATCH = 128
_RATE, _DROPOUT = 1e-3, 0.2
_ASKED = 6_000
_K = 10

_ALIKE = ShopperTransformer(
    shape=Shape(
        width=_WIDTH,
        layers=_LAYERS,
        heads=_HEADS,
        inner=1,
        longest=_LONGEST,
        positions="absolute",
        mean=0.0,
        cosine=0.0,
        dropout=_DROPOUT,
    ),
    inputs=Inputs(kinds=False, gaps=False),
    loss=Loss(negatives=_NEGATIVES, popularity=0.0, log_q=False),
    learning=Learning(learning_rate=_RATE, warm_up=0.0, schedule="constant", weight_decay=0.0),
)

_HOW = (
    f"Both learn from the same histories by a sampled softmax: width {_WIDTH}, {_LAYERS} layers of "
    f"{_HEADS} heads, the newest {_LONGEST} events, {_NEGATIVES} negatives drawn evenly, "
    f"{_SHOPPERS_A_BATCH} shoppers a batch on average, {_PASSES} passes, AdamW or Adam at {_RATE}. "
    "RecTools draws negatives for each position, Mercato for the batch. examples/s: next items "
    "learned a second of the whole fit; then asked for the validation's items, see the bench of "
    f"sequences, {_ASKED} shoppers."
)


def ours(one: Contest, passes: int) -> tuple[Callable[[], NDArray[np.int64]], float]:
    """Fit; what answers, and seconds."""
    learned = one.validation.learned
    events = (len(learned.item) - learned.n_users) * _SHOPPERS_A_BATCH // learned.n_users
    model = replace(
        _ALIKE,
        examples=Examples(batch=events, again=False),
        learning=replace(_ALIKE.learning, passes=passes),
    )
    begun = time.perf_counter()
    fitted = fit(model, one.validation)
    return lambda: one.validation.answers(fitted.score, _K), time.perf_counter() - begun


def rectools(one: Contest, passes: int) -> tuple[Callable[[], NDArray[np.int64]], float]:
    """The same of RecTools. Raises ImportError where it is missing."""
    from rectools.dataset import Dataset
    from rectools.models import SASRecModel

    learned = one.validation.learned
    table = {
        "user_id": learned.user,
        "item_id": learned.item.astype(np.int64),
        "weight": np.ones(len(learned.item)),
        "datetime": pa.array(learned.ts, pa.timestamp("us")),
    }
    begun = time.perf_counter()
    dataset = Dataset.construct(pa.table(table).to_pandas())
    model = SASRecModel(
        n_blocks=_LAYERS,
        n_heads=_HEADS,
        n_factors=_WIDTH,
        session_max_len=_LONGEST,
        dropout_rate=_DROPOUT,
        loss="sampled_softmax",
        n_negatives=_NEGATIVES,
        lr=_RATE,
        batch_size=_SHOPPERS_A_BATCH,
        epochs=passes,
    )
    model.fit(dataset)
    seconds = time.perf_counter() - begun

    def answers() -> NDArray[np.int64]:
        # Evenly spread over all shoppers, as `NextItem.first` has them.
        users = np.unique(np.linspace(0, learned.n_users - 1, len(one.validation)).astype(int))
        found = model.recommend(users, dataset, _K, filter_viewed=True)
        told = np.full((len(users), _K), NO_ITEM, np.int64)
        row = np.searchsorted(users, found["user_id"].to_numpy())
        told[row, found["rank"].to_numpy() - 1] = found["item_id"].to_numpy()
        return told

    return answers, seconds


def measured(name: str, one: Contest, passes: int) -> Row:
    forget_peak()
    answers, seconds = {"Mercato": ours, "RecTools SASRec": rectools}[name](one, passes)
    peak = own_peak_mb()
    lengths = np.diff(one.validation.learned.offsets)
    read = lengths - 1 if name == "Mercato" else np.minimum(lengths - 1, _LONGEST)
    found = estimates(one.metrics(judge(answers(), one.validation.truth)))
    metrics = {
        "examples/s": round(passes * int(read.sum()) / seconds),
        "passes": passes,
        **{key: found[key].to_json() for key in ("hit@10", "ndcg@10")},
    }
    return Row(f"{one.name} {name}", metrics, seconds, peak)


def main() -> None:
    asked: Arguments = arguments(__doc__, name="transformer_training", data=DATA, minutes=10)
    whole = contest(asked.data)
    one = replace(whole, validation=whole.validation.first(500 if asked.quick else _ASKED))
    passes = 1 if asked.quick else _PASSES
    rows = []
    until = time.perf_counter() + asked.minutes * 60
    for name in filter(asked.wants, ("Mercato", "RecTools SASRec")):
        if time.perf_counter() > until:
            print(f"no time left for {name}", file=sys.stderr)
            continue
        try:
            rows.append(measured(name, one, passes))
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    write_result(
        asked.out,
        name="transformer_training",
        protocol=_HOW,
        data=asked.paths,
        rows=rows,
    )


if __name__ == "__main__":
    main()
