"""The shopper's half of two towers. Needs torch."""

import torch
from torch import Tensor, nn

from mercato.models.neural.next_item.encoding import History, Perceptron, place_back, places
from mercato.models.neural.next_item.settings import Pooled, Sizes

_NEVER = -1e9


class PooledEncoder(nn.Module):
    """A mean of the items, weighed by how many came since and by what they are."""

    every = False

    def __init__(self, settings: Pooled, sizes: Sizes) -> None:
        super().__init__()
        self.places = places(sizes.longest, 1)
        self.weight = nn.Linear(sizes.width, 1, bias=False)
        self.perceptron = Perceptron(sizes.width, settings.inner)

    def states(self, history: History) -> Tensor:
        return self.answer(history)

    def answer(self, history: History) -> Tensor:
        scores = self.places(place_back(history.kept)) + self.weight(history.vectors)
        share = scores.masked_fill(~history.kept[:, :, None], _NEVER).softmax(1)
        mean = torch.sum(share * history.vectors, 1, keepdim=True)  # (rows, 1, width)
        found: Tensor = self.perceptron(mean)
        return found
