"""The benches of the next item choose on validation, and read the published files' layouts."""

import gzip
import importlib
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.evaluation.protocols.sequences import Sequences
from mercato.models.base import FittedModel
from mercato.models.markov import Markov
from mercato.models.popularity import FittedPopularity, Popularity

ROOT = Path(__file__).parents[2]
N_ITEMS = 30


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``bench("session")``"""
    monkeypatch.syspath_prepend(str(ROOT))

    def script(name: str) -> ModuleType:
        return importlib.import_module(f"bench.{name}")

    return script


def zipped(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def lists(found: Sequences) -> list[list[int]]:
    parts = zip(found.offsets[:-1], found.offsets[1:], strict=True)
    return [found.item[start:stop].tolist() for start, stop in parts]


@pytest.fixture
def circles(tmp_path: Path) -> Path:
    """Shoppers who go from each item to the one after it, in a circle of thirty."""
    lines = [
        [shopper, *((shopper + place) % N_ITEMS for place in range(9))] for shopper in range(90)
    ]
    text = "\n".join(" ".join(map(str, line)) for line in lines)
    return zipped(tmp_path / "circles.txt.gz", text)


def test_validation_chooses_settings_and_the_row(bench: Any, circles: Path) -> None:
    contenders, contest = bench("contenders"), bench("sequential").contest(circles)
    popular, chain = Popularity(days=0), Markov()
    both = (
        contenders.Contender("popularity", (popular,)),
        contenders.Contender("Markov", (popular, chain)),
        contenders.Contender("EASE", (popular,), most_items=N_ITEMS - 1),
    )
    asked = bench("harness").Arguments((circles,), circles, (), 1.0, False)
    (alone,), (first, second) = contenders.rows(contest, both, asked)
    assert (alone.model, alone.chosen) == ("circles popularity", True)
    assert (first.model, first.chosen) == ("circles popularity", False)
    assert (second.model, second.chosen) == ("circles Markov", True)
    assert second.metrics["tried"] == 2
    assert {second.metrics[f"{name}@10"]["value"] for name in ("hit", "ndcg")} == {1}
    # All are as popular, so the ten lowest numbers that were not met are shown. Who began at 0 to 9
    # or at 22 to 29, to go on with 0 to 7, finds the next item among them.
    assert first.metrics["hit@10"]["value"] == pytest.approx((10 + 8) / 30)
    asked = bench("harness").Arguments((circles,), circles, ("Markov",), 0.0, True)
    ((only,),) = contenders.rows(contest, both, asked)
    assert (only.metrics["tried"], only.chosen) == (1, True)


@dataclass(frozen=True)
class Patient:
    """Likes items at random; it notes the minutes that it is given."""

    minutes: float = 0.0
    seed: int = 0
    fitted: ClassVar[type[FittedModel]] = FittedPopularity

    def within(self, minutes: float) -> "Patient":
        return replace(self, minutes=minutes)

    def seeded(self, seed: int) -> "Patient":
        return replace(self, seed=seed)

    def on(self, device: str) -> "Patient":
        assert device == "cpu"
        return self

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedModel:
        GIVEN.append((self.minutes, self.seed))
        n_items = interactions.n_items
        best = np.random.default_rng(self.seed).permutation(n_items).astype(np.float32)
        return FittedPopularity(n_items, as_of, best)


GIVEN: list[tuple[float, int]] = []


def test_models_that_hang_on_chance_are_means_of_seeds(bench: Any, circles: Path) -> None:
    """Three fits share the time, of which a fifth is for answers: the first is both that of
    validation and that of the test, as both are learned from the same."""
    contenders, contest = bench("contenders"), bench("sequential").contest(circles)
    asked = bench("harness").Arguments((circles,), circles, (), 10.0, False)
    ((row,),) = contenders.rows(contest, (contenders.Contender("patient", (Patient(),)),), asked)
    assert [seed for _, seed in GIVEN] == [0, 1, 2]
    assert {round(minutes, 2) for minutes, _ in GIVEN} == {2.67}
    assert row.metrics["seeds"] == 3
    hurried = replace(asked, minutes=1.0)
    contender = contenders.Contender("patient", (Patient(),))
    assert not list(contenders.rows(contest, (contender,), hurried)), "20 seconds a fit say nothing"
    alone = [
        contest.values(contenders.fit(Patient(seed=seed), contest.test), contest.test)["hit@10"]
        for seed in range(3)
    ]
    means = [each.mean() for each in alone]
    assert row.metrics["hit@10"]["value"] == pytest.approx(np.mean(means))
    assert row.metrics["spread"] >= round(max(means) - min(means), 4) > 0


def test_one_by_one_is_as_all_at_once(bench: Any, circles: Path) -> None:
    contenders, contest = bench("contenders"), bench("sequential").contest(circles)
    fitted = contenders.fit(Markov(window=8, fading=2.0, back=0.5), contest.test)
    one_by_one = contenders._answers(fitted, contest.test, 10)
    assert np.array_equal(one_by_one, contest.test.answers(fitted.score, 10))


def test_prepared_sessions(bench: Any, tmp_path: Path) -> None:
    zipped(tmp_path / "train.txt.gz", "1 2\n3 4 5\n")
    zipped(tmp_path / "test.txt.gz", "5 4 1\n5 4\n")
    log = bench("session").read_log(tmp_path)
    assert lists(log.learned) == [[1, 2], [3, 4, 5]]
    assert lists(log.tests) == [[5, 4, 1], [5, 4]]
    assert log.begin is None


def test_clicks(bench: Any, tmp_path: Path) -> None:
    head = "SessionId\tItemId\tTime\n"
    train = "8\t70\t5.5\n8\t90\t6.0\n3\t90\t9.0\n3\t50\t8.0\n"
    # 60 was not learned from.
    test = "9\t50\t20.0\n9\t60\t21.0\n9\t90\t22.0\n9\t70\t23.0\n"
    zipped(tmp_path / "train_full.tsv.gz", head + train)
    zipped(tmp_path / "test.tsv.gz", head + test)
    log = bench("session").read_log(tmp_path)
    assert lists(log.learned) == [[1, 2], [0, 2]], "numbered by id, in order of time"
    assert log.begin.tolist() == [5_500_000, 8_000_000]
    assert lists(log.tests) == [[0, 2], [0, 2, 1]]
