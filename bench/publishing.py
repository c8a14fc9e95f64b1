"""Releases that are sealed and published one after the other, by a process that may be killed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mercato.core.paths import ShopPaths
from mercato.data.releases import MANIFEST, ReleaseStore, link_tree, read_manifest

PAUSE_SECONDS = 0.05
KEPT = 3


def publish_again_and_again(shop: Path) -> None:
    """Copies of the current release; of older ones the newest few stay."""
    store = ReleaseStore(ShopPaths(shop).releases)
    while True:
        current = store.require_current()
        with store.draft() as draft:
            link_tree(store.folder(current), draft, leave=MANIFEST)
            store.publish(store.seal(draft, read_manifest(store.folder(current))))
        for number in store.numbers()[:-KEPT]:
            store.remove(number)
        time.sleep(PAUSE_SECONDS)


@contextmanager
def publishing(shop: Path) -> Iterator[None]:
    """A process of its own publishes meanwhile; it is killed in the middle of it."""
    command = [sys.executable, "-m", "bench.publishing", str(shop)]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    publish_again_and_again(Path(sys.argv[1]))
