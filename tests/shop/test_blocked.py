from pathlib import Path

import pytest

from mercato.core.errors import BadInput, NotFound
from mercato.core.settings import SuggestSettings
from mercato.shop.blocked import read_blocked


def test_settings_and_their_file_block_together(tmp_path: Path) -> None:
    (tmp_path / "blocked.txt").write_bytes("\ufeffKnife\n\n武器\n".encode())
    blocked = read_blocked(SuggestSettings(blocked=("gun",), blocked_file="blocked.txt"), tmp_path)
    assert blocked("KNIFE block") and blocked("玩具武器") and blocked("nail gun")
    assert not blocked("gunmetal") and not blocked("knives")
    assert not read_blocked(SuggestSettings(), tmp_path)("knife")


def test_a_file_that_is_missing_or_unreadable_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no-such\.txt.*blocked_file"):
        read_blocked(SuggestSettings(blocked_file="no-such.txt"), tmp_path)
    (tmp_path / "latin.txt").write_bytes("Säge".encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_blocked(SuggestSettings(blocked_file="latin.txt"), tmp_path)
