"""A training that is killed for real, again and again."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

_CODE = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from mercato.core.history import Interactions
from mercato.core.progress import Silent
from mercato.models.neural.learning import Learning
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Shape
random = np.random.default_rng(0)
lengths = random.integers(3, 30, 400)
n = int(lengths.sum())
offsets = np.concatenate(([0], np.cumsum(lengths)))
ts = np.arange(n) * 10**9
log = Interactions(offsets, random.integers(0, 200, n).astype(np.int32), ts,
                   np.full(n, 6, np.int8), np.ones(n, np.float32), 200)
learning = Learning(passes=12, checks=12, average=0.99, checkpoint=sys.argv[1], save_seconds=0.05)
model = ShopperTransformer(shape=Shape(width=32, longest=32), examples=Examples(batch=512),
                           learning=learning)
with Silent().step("fit") as step:
    fitted = model.fit(log, 10**18, step)
np.save(sys.argv[2], fitted.score(log))
"""


def command(folder: Path, name: str) -> list[str]:
    return [sys.executable, "-c", _CODE, str(folder / f"{name}.run"), str(folder / f"{name}.npy")]


@pytest.mark.soak
def test_killed_ten_times_at_random_it_comes_to_the_same(tmp_path: Path) -> None:
    begun = time.monotonic()
    subprocess.run(command(tmp_path, "whole"), check=True)
    whole = time.monotonic() - begun
    random = np.random.default_rng()
    kills = 0
    while kills < 10:
        with subprocess.Popen(command(tmp_path, "killed")) as process:
            try:
                process.wait(random.uniform(0, whole))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            else:
                # It was done before the ten kills were: begin anew, and go on killing.
                (tmp_path / "killed.run").unlink()
    subprocess.run(command(tmp_path, "killed"), check=True)
    found = np.load(tmp_path / "killed.npy")
    assert np.array_equal(found, np.load(tmp_path / "whole.npy"))
