"""A training on disk: one file, replaced at once. Tensors as safetensors, the rest as JSON."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mercato.core.errors import BadInput

_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """tensors : by name
    about   : numbers, texts and lists of them
    """

    tensors: Mapping[str, Tensor]
    about: Mapping[str, Any]

    def of(self, part: str) -> dict[str, Tensor]:
        """The tensors whose names begin with ``part/``, by the rest of their names."""
        start = f"{part}/"
        return {
            name.removeprefix(start): each
            for name, each in self.tensors.items()
            if name.startswith(start)
        }


def save_checkpoint(path: Path, found: Checkpoint, fingerprint: str) -> None:
    """Write it so that a kill at any moment leaves the last one or this one.

    fingerprint : of what is trained on what, see `load_checkpoint`
    """
    about = {"format": _FORMAT, "fingerprint": fingerprint, "about": dict(found.about)}
    save_tensors(path, found.tensors, {"mercato": json.dumps(about)})


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: dict[str, str]) -> None:
    """Replace a file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    save_file(
        {name: each.detach().contiguous() for name, each in tensors.items()}, unfinished, about
    )
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)


def load_checkpoint(path: Path, fingerprint: str | None) -> Checkpoint | None:
    """None where there is no file.

    fingerprint : None takes those of any training

    Raises BadInput where it is of another training, or no checkpoint.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})["mercato"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise BadInput(f"a checkpoint in {path}", str(error), _REMEDY) from None
    wanted = about["fingerprint"] if fingerprint is None else fingerprint
    if (about["format"], about["fingerprint"]) != (_FORMAT, wanted):
        raise BadInput(
            f"the checkpoint of this training in {path}",
            "one of other settings or other data",
            _REMEDY,
        )
    return Checkpoint(tensors, about["about"])


_REMEDY = "Delete it to begin anew, or name another file."
