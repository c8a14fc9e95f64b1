"""What several processes are to learn, on disk: each maps the log, and reads its own part."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.core.searches import SEARCH_ARRAYS, Searches
from mercato.models.base import FittedModel
from mercato.models.neural.light_gcn.model import LightGcn
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.model import ShopperTransformer

Learnable = LightGcn | ShopperTransformer

_KINDS: dict[str, type[Learnable]] = {
    kind.__name__: kind for kind in (LightGcn, ShopperTransformer)
}
_LOG = ("offsets", "item", "ts", "event", "quantity")
_TOLD = ("vectors", "codes", "sizes")
_ABOUT = "job.json"

_SEARCHES, _CHANNEL = "searches", "channel"

JOB, FITTED = "job", "fitted"
"""Folders of what is to be learned and of what was."""


@dataclass(frozen=True)
class Job:
    """
    log  : whole, of all shoppers
    told : of all its items
    """

    model: Learnable
    log: Interactions
    as_of: int
    told: ItemContent

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _LOG:
            np.save(folder / f"{name}.npy", getattr(self.log, name))
        for name in _TOLD:
            np.save(folder / f"{name}.npy", getattr(self.told, name))
        if self.log.channel is not None:
            np.save(folder / f"{_CHANNEL}.npy", self.log.channel)
        if self.log.searches is not None:
            asked = folder / _SEARCHES
            asked.mkdir(exist_ok=True)
            for name in SEARCH_ARRAYS:
                np.save(asked / f"{name}.npy", getattr(self.log.searches, name))
        kind = type(self.model)
        about = {
            "kind": kind.__name__,
            "model": TypeAdapter(kind).dump_python(self.model, mode="json"),
            "as_of": self.as_of,
            "n_items": self.log.n_items,
        }
        (folder / _ABOUT).write_text(json.dumps(about))

    @classmethod
    def open(cls, folder: Path) -> "Job":
        """Arrays are memory-mapped."""
        about = json.loads((folder / _ABOUT).read_text())
        model = TypeAdapter(_KINDS[about["kind"]]).validate_python(about["model"])
        arrays: dict[str, Any] = {name: _mapped(folder, name) for name in _LOG}
        if (folder / f"{_CHANNEL}.npy").is_file():
            arrays[_CHANNEL] = _mapped(folder, _CHANNEL)
        searches = _searches(folder / _SEARCHES)
        log = Interactions(**arrays, n_items=about["n_items"], searches=searches)
        told = ItemContent(*(_mapped(folder, name) for name in _TOLD))
        return cls(model, log, about["as_of"], told)

    def fit(self, step: Step) -> FittedModel:
        """Learn, with the other processes where there are any."""
        if isinstance(self.model, LightGcn):
            return self.model.fit(self.log, self.as_of, step)
        return self.model.fit(self.log, self.as_of, step, self.told)


def _searches(folder: Path) -> Searches | None:
    if not folder.is_dir():
        return None
    return Searches(*(_mapped(folder, name) for name in SEARCH_ARRAYS))


def _mapped(folder: Path, name: str) -> NDArray[Any]:
    """Torch takes only what may be written; what would be, is the process's own copy."""
    found: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="c", allow_pickle=False)
    return np.asarray(found)
