"""What a state of the network loses against the item that came next. Needs torch.

Logits of all positions and items at once would be the largest array by far (4,096 x 12,101 x 4
bytes are 200 MB); here they live for a few rows at a time, in memory that is used again, and what
the gradient needs of them is taken at once.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

_AT_ONCE = {"cpu": 1 << 20, "cuda": 1 << 26}
"""Logits that are held: on a processor, what stays in its cache (measured: 64 rows of 12,101 take
half the time of 1,024)."""

_LEAST_ROWS = 16

_NEVER = -1e9
"""The logit of what must not count: no number that a sum of exponentials would turn into none."""


class _LogPartition(Function):
    """Sum over rows of log(exp(own) + sum of exp(logits)), see `log_partition`."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, vectors: Tensor, bias: Tensor, own: Tensor, banned: Tensor
    ) -> Tensor:
        half = torch.is_autocast_enabled(states.device.type)
        kind = torch.get_autocast_dtype(states.device.type) if half else states.dtype
        few, many = states.detach().to(kind), vectors.detach().to(kind)
        to_states, to_vectors = torch.empty_like(few), torch.zeros_like(vectors)
        totals = torch.empty_like(own)
        rows = max(_LEAST_ROWS, _AT_ONCE[states.device.type] // max(len(vectors), 1))
        logits = torch.empty(min(rows, len(states)), len(vectors), dtype=kind, device=few.device)
        shares = torch.empty_like(logits)
        for start in range(0, len(states), rows):
            part = slice(start, start + rows)
            asked, size = few[part], len(few[part])
            told, share = logits[:size], shares[:size]
            torch.addmm(bias.to(kind), asked, many.T, out=told)
            hit = (banned[part] >= 0).nonzero()[:, 0]
            told[hit, banned[part][hit]] = _NEVER
            torch.softmax(told, 1, out=share)
            rest = (told.amax(1) - share.amax(1).log()).float()
            totals[part] = torch.logaddexp(rest, own[part].detach())
            scale = (rest - totals[part]).exp().to(kind)[:, None]
            to_states[part] = (share @ many) * scale
            to_vectors += share.T @ (asked * scale)
        ctx.save_for_backward(to_states, to_vectors, (own.detach() - totals).exp())
        return totals.sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        to_states, to_vectors, to_own = ctx.saved_tensors
        return to_states * gradient, to_vectors * gradient, None, to_own * gradient, None


def log_partition(
    states: Tensor,
    vectors: Tensor,
    bias: Tensor | None = None,
    own: Tensor | None = None,
    banned: Tensor | None = None,
) -> Tensor:
    """The sum over rows of the logarithm of the sum over items of exp(logit).

    states  : (n, d); vectors : (m, d); logits are their inner products
    bias    : (m,) added to the logits of each item; no gradient
    own     : (n,) logit of a further item of each row
    banned  : (n,) int64, an item of each row that does not count; -1: none
    """
    n = len(states)
    bias = states.new_zeros(len(vectors)) if bias is None else bias
    own = states.new_full((n,), -torch.inf) if own is None else own
    banned = states.new_full((n,), -1, dtype=torch.int64) if banned is None else banned
    found: Tensor = _LogPartition.apply(states, vectors, bias, own.float(), banned)
    return found


def full_softmax(states: Tensor, vectors: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Mean cross entropy over all items, of which ``smoothing`` is spread evenly.

    target : (n,) int64, rows of ``vectors``
    """
    own = (states * functional.embedding(target, vectors)).sum()
    loss = log_partition(states, vectors) - (1 - smoothing) * own
    if smoothing:
        loss = loss - smoothing * (states @ vectors.mean(0)).sum()
    return loss / len(states)


def sampled_softmax(
    states: Tensor, positive: Tensor, drawn: Tensor, correction: Tensor, banned: Tensor
) -> Tensor:
    """Mean cross entropy over the next item and those drawn.

    positive   : (n, d) vectors of the next items
    drawn      : (m, d), of the items drawn for all rows, each once
    correction : (m,) what their logits lack, see `drawing.Drawn`
    banned     : (n,) int64, where among those drawn the next item is; -1: nowhere
    """
    own = (states * positive).sum(1)
    return (log_partition(states, drawn, correction, own, banned) - own.sum()) / len(states)


def calibrated_log_loss(
    states: Tensor, positive: Tensor, drawn: Tensor, banned: Tensor, beta: float
) -> Tensor:
    """gBCE: the next item's probability to the power ``beta``, and the others' of those drawn."""
    own = (states * positive).sum(1)
    logits = states @ drawn.T  # (n, m)
    hit = (banned >= 0).nonzero()[:, 0]
    free = torch.ones_like(logits)
    free[hit, banned[hit]] = 0
    wrong = (functional.softplus(logits) * free).sum()
    return (beta * functional.softplus(-own).sum() + wrong) / len(states)


def gbce_beta(negatives: int, n_items: int, calibration: float) -> float:
    """gSASRec's beta of its t (equation 10)."""
    share = min(1.0, negatives / max(n_items - 1, 1))
    return share * (calibration * (1 - 1 / share) + 1 / share)


class ActionHead(nn.Module):
    """What will be done with an item, if it comes next: logits over kinds of events."""

    def __init__(self, width: int, n_kinds: int) -> None:
        super().__init__()
        self.state = nn.Linear(width, width)
        self.item = nn.Linear(width, width, bias=False)
        self.kind = nn.Linear(width, n_kinds)

    def forward(self, states: Tensor, items: Tensor) -> Tensor:
        hidden = functional.silu(self.state(states) + self.item(items))
        found: Tensor = self.kind(hidden)
        return found
