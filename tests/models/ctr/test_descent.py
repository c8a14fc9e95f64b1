"""How networks learn: rare values, and when it ends. Needs the extra ``train``."""

from dataclasses import replace

import numpy as np

from mercato.core.progress import Silent
from mercato.evaluation.probabilities import log_loss
from mercato.models.ctr.factorisation_machine import FactorisationMachine
from mercato.models.ctr.fields import Examples, Rows
from mercato.models.ctr.network import Learning


class Told(list[str]):
    """A step that remembers what it was told."""

    def advance(self, amount: int = 1) -> None: ...

    def note(self, text: str) -> None:
        self.append(text)


def examples(codes: np.ndarray, clicked: np.ndarray, size: int) -> Examples:
    rows = Rows(("ad",), (size,), np.asarray(codes, np.int32)[:, None])
    return Examples(rows, np.asarray(clicked, bool))


def noise(n: int, seed: int) -> Examples:
    """Twenty ads, and clicks that do not depend on them."""
    random = np.random.default_rng(seed)
    return examples(random.integers(1, 21, n), random.random(n) < 0.3, 21)


def test_a_rare_value_scores_as_an_unknown_one() -> None:
    """Ad 1 is always clicked, ad 2 never; ad 3 is clicked, but has one row."""
    codes = np.array([1] * 40 + [2] * 40 + [3])
    train = examples(codes, codes != 2, 5)
    learning = Learning(learning_rate=0.1, passes=10, least_rows=2)
    with Silent().step("fit") as step:
        fitted = FactorisationMachine(4, learning).fit(train, train, step)
    asked = train.rows.of(np.array([0, 40, 80]))
    often, never, rare = fitted.score(asked)
    unknown = fitted.score(replace(asked, codes=np.zeros_like(asked.codes)))
    assert often > unknown[0] > never
    assert rare == unknown[0]


def test_the_weights_kept_are_those_that_told_the_validation_best() -> None:
    """Noise is learned by heart, pass by pass; what is kept is from before."""
    train, validation = noise(300, 0), noise(300, 1)
    learning = Learning(learning_rate=0.05, passes=40, patience=3, batch_rows=32)
    step = Told()
    fitted = FactorisationMachine(8, learning).fit(train, validation, step)
    losses = [float(note.split()[-1]) for note in step]
    least = min(losses)
    assert len(losses) == losses.index(least) + 1 + 3 < 40
    reached = log_loss(fitted.score(validation.rows), validation.clicked).mean()
    assert reached <= least + 1e-3
    assert reached < losses[-1]
