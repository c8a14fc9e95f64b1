"""The loss of a batch: each query's answer against all other texts of the batch."""

import torch
from torch import Tensor
from torch.nn import functional

from mercato.training.encoder.batches import Batch

SCALE = 20.0
"""Cosines are multiplied by it: a temperature of .05, that of sentence-transformers'
MultipleNegativesRankingLoss, with which the default encoder was trained."""


def ranking_loss(queries: Tensor, texts: Tensor, batch: Batch) -> Tensor:
    """The mean, weighted, of minus the log of the answer's share.

    InfoNCE (van den Oord et al. 2018, https://arxiv.org/abs/1807.03748) with in-batch negatives
    (Henderson et al. 2017, https://arxiv.org/abs/1705.00652).

    queries : (b, d) unit vectors; texts : (k, d) unit vectors
    """
    power = SCALE * queries @ texts.T  # (b, k)
    power = power.masked_fill(torch.from_numpy(batch.known), -torch.inf)
    each = functional.cross_entropy(power, torch.from_numpy(batch.answer), reduction="none")
    weight = torch.from_numpy(batch.weight)
    return (each * weight).sum() / weight.sum()
