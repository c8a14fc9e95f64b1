"""Which of a few hundred classes some tokens come from.

Multinomial naive Bayes (Manning, Raghavan & Schütze 2008, section 13.2), whose chances are
tempered so that they are those that come true (Guo et al. 2017,
https://arxiv.org/abs/1706.04599).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.models.saving import Saved

SMOOTHINGS = (0.01, 0.05, 0.2, 1.0)
TEMPERATURES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@dataclass(frozen=True)
class Examples:
    """Tokens and the classes of the texts that they stand in; all (n,).

    weight : what one occurrence counts
    """

    token: NDArray[np.int64]
    cls: NDArray[np.int64]
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class NaiveBayes(Saved):
    """Learned from examples.

    offsets     : (n_tokens + 1,) int64, where the classes of each token start
    classes     : (n,) int16, classes that a token was seen in
    gains       : (n,) float32, what having seen it there adds to the class's score
    prior       : (n_classes,) float32, log
    absent      : (n_classes,) float32, what a token that was not seen in a class adds
    temperature : by which scores are divided
    """

    offsets: NDArray[np.int64]
    classes: NDArray[np.int16]
    gains: NDArray[np.float32]
    prior: NDArray[np.float32]
    absent: NDArray[np.float32]
    temperature: float = 1.0

    def plain(self) -> "NaiveBayes":
        """With plain arrays over the mapped files: slices of those cost several times less."""
        return replace(
            self,
            offsets=self.offsets.view(np.ndarray),
            classes=self.classes.view(np.ndarray),
            gains=self.gains.view(np.ndarray),
            prior=self.prior.view(np.ndarray),
            absent=self.absent.view(np.ndarray),
        )

    def chances(self, tokens: NDArray[np.integer]) -> NDArray[np.float32] | None:
        """(n_classes,) of a text with these tokens, together 1; None where none was ever seen."""
        starts, stops = self.offsets[tokens].tolist(), self.offsets[tokens + 1].tolist()
        seen = [(a, b) for a, b in zip(starts, stops, strict=True) if a < b]
        if not seen:
            return None
        scores = self.prior + len(seen) * self.absent
        for start, stop in seen:
            scores[self.classes[start:stop]] += self.gains[start:stop]
        scores /= self.temperature
        chances = np.exp(scores - scores.max())
        return np.asarray(chances / chances.sum(), np.float32)


def fit_naive_bayes(
    examples: Examples, n_tokens: int, n_classes: int, smoothing: float
) -> NaiveBayes:
    """smoothing : of a token's weight in a class, added everywhere"""
    key, at = np.unique(examples.token * n_classes + examples.cls, return_inverse=True)
    weight = np.bincount(at, examples.weight, minlength=len(key))
    token, cls = np.divmod(key, n_classes)
    in_class = np.bincount(cls, weight, minlength=n_classes)
    absent = np.log(smoothing / (in_class + smoothing * n_tokens))
    prior = np.log((in_class + 1) / (in_class + 1).sum())
    return NaiveBayes(
        np.searchsorted(token, np.arange(n_tokens + 1)),
        cls.astype(np.int16),
        np.log1p(weight / smoothing).astype(np.float32),
        prior.astype(np.float32),
        absent.astype(np.float32),
    )


def chosen(
    examples: Examples,
    n_tokens: int,
    n_classes: int,
    asked: Sequence[tuple[NDArray[np.integer], int]],
) -> tuple[float, float, float]:
    """The smoothing and the temperature that give held-out texts their right class the surest,
    and the mean log-likelihood that they reach.

    asked : tokens and right class
    """
    found = []
    for smoothing in SMOOTHINGS:
        model = fit_naive_bayes(examples, n_tokens, n_classes, smoothing)
        for temperature in TEMPERATURES:
            tempered = replace(model, temperature=temperature)
            found.append((log_likelihood(tempered, asked), smoothing, temperature))
    best = max(found)
    return best[1], best[2], best[0]


def log_likelihood(model: NaiveBayes, asked: Sequence[tuple[NDArray[np.integer], int]]) -> float:
    """Mean log of the chance of the right class; where no token is known, by the prior alone."""
    known = np.exp(model.prior)
    found = [(model.chances(tokens), right) for tokens, right in asked]
    chances = [(known if each is None else each)[right] for each, right in found]
    return float(np.log(np.maximum(chances, 1e-12)).mean())
