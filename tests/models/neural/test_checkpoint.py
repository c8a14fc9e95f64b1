"""A training on disk."""

from pathlib import Path

import pytest
import torch

from mercato.core.errors import BadInput
from mercato.models.neural.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


def test_back_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run"
    found = Checkpoint({"a/x": torch.arange(3), "b/x": torch.ones(2)}, {"losses": [0.1, 1 / 3]})
    save_checkpoint(path, found, "mine")
    loaded = load_checkpoint(path, "mine")
    assert loaded is not None
    assert loaded.about == {"losses": [0.1, 1 / 3]}
    assert {name: each.tolist() for name, each in loaded.of("a").items()} == {"x": [0, 1, 2]}
    assert [each.name for each in path.parent.iterdir()] == ["run"]


def test_none_where_there_is_no_file(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "run", "mine") is None


def test_refuses_what_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("something else altogether, and longer than eight bytes")
    with pytest.raises(BadInput, match="a checkpoint in"):
        load_checkpoint(tmp_path / "run", "mine")


def test_refuses_one_of_another(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "run", Checkpoint({"x": torch.ones(1)}, {}), "mine")
    with pytest.raises(BadInput, match="Delete it to begin anew"):
        load_checkpoint(tmp_path / "run", "yours")
