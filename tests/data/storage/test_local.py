"""Folders on this machine."""

import shutil
from pathlib import Path

import pytest

from mercato.data.storage.local import LocalStorage


def test_a_kill_leaves_no_half_of_a_folder_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalStorage(tmp_path)

    def killed(folder: Path, **how: bool) -> None:
        if folder.exists():
            next(folder.iterdir()).unlink()
            raise KeyboardInterrupt

    for name in ("7", "8"):
        (tmp_path / name).mkdir()
        for file in ("a", "b"):
            (tmp_path / name / file).touch()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            storage.drop("7")
    assert not (tmp_path / "7").exists()
    storage.sweep()
    assert [each.name for each in tmp_path.iterdir()] == ["8"]
