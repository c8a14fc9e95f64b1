"""Derives every asset of a shop anew and tells how long each took: a process of `bench.scale`."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mercato.core.progress import Silent, Step
from mercato.core.settings import DataSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive_versions
from mercato.data.store import AssetStore

DERIVED = tuple(name for name, asset in ASSETS.items() if asset.build)


class Timed(Silent):
    """Remembers the seconds of each step by its last word."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Step]:
        begun = time.perf_counter()
        with super().step(name, total) as step:
            yield step
        self.seconds[name.split()[-1]] = round(time.perf_counter() - begun, 2)
        print(name, self.seconds[name.split()[-1]], file=sys.stderr, flush=True)


def main(shop: Path, engine: str, memory_mb: int, spark_url: str) -> None:
    for name in DERIVED:
        shutil.rmtree(shop / "assets" / name, ignore_errors=True)
    data = DataSettings(engine=engine, memory_mb=memory_mb, spark_url=spark_url)
    timed = Timed()
    settings = replace(Settings(), data=data)
    derive_versions(AssetStore(shop / "assets"), DERIVED, settings=settings, progress=timed)
    print(json.dumps(timed.seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
