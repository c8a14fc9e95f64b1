"""GRU4Rec's encoder. Needs torch."""

from torch import Tensor, nn

from mercato.models.neural.next_item.encoding import History, newest
from mercato.models.neural.next_item.settings import Recurrent, Sizes


class RecurrentEncoder(nn.Module):
    """A state that each event changes; padding stands behind, so no event sees it."""

    every = True

    def __init__(self, settings: Recurrent, sizes: Sizes) -> None:
        super().__init__()
        width, layers = sizes.width, settings.layers
        dropout = sizes.dropout if layers > 1 else 0.0
        self.units = nn.GRU(width, width, layers, batch_first=True, dropout=dropout)
        self.out = nn.Linear(width, width)

    def states(self, history: History) -> Tensor:
        found, _ = self.units(history.vectors)
        told: Tensor = self.out(found)
        return told

    def answer(self, history: History) -> Tensor:
        return newest(self.states(history), history.kept)
