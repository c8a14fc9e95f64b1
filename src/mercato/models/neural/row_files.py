"""A training of several processes on disk: one checkpoint, and beside it, for each process that
holds rows of large tables, a file of these. Any number of processes goes on from them. Needs torch.
"""

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from torch import Tensor, cat

from mercato.models.neural.checkpoint import (
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
    save_tensors,
)
from mercato.models.neural.processes import Processes
from mercato.models.neural.shards import RowsHeld

Held = Mapping[str, RowsHeld]
"""By name of a parameter, which rows of it this process has."""

_FILES = "row files"


def save_training(
    path: Path, found: Checkpoint, fingerprint: str, held: Held, members: Processes
) -> None:
    """See `save_checkpoint`; to be called by all processes, with the same ``about``."""
    apart = {
        name: each
        for name, each in found.tensors.items()
        if (rows := _rows(name, held)) is not None and rows.some
    }
    names: list[str] = []
    if apart:
        moment = f"{found.about['examples']}-{len(found.about['worths'])}"
        names = [f"{path.name}.rows-{moment}-{n}-of-{members.count}" for n in range(members.count)]
        firsts = {name: str(_held(name, held).first) for name in apart}
        save_tensors(path.with_name(names[members.number]), apart, firsts)
    members.wait()
    if members.first:
        shared = {name: each for name, each in found.tensors.items() if name not in apart}
        about = {**found.about, _FILES: names}
        save_checkpoint(path, Checkpoint(shared, about), fingerprint)
        for older in path.parent.glob(f"{path.name}.rows-*"):
            if older.name not in names:
                older.unlink()
    members.wait()


def load_training(path: Path, fingerprint: str, held: Held) -> Checkpoint | None:
    """See `load_checkpoint`; of large tables, the rows that this process is to hold."""
    found = load_checkpoint(path, fingerprint)
    if found is None:
        return None
    tensors = dict(found.tensors)
    for name, each in tensors.items():
        rows = _rows(name, held)
        if rows is not None:
            tensors[name] = each[rows.first : rows.last]
    about = dict(found.about)
    parts: dict[str, list[Tensor]] = {}
    for file in about.pop(_FILES, ()):
        _read(path.with_name(file), held, parts)
    return Checkpoint(tensors | {name: cat(each) for name, each in parts.items()}, about)


def _read(path: Path, held: Held, parts: dict[str, list[Tensor]]) -> None:
    """Add to ``parts`` the rows that a file has of what is held."""
    with safe_open(path, "pt") as file:
        for name, first in (file.metadata() or {}).items():
            rows, own, start = file.get_slice(name), _held(name, held), int(first)
            begin = min(max(own.first - start, 0), rows.get_shape()[0])
            end = max(own.last - start, begin)
            parts.setdefault(name, []).append(rows[begin:end])


def _held(name: str, held: Held) -> RowsHeld:
    found = _rows(name, held)
    assert found is not None
    return found


def _rows(name: str, held: Held) -> RowsHeld | None:
    """Of a parameter, its mean or its moments; None of what all processes have."""
    # An optimiser's count of steps is one number for the whole table.
    if "/step/" in name:
        return None
    return next((rows for of, rows in held.items() if name.endswith(f"/{of}")), None)
