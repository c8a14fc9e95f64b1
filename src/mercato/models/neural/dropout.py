"""Dropout that draws eight numbers at once. Needs torch."""

import torch
from torch import Tensor, nn

_LEVELS = 256


class Dropout(nn.Module):
    """Leaves out a ``share`` of the numbers, rounded to 1/256, and scales the others up.

    torch's own draws 32 bits a number, which took a quarter of a small network's training on a
    processor; of 64 drawn bits this makes eight decisions.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.least = round(share * _LEVELS)

    def forward(self, value: Tensor) -> Tensor:
        if not self.training or not self.least:
            return value
        words = torch.empty(-(-value.numel() // 8), dtype=torch.int64, device=value.device)
        drawn = words.random_(-(2**63), None).view(torch.uint8)[: value.numel()]
        kept = (drawn >= self.least).view(value.shape).to(value.dtype)
        return value * kept.mul_(_LEVELS / (_LEVELS - self.least))
