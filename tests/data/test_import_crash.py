"""An import that is killed leaves the version before it, or the version after it, whole."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.core.settings import Settings
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore

ROWS = 12_000

_WORK = """
import sys
from pathlib import Path
from mercato.core.settings import Settings
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore
print("ready", flush=True)
sys.stdin.readline()
store = AssetStore(Path(sys.argv[1]))
import_items(store, [Path(sys.argv[2])], full=True, settings=Settings())
print("items", flush=True)
import_events(store, [Path(sys.argv[3])], settings=Settings())
print("done", flush=True)
"""


@pytest.fixture
def feeds(write_csv: Callable[..., Path]) -> dict[str, tuple[Path, Path]]:
    """Two states of a shop: items and events."""
    made = {}
    for name, rows in (("old", 500), ("new", ROWS)):
        items = [[f"i{n}", f"{name} title {n}", "1.00"] for n in range(rows)]
        events = [
            [f"{name}{n}", 0, 1_777_000_000 + n, "purchase", "u", f"i{n}"] for n in range(rows)
        ]
        header = ["event_id", "line", "ts", "event", "user_id", "item_id"]
        made[name] = (
            write_csv(f"{name}-items.csv", ["id", "title", "price"], *items),
            write_csv(f"{name}-events.csv", header, *events),
        )
    return made


def state(store: AssetStore) -> tuple[int, set[str], int]:
    """Items, the words that their titles begin with, events."""
    titles = store.read("items")["title"].to_pylist()
    return len(titles), {title.split()[0] for title in titles}, store.read("events").num_rows


OLD = (500, {"old"}, 500)
BETWEEN = (ROWS, {"new"}, 500)
NEW = (ROWS, {"new"}, ROWS + 500)


def kill_imports(root: Path, feeds: dict[str, tuple[Path, Path]], kills: int) -> list[object]:
    """Kill so many imports, each at a random moment of its work; what was found after each."""
    chance = random.Random(7)
    found: list[object] = []
    longest = 1.0
    for number in range(kills):
        folder = root / str(number)
        store = AssetStore(folder)
        import_items(store, [feeds["old"][0]], settings=Settings())
        import_events(store, [feeds["old"][1]], settings=Settings())
        arguments = [str(folder), *map(str, feeds["new"])]
        with subprocess.Popen(
            [sys.executable, "-c", _WORK, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdin and process.stdout
            process.stdout.readline()
            process.stdin.write(b"go\n")
            process.stdin.flush()
            start = time.monotonic()
            if number == 0:  # the first one may end, to know how long the work takes
                assert process.wait(120) == 0
                longest = time.monotonic() - start
            else:
                time.sleep(chance.uniform(0, longest))
                process.kill()
        found.append(state(store))
        import_items(store, [feeds["new"][0]], full=True, settings=Settings())
        import_events(store, [feeds["new"][1]], settings=Settings())
        assert state(store) == NEW  # what the killed one left does not hinder the next
        assert not [left for left in (folder / ".staging").iterdir() if left.is_dir()]
    return found


def test_killed_imports_leave_whole_versions(
    tmp_path: Path, feeds: dict[str, tuple[Path, Path]]
) -> None:
    found = kill_imports(tmp_path / "shops", feeds, kills=4)
    assert found[0] == NEW
    assert all(each in (OLD, BETWEEN, NEW) for each in found)
    assert any(each != NEW for each in found)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_killed_imports_leave_whole_versions(
    tmp_path: Path, feeds: dict[str, tuple[Path, Path]]
) -> None:
    found = kill_imports(tmp_path / "shops", feeds, kills=200)
    assert all(each in (OLD, BETWEEN, NEW) for each in found)
    assert OLD in found and BETWEEN in found
