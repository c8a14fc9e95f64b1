"""AdamW over a network's parameters, with a running mean of them. Needs torch."""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mercato.models.neural.learning import Learning
from mercato.models.neural.processes import Processes

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Optimiser:
    """Tensors have the names of the network's parameters.

    apart : names of those of which each process has other rows
    """

    def __init__(
        self,
        network: nn.Module,
        learning: Learning,
        members: Processes,
        apart: Set[str] = frozenset(),
    ) -> None:
        self.learning, self.members, self.apart = learning, members, apart
        self.network = network
        self.parameters = {
            name: each for name, each in network.named_parameters() if each.requires_grad
        }
        matrices = [each for each in self.parameters.values() if each.ndim > 1]
        vectors = [each for each in self.parameters.values() if each.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": learning.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        self.adam = torch.optim.AdamW(
            groups, learning.learning_rate, betas=(0.9, learning.beta), fused=True
        )
        self.mean = (
            {name: each.detach().clone() for name, each in self.parameters.items()}
            if learning.average
            else {}
        )
        self.steps = 0

    def step(self, rate: float, beside: Tensor) -> Tensor:
        """Take one by the gradients of all processes, and forget them.

        beside : (n,) what is to be summed over the processes on the way; so it comes back
        """
        shared = [each for name, each in self.parameters.items() if name not in self.apart]
        found = self.members.sum_gradients(shared, beside)
        if self.learning.clip:
            norm = self._norm(shared)
            nn.utils.clip_grads_with_norm_(list(self.parameters.values()), self.learning.clip, norm)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        self.adam.zero_grad()
        self.steps += 1
        if self.mean:
            # The first steps count less, as they stand far from the end.
            decay = min(self.learning.average, (1 + self.steps) / (10 + self.steps))
            means = list(self.mean.values())
            now = [each.detach() for each in self.parameters.values()]
            torch._foreach_lerp_(means, now, 1 - decay)
        return found

    def _norm(self, shared: list[Tensor]) -> Tensor:
        """Of the gradient of all processes."""
        norm = nn.utils.get_total_norm([each.grad for each in shared if each.grad is not None])
        if not self.apart:
            return norm
        rows = [self.parameters[name].grad for name in sorted(self.apart)]
        own = nn.utils.get_total_norm([each for each in rows if each is not None])
        return (norm.square() + self.members.sum(own.square().to(norm.device))).sqrt()

    def weights(self) -> dict[str, Tensor]:
        """The network's state, with the means where there are any."""
        with self.averaged():
            return {name: each.clone() for name, each in self.network.state_dict().items()}

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the means into the network for a while."""
        if not self.mean:
            yield
            return
        own = {name: each.detach().clone() for name, each in self.parameters.items()}
        self._put(self.mean)
        try:
            yield
        finally:
            self._put(own)

    def state(self) -> dict[str, Tensor]:
        """All that a later step depends on, but for the network."""
        found = {f"mean/{name}": each for name, each in self.mean.items()}
        found["steps"] = torch.tensor(self.steps)
        for name, each in self.parameters.items():
            for moment in _MOMENTS:
                if moment in self.adam.state.get(each, {}):
                    found[f"{moment}/{name}"] = self.adam.state[each][moment]
        return found

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Put back what ``state`` told."""
        self.steps = int(state["steps"])
        for name, each in self.parameters.items():
            if self.mean:
                self.mean[name].copy_(state[f"mean/{name}"])
            if f"step/{name}" in state:
                moments = {moment: state[f"{moment}/{name}"] for moment in _MOMENTS}
                at = {"step": torch.device("cpu")} if each.device.type == "cpu" else {}
                self.adam.state[each] = {
                    moment: value.to(at.get(moment, each.device))
                    for moment, value in moments.items()
                }

    def _put(self, values: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, each in self.parameters.items():
                each.copy_(values[name])
