"""ComiRec's encoder with attention. Needs torch."""

from torch import Tensor, nn

from mercato.models.neural.next_item.encoding import History, Perceptron, place_back, places
from mercato.models.neural.next_item.settings import Interests, Sizes

_NEVER = -1e9


class InterestsEncoder(nn.Module):
    """Several means of the items, each weighed by an attention of its own."""

    every = False

    def __init__(self, settings: Interests, sizes: Sizes) -> None:
        super().__init__()
        self.places = places(sizes.longest, sizes.width)
        self.inner = nn.Linear(sizes.width, settings.inner * sizes.width)
        self.weights = nn.Linear(settings.inner * sizes.width, settings.number)
        self.perceptron = Perceptron(sizes.width, 2)

    def states(self, history: History) -> Tensor:
        return self.answer(history)

    def answer(self, history: History) -> Tensor:
        placed = history.vectors + self.places(place_back(history.kept))
        scores = self.weights(self.inner(placed).tanh())  # (rows, longest, number)
        share = scores.masked_fill(~history.kept[:, :, None], _NEVER).softmax(1)
        found: Tensor = self.perceptron(share.transpose(1, 2) @ history.vectors)
        return found
