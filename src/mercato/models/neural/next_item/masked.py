"""BERT4Rec's encoder. Needs torch."""

import torch
from torch import Tensor, nn

from mercato.models.neural.next_item.encoding import History, place_back, places
from mercato.models.neural.next_item.settings import Masked, Sizes
from mercato.models.shopper_transformer.blocks import AttentionBlock, Between
from mercato.models.shopper_transformer.settings import Shape


class MaskedEncoder(nn.Module):
    """Attention in both directions, over events of which some are hidden."""

    every = True

    def __init__(self, settings: Masked, sizes: Sizes) -> None:
        super().__init__()
        self.share = settings.hidden
        shape = Shape(
            width=sizes.width,
            heads=settings.heads,
            inner=settings.inner,
            dropout=sizes.dropout,
            positions="absolute",
            mean=0.0,
        )
        self.blocks = nn.ModuleList(
            AttentionBlock(shape, gaps=False) for _ in range(settings.layers)
        )
        self.hidden = nn.Parameter(torch.randn(sizes.width) * 0.02)
        self.places = places(sizes.longest, sizes.width)
        self.norm = nn.LayerNorm(sizes.width)

    def states(self, history: History) -> Tensor:
        """Of all events as they are, none hidden."""
        return self.read(history, history.kept & False)

    def read(self, history: History, hidden: Tensor) -> Tensor:
        """(rows, longest, width); hidden : (rows, longest) bool"""
        state = torch.where(hidden[:, :, None], self.hidden, history.vectors)
        state = state + self.places(place_back(history.kept))
        unseen = ~history.kept[:, None, None, :]  # (rows, 1, 1, longest)
        between = Between(unseen, history.item[:0], None)
        for block in self.blocks:
            state = block(state, between)
        found: Tensor = self.norm(state)
        return found

    def draw(self, kept: Tensor) -> Tensor:
        """(rows, longest) bool, which events are hidden while learning: at least one a row."""
        newest = (place_back(kept) == 0) & kept
        drawn = (torch.rand(kept.shape, device=kept.device) < self.share) & kept
        only_newest = torch.rand(len(kept), 1, device=kept.device) < 1 / 3
        drawn = torch.where(only_newest, newest, drawn)
        return torch.where(drawn.any(1, keepdim=True), drawn, newest)

    def answer(self, history: History) -> Tensor:
        known = history.kept.sum(1, keepdim=True)  # (rows, 1)
        place = torch.arange(history.kept.shape[1] + 1, device=known.device)
        vectors = nn.functional.pad(history.vectors, (0, 0, 0, 1))
        item = nn.functional.pad(history.item, (0, 1))
        whole = History(vectors, item, place <= known)
        states = self.read(whole, place == known)
        return states.gather(1, known[:, :, None].expand(-1, 1, states.shape[2]))
