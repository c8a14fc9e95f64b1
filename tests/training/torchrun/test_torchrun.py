"""A network learned by processes that torchrun starts."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mercato.core.errors import BadInput, NotReady
from mercato.core.history import Interactions
from mercato.core.progress import Silent
from mercato.core.searches import SEARCH_ARRAYS, Searches
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.model import LightGcn
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Inputs, Shape
from mercato.training.torchrun.job import FITTED, Job
from mercato.training.torchrun.starting import Torchrun

ITEMS, AS_OF = 300, 10**18
NO_DROPOUT = ShopperTransformer(
    shape=Shape(width=16, longest=16, dropout=0.0),
    inputs=Inputs(content=True, searches=True, channel=True, forgotten=0.0),
    examples=Examples(batch=512),
    learning=Learning(passes=12, checks=2, shards=4, spread=True, save_seconds=0.1),
)


def searched(ends: np.ndarray) -> Searches:
    """Each shopper of a log, whose events end there, searched between the last two of them."""
    n = len(ends)
    random = np.random.default_rng(1)
    return Searches(
        np.arange(n + 1),
        (ends - 1) * 10**9 - 5 * 10**8,
        random.integers(0, 20, n).astype(np.int32),
        random.integers(0, 4, n).astype(np.int16),
        np.arange(20),
        random.normal(size=(20, 6)).astype(np.float32),
    )


@pytest.fixture
def job() -> Job:
    random = np.random.default_rng(0)
    lengths = random.integers(3, 40, 400)
    n = int(lengths.sum())
    log = Interactions(
        np.concatenate(([0], np.cumsum(lengths))),
        random.integers(0, ITEMS, n).astype(np.int32),
        np.arange(n) * 10**9,
        np.full(n, 6, np.int8),
        np.ones(n, np.float32),
        ITEMS,
        random.integers(0, 4, n).astype(np.int16),
        searched(np.cumsum(lengths)),
    )
    told = ItemContent(
        random.normal(size=(ITEMS, 6)).astype(np.float32),
        random.integers(0, 5, (ITEMS, 1)),
        np.array([5]),
    )
    return Job(NO_DROPOUT, log, AS_OF, told)


class Following:
    """A step that calls at each progress."""

    def __init__(self, call: Callable[[int], None] = lambda _: None) -> None:
        self.done, self.notes, self._call = 0, [""], call

    def advance(self, amount: int = 1) -> None:
        self.done += amount
        self._call(self.done)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize("model", [NO_DROPOUT, LightGcn()])
def test_what_is_to_be_learned_lies_on_disk(
    job: Job, model: ShopperTransformer | LightGcn, tmp_path: Path
) -> None:
    replace(job, model=model).save(tmp_path)
    found = Job.open(tmp_path)
    assert (found.model, found.as_of, found.log.n_items) == (model, AS_OF, ITEMS)
    for name in ("offsets", "item", "ts", "event", "quantity", "channel"):
        assert np.array_equal(getattr(found.log, name), getattr(job.log, name))
    assert found.log.searches is not None and job.log.searches is not None
    for name in SEARCH_ARRAYS:
        assert np.array_equal(getattr(found.log.searches, name), getattr(job.log.searches, name))
    assert np.array_equal(found.told.vectors, job.told.vectors)
    assert np.array_equal(found.told.shared, job.told.shared)


def members_say(tmp_path: Path, *lines: str, ended: int = 0) -> Torchrun:
    """A torchrun of which every process says this."""
    script = tmp_path / "said.py"
    code = ["import sys", *(f"print({each!r})" for each in lines)]
    code += ["sys.stderr.write('lost')", f"sys.exit({ended})"]
    script.write_text("\n".join(code))

    class Said(Torchrun):
        def command(self, folder: Path) -> list[str]:
            return [super().command(folder)[0], str(script)]

    return Said(2)


def test_progress_is_told_once_also_behind_a_restart(job: Job, tmp_path: Path) -> None:
    step = Following()
    said = ['{"at": 3}', "of a library", "7", '{"at": 9}', '{"note": "half"}', '{"at": 4}']
    with pytest.raises(NotReady, match="ended with 0: lost"):
        members_say(tmp_path, *said, '{"at": 10}').fit(job, tmp_path / "run", step)
    assert (step.done, step.notes[-1]) == (10, "half")


def test_what_the_processes_refuse_is_refused(job: Job, tmp_path: Path) -> None:
    refused = json.dumps({"refused": ["BadInput", "a GPU", "none", "Buy one."]})
    with pytest.raises(BadInput, match=re.escape("expected a GPU; found none. Buy one.")):
        members_say(tmp_path, refused).fit(job, tmp_path / "run", Following())


def test_a_lost_training_says_where_to_read_on(job: Job, tmp_path: Path) -> None:
    (tmp_path / "run" / FITTED).mkdir(parents=True)
    with pytest.raises(NotReady, match=r"ended with 5: lost.*Read .*torchrun.log"):
        members_say(tmp_path, ended=5).fit(job, tmp_path / "run", Following())


def test_a_training_waits_for_one_that_still_runs_in_its_folder(job: Job, tmp_path: Path) -> None:
    """As one whose build was killed: it has the lock for as long as it runs."""
    folder = tmp_path / "run"
    folder.mkdir()
    holding = "import time; time.sleep(0.5); open('ended', 'w')"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        older = subprocess.Popen(
            [sys.executable, "-c", holding], cwd=tmp_path, pass_fds=(lock.fileno(),)
        )
    with pytest.raises(NotReady, match="ended with 5"):
        members_say(tmp_path, ended=5).fit(job, folder, Following())
    assert (tmp_path / "ended").exists()
    assert older.wait() == 0


def test_machines_meet_by_torchruns_own_arguments(tmp_path: Path) -> None:
    alone, met = Torchrun(2), Torchrun(4, ("--nnodes=2", "--rdzv-endpoint=10.0.0.5:29400"))
    assert "--standalone" in alone.command(tmp_path)
    assert "--nproc-per-node=4" in met.command(tmp_path)
    assert "--nnodes=2" in met.command(tmp_path)
    assert "--standalone" not in met.command(tmp_path)


def kill_one(folder: Path) -> None:
    """The second process that learns in a folder."""
    for each in Path("/proc").glob("[0-9]*"):
        try:
            command = (each / "cmdline").read_bytes().decode().split("\0")
            environment = (each / "environ").read_bytes().decode().split("\0")
        except OSError:
            continue
        if str(folder) in command and "RANK=1" in environment:
            os.kill(int(each.name), signal.SIGKILL)
            return
    pytest.fail("no second process")


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_process_killed_halfway_changes_nothing(job: Job, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with Silent().step("learn") as silent:
        expected = job.fit(silent)
    folder = tmp_path / "run"
    kills: list[int] = []
    folder.mkdir()
    resumed = job.model.resumed(str(folder / "checkpoint"))

    def halfway(done: int) -> None:
        if done > 400 and not kills and (folder / "checkpoint").is_file():
            kills.append(done)
            kill_one(folder)

    step = Following(halfway)
    found = Torchrun(2).fit(replace(job, model=resumed), folder, step)
    assert isinstance(expected, FittedShopperTransformer)
    assert isinstance(found, FittedShopperTransformer)
    assert kills
    assert step.done == 1_000
    np.testing.assert_allclose(found.outcome.losses, expected.outcome.losses, atol=1e-4)
    np.testing.assert_allclose(found.score(job.log), expected.score(job.log), atol=2e-2)
    assert "exitcode" in (folder / "torchrun.log").read_text()
