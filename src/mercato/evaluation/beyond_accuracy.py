"""What accuracy does not tell of answers: how varied, how well known, how much of the shop.

Answers are (n, k) item numbers, best first, padded with NO_ITEM, as `judging` has them.
"""

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.evaluation.judging import NO_ITEM
from mercato.evaluation.metrics import Values

Answers = NDArray[np.int64]


def intra_list_diversity(answers: Answers, vectors: NDArray[np.floating]) -> Values:
    """(n,) the mean distance, 1 - cosine, between two items of an answer; 0 with less than two.

    vectors : (n_items, d) of unit length

    Ziegler et al. 2005 (https://doi.org/10.1145/1060745.1060754), Smyth & McClave 2001.
    """
    shown = answers != NO_ITEM
    # The sum of all cosines is the squared length of the sum of the vectors.
    total = np.zeros((len(answers), vectors.shape[1]))
    own = np.zeros(len(answers))
    for column in range(answers.shape[1]):
        some = vectors[answers[:, column]] * shown[:, column, None]
        total += some
        own += (some**2).sum(axis=1)
    many = shown.sum(axis=1)
    pairs = many * (many - 1)
    cosines = (total**2).sum(axis=1) - own
    return np.where(pairs > 0, 1 - cosines / np.maximum(pairs, 1), 0.0)


def categories_shown(answers: Answers, category: NDArray[np.integer]) -> Values:
    """(n,) different categories in an answer, of those that are 0 or above (n_items,)."""
    found = np.where(answers == NO_ITEM, -1, category[answers])
    ordered = np.sort(found, axis=1)
    opens = np.ones(ordered.shape, bool)
    opens[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return np.asarray((opens & (ordered >= 0)).sum(axis=1), np.float64)


def novelty(answers: Answers, shoppers: NDArray[np.floating], n_shoppers: int) -> Values:
    """(n,) the mean self-information of the items, -log2 of the share of shoppers who know one.

    shoppers : (n_items,) who met the item; one that nobody met counts as met by one

    Zhou et al. 2010 (https://doi.org/10.1073/pnas.1000488107); bits. 0 for an empty answer.
    """
    bits = np.log2(n_shoppers) - np.log2(np.maximum(shoppers, 1))
    shown = answers != NO_ITEM
    told = np.where(shown, bits[answers], 0.0).sum(axis=1)
    return np.asarray(told / np.maximum(shown.sum(axis=1), 1))


def coverage(answers: Answers, n_items: int) -> float:
    """The share of the catalogue that stands in some answer.

    Herlocker et al. 2004 (https://doi.org/10.1145/963770.963772).
    """
    if n_items < 1:
        raise BadInput("a catalogue with items", f"{n_items}", "Count what could be shown.")
    return len(np.unique(answers[answers != NO_ITEM])) / n_items


def gini(answers: Answers, n_items: int) -> float:
    """How unevenly items are shown: 0 where each is shown as often, nearly 1 where one is always.

    Items that are never shown count too. Gini 1912; for recommendations Fleder & Hosanagar 2009
    (https://doi.org/10.1287/mnsc.1080.0974). 0 where nothing is shown.
    """
    shown = np.sort(np.bincount(answers[answers != NO_ITEM], minlength=n_items))
    total = int(shown.sum())
    if total == 0:
        return 0.0
    ranks = np.arange(1, n_items + 1)
    return float((2 * ranks - n_items - 1) @ shown / (n_items * total))
