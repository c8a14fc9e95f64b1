"""A session as a graph of its items, read by attention. Needs torch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mercato.models.neural.next_item.encoding import History, newest, place_back, places
from mercato.models.neural.next_item.settings import SessionGraph, Sizes

_SAME, _OUT, _IN, _BOTH = range(4)
_LINKS = 4
_NEVER = -1e9


class SessionGraphEncoder(nn.Module):
    """Events stand for their items: those of one item are one node, with the same links and the
    same vector, and count once."""

    every = False

    def __init__(self, settings: SessionGraph, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.layers = nn.ModuleList(_Attention(width) for _ in range(settings.layers))
        self.gate = nn.Linear(2 * width, width)
        self.places = places(sizes.longest, width)
        self.placed = nn.Linear(2 * width, width)
        self.by_mean = nn.Linear(width, width, bias=False)
        self.by_event = nn.Linear(width, width)
        self.weight = nn.Linear(width, 1, bias=False)
        self.out = nn.Linear(2 * width, width, bias=False)

    def states(self, history: History) -> Tensor:
        return self.answer(history)

    def answer(self, history: History) -> Tensor:
        links, count = _links(history)
        nodes = history.vectors
        for layer in self.layers:
            nodes = layer(nodes, links, count)
        gate = self.gate(torch.cat([history.vectors, nodes], -1)).sigmoid()
        nodes = gate * history.vectors + (1 - gate) * nodes
        return self._read_out(nodes, history.kept)

    def _read_out(self, nodes: Tensor, kept: Tensor) -> Tensor:
        """GCE-GNN's: what an event weighs hangs on its place and on the mean of all."""
        some = kept[:, :, None]
        mean = (nodes * some).sum(1, keepdim=True) / some.sum(1, keepdim=True).clamp(min=1)
        places = self.places(place_back(kept))
        told = torch.tanh(self.placed(torch.cat([nodes, places], -1)))
        weight = self.weight(torch.sigmoid(self.by_event(told) + self.by_mean(mean)))
        whole = (weight * nodes * some).sum(1, keepdim=True)
        last = newest(nodes, kept)
        found: Tensor = self.out(torch.cat([whole, last], -1)) + last
        return found


class _Attention(nn.Module):
    """Of each node to those it is linked with, by what the link is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.link = nn.Parameter(torch.randn(_LINKS, width) * width**-0.5)

    def forward(self, nodes: Tensor, links: Tensor, count: Tensor) -> Tensor:
        by_link = torch.stack(
            [(nodes * each) @ nodes.transpose(1, 2) for each in self.link], -1
        )  # (rows, longest, longest, links)
        scores = functional.leaky_relu(by_link, 0.2)
        # The greatest of the links that there are; an event of the same item counts for itself.
        scores = scores.masked_fill(~links, _NEVER).amax(-1) - count.log()[:, None, :]
        return scores.softmax(-1) @ nodes


def _links(history: History) -> tuple[Tensor, Tensor]:
    """(rows, longest, longest, links) bool, which links there are from the first to the second;
    (rows, longest) how many events are of the same item."""
    item, kept = history.item, history.kept
    both = kept[:, :, None] & kept[:, None, :]
    same = (item[:, :, None] == item[:, None, :]) & both
    place = torch.arange(item.shape[1], device=item.device)
    follows = ((place[None, :] - place[:, None]) == 1)[None] & both
    alike = same.float()
    out = (alike @ follows.float() @ alike) > 0.5
    back = out.transpose(1, 2)
    padding = (~kept)[:, :, None] & (place[:, None] == place[None, :])
    kinds = [(same | padding), out & ~back, back & ~out, out & back]
    links = torch.stack([kinds[_SAME], kinds[_OUT], kinds[_IN], kinds[_BOTH]], -1)
    return links, alike.sum(2).clamp(min=1)
