"""A random BERT learns which words go together, stops in time, and goes on where it was stopped."""

from pathlib import Path

import numpy as np
import pytest

from mercato.core.progress import Silent
from mercato.training.encoder.batches import Hard, batches
from mercato.training.encoder.bert import Bert
from mercato.training.encoder.pairs import Pairs, pairs_of
from mercato.training.encoder.train import Material, Trainer, Tuning, encode, warmed_up

N = 24
"""Word n + 4 is a query, answered by the text of word N + n + 4, which nothing but pairs tell."""


def partners() -> Pairs:
    return pairs_of([f"{n:02}" for n in range(N)], np.arange(N), np.ones(N), "by hand")


def text(row: int) -> list[int]:
    return [2, N + row + 4, 3]


def query(number: int) -> list[int]:
    return [2, number + 4, 3]


def right(bert: Bert) -> float:
    """Share of the queries whose answer is nearest."""
    numbers = range(N)
    cosines = encode(bert, [query(n) for n in numbers]) @ encode(bert, [text(n) for n in numbers]).T
    return float((cosines.argmax(1) == np.arange(N)).mean())


def trainer(random_bert, place: Path, **options) -> Trainer:
    weights, shape = random_bert()
    hard = Hard(np.stack([(np.arange(3) + n + 1) % N for n in range(N)]))
    material = Material(partners(), hard, [query(n) for n in range(N)], text)
    limit, score = options.pop("limit", 1e9), options.pop("score", right)
    clock = options.pop("clock", lambda: 0.0)
    settings = {"batch_queries": 8, "passes": 12, "checks": 3, "patience": 9} | options
    tuning = Tuning(learning_rate=3e-3, hard_negatives=1, **settings)
    bert = Bert(weights, shape)
    return Trainer(bert, material, tuning, limit=limit, score=score, place=place, clock=clock)


def run(made: Trainer):
    with Silent().step("train") as step:
        return made.train(step)


def test_pairs_are_learned(random_bert, tmp_path: Path) -> None:
    found = run(trainer(random_bert, tmp_path / "point.pt"))
    assert found.scores[0] < 0.3
    assert max(found.scores) > 0.8
    assert found.done == 12 * 3


def test_a_stopped_training_goes_on_as_if_it_had_not_been(random_bert, tmp_path: Path) -> None:
    whole = trainer(random_bert, tmp_path / "whole.pt")
    run(whole)

    class Stops:
        def __init__(self) -> None:
            self.seen = 0

        def advance(self, amount: int = 1) -> None:
            self.seen += amount
            if self.seen > 600:
                raise KeyboardInterrupt

        def note(self, text: str) -> None:
            pass

    place = tmp_path / "part.pt"
    with pytest.raises(KeyboardInterrupt):
        trainer(random_bert, place).train(Stops())
    resumed = trainer(random_bert, place)
    run(resumed)
    assert resumed.run.scores == whole.run.scores
    for name, value in whole.bert.weights().items():
        assert np.array_equal(value, resumed.bert.weights()[name]), name


def test_time_ends_a_training_that_has_steps_left(random_bert, tmp_path: Path) -> None:
    ticks = iter(range(10_000))
    made = trainer(random_bert, tmp_path / "p.pt", limit=10, clock=lambda: float(next(ticks)))
    found = run(made)
    assert found.done < 12 * 3
    assert found.seconds >= 10


def test_what_gets_no_better_is_stopped_and_the_best_is_kept(random_bert, tmp_path: Path) -> None:
    scores = iter([0.5, 0.4, 0.3, 0.9])
    made = trainer(
        random_bert, tmp_path / "p.pt", patience=2, checks=6, score=lambda bert: next(scores)
    )
    before = made.bert.weights()
    found = run(made)
    assert found.scores == [0.5, 0.4, 0.3]
    for name, value in found.best.items():
        assert np.array_equal(value.numpy(), before[name])


def test_the_learning_rate_rises_then_falls_straight() -> None:
    rates = [warmed_up(share, 0.1) for share in (0, 0.05, 0.1, 0.55, 1)]
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_batches_hold_each_query_once_its_answer_and_a_hard_negative() -> None:
    pairs = pairs_of(
        ["a", "a", "b", "c"], np.array([1, 2, 3, 4]), np.array([1.0, 3.0, 1, 1]), "by hand"
    )
    hard = Hard(np.array([[7, -1], [8, 9], [-1, -1]]))
    found = list(batches(pairs, hard, 2, 1, np.random.default_rng(0)))
    assert sorted(np.concatenate([batch.query for batch in found]).tolist()) == [0, 1, 2]
    drawn = []
    for seed in range(200):
        for batch in batches(pairs, hard, 3, 1, np.random.default_rng(seed)):
            at = {number: place for place, number in enumerate(batch.query.tolist())}
            answer = batch.row[batch.answer]
            drawn.append(answer[at[0]])
            assert answer[at[1]] == 3
            assert answer[at[2]] == 4
            assert 7 in batch.row
            assert {8, 9} & set(batch.row.tolist())
            own = batch.known[at[0]]
            assert batch.row[own].tolist() == [
                n for n in (1, 2) if n in batch.row and n != drawn[-1]
            ]
    assert np.mean(np.array(drawn) == 2) == pytest.approx(0.75, abs=0.1)
