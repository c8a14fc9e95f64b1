import math
from pathlib import Path

import numpy as np
import pytest

from mercato.models.naive_bayes import Examples, NaiveBayes, chosen, fit_naive_bayes, log_likelihood

# Class 0 holds token 0 three times and token 1 once, class 1 holds token 1 twice; token 2 nowhere.
EXAMPLES = Examples(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 0, 1, 1]), np.ones(6))


@pytest.fixture
def bayes() -> NaiveBayes:
    return fit_naive_bayes(EXAMPLES, n_tokens=3, n_classes=2, smoothing=1.0)


def test_chances_are_those_of_bayes_rule(bayes: NaiveBayes) -> None:
    chances = bayes.chances(np.array([0, 1]))
    assert chances is not None
    # prior (4+1)/8 and (2+1)/8; P(token | class) = (n + 1) / (all of the class + 3)
    first = 5 / 8 * (3 + 1) / (4 + 3) * (1 + 1) / (4 + 3)
    second = 3 / 8 * (0 + 1) / (2 + 3) * (2 + 1) / (2 + 3)
    assert chances.tolist() == pytest.approx([first / (first + second), second / (first + second)])


def test_tokens_that_were_never_seen_say_nothing(bayes: NaiveBayes) -> None:
    assert bayes.chances(np.array([2])) is None
    assert bayes.chances(np.zeros(0, np.int64)) is None
    known, mixed = bayes.chances(np.array([0])), bayes.chances(np.array([0, 2]))
    assert known is not None and mixed is not None
    assert known.tolist() == mixed.tolist()


def test_weights_count_as_repeats(bayes: NaiveBayes) -> None:
    once = Examples(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([3.0, 1.0, 2.0]))
    again = fit_naive_bayes(once, n_tokens=3, n_classes=2, smoothing=1.0)
    for name, value in vars(bayes).items():
        assert np.asarray(getattr(again, name)).tolist() == np.asarray(value).tolist()


def test_saved_and_opened_it_is_the_same(bayes: NaiveBayes, tmp_path: Path) -> None:
    bayes.save(tmp_path)
    opened = NaiveBayes.load(tmp_path).plain()
    one, other = bayes.chances(np.array([0, 1])), opened.chances(np.array([0, 1]))
    assert one is not None and other is not None
    assert one.tolist() == other.tolist()


def test_the_temperature_makes_chances_come_true() -> None:
    """Nine of ten texts with token 0 are of class 0, nine of ten with token 1 of class 1. Texts
    hold their token five times over, which says no more; naive Bayes takes it for five witnesses.
    """
    token = np.repeat([0, 1], 10)
    cls = np.array([0] * 9 + [1] + [1] * 9 + [0])
    asked = [(np.full(5, t), int(c)) for t, c in zip(token, cls, strict=True)] * 20
    examples = Examples(token, cls, np.ones(20))
    smoothing, temperature, likelihood = chosen(examples, 2, 2, asked)
    assert 4 <= temperature <= 6
    plain = fit_naive_bayes(examples, 2, 2, smoothing)
    assert likelihood > log_likelihood(plain, asked)
    # Nobody can do better than the true chances.
    assert likelihood <= 0.9 * math.log(0.9) + 0.1 * math.log(0.1) + 1e-6
