"""What is saved is mapped back, not read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.models.saving import Saved


@dataclass(frozen=True)
class Thing(Saved):
    size: int
    share: float
    values: NDArray[np.float32]


def test_back_again(tmp_path: Path) -> None:
    Thing(3, 0.1, np.arange(3, dtype=np.float32)).save(tmp_path / "new" / "thing")
    found = Thing.load(tmp_path / "new" / "thing")
    assert (found.size, found.share) == (3, 0.1)
    assert found.values.tolist() == [0, 1, 2]
    assert type(found.values) is np.ndarray
    assert not found.values.flags.writeable


@dataclass(frozen=True)
class Whole(Saved):
    name: str
    thing: Thing


def test_what_is_saved_may_hold_what_is_saved(tmp_path: Path) -> None:
    Whole("both", Thing(3, 0.1, np.arange(3, dtype=np.float32))).save(tmp_path)
    found = Whole.load(tmp_path)
    assert found.name == "both"
    assert found.thing.values.tolist() == [0, 1, 2]
    (tmp_path / "thing" / "values.npy").unlink()
    with pytest.raises(NotReady, match="values.npy"):
        Whole.load(tmp_path)
