"""A state that begins anew beside assets that do not: nothing of it is taken for drained."""

from pathlib import Path

import pytest

from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.operating.numbering import number_on
from mercato.state import EventRow, State


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_new_database_goes_on_where_the_asset_is(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store = AssetStore(tmp_path / "assets")
    old = State.open("sqlite:///old.db", tmp_path)
    old.events.append([EventRow(f"old-{n}", 0, n, "view_item") for n in range(5)]).result(30)
    assert drain(old, store).added == 5
    old.close()
    is_sqlite = kind == "sqlite"
    url = "sqlite:///new.db" if is_sqlite else request.getfixturevalue("postgres_url")
    new = State.open(url, tmp_path)
    for _ in range(2):
        number_on(new, store)
    new.events.append([EventRow(f"new-{n}", 0, n, "view_item") for n in range(3)]).result(30)
    assert new.events.after(0, 10).last == 8
    assert drain(new, store).added == 3
    new.close()
