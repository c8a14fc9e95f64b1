"""A bucket at the end of a wire that is cut; processes that are killed: nothing half is seen."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import obstore
import pyarrow as pa
import pytest
from obstore.store import S3Store

from bench.buckets import Buckets, buckets
from bench.wire import Wire
from mercato.core.errors import BadInput, ChecksFailed, NotReady
from mercato.core.paths import Bucket
from mercato.data.releases import ReleaseStore
from mercato.data.storage import client, objects
from mercato.data.storage.choosing import storage_of
from mercato.data.storage.protocol import Away
from mercato.data.store import AssetStore, Conflict


def rows(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64())})


def held_in(bucket: Bucket) -> list[str]:
    """Everything that lies in the bucket, as another client sees it."""
    name, _, prefix = bucket.url.removeprefix("s3://").partition("/")
    plain = S3Store(name, prefix=prefix, client_options={"allow_http": True})
    return sorted(each["path"] for page in obstore.list(plain) for each in page)


Seal = Callable[..., int]

_SEAL = """
import sys
from pathlib import Path
from mercato.core.paths import Bucket
from mercato.data.releases import Manifest, ReleaseStore
store = ReleaseStore(Bucket(sys.argv[1], Path(sys.argv[2])))
with store.draft() as draft:
    (draft / "models").mkdir()
    for number in range(400):
        (draft / "models" / f"{number}.npy").write_text("x")
    store.seal(draft, Manifest("2024-01-02", 1, None, 0, 0, {}, {}, {}))
"""


def test_who_is_killed_while_uploading_leaves_no_release_and_in_the_end_nothing(
    sealed: Seal, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ReleaseStore(bucket)
    store.publish(sealed(store, "a"))
    command = [sys.executable, "-c", _SEAL, bucket.url, str(bucket.cache.parent / "other")]
    with subprocess.Popen(command) as child:
        while not any(name.startswith("2/models") for name in held_in(bucket)):
            assert child.poll() is None
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
    assert "2/manifest.json" not in held_in(bucket)
    assert (store.numbers(), store.current()) == ([1], 1)
    assert sealed(store, "b") == 3  # the name stays taken: somebody may still be at it
    monkeypatch.setattr(objects, "_ABANDONED_SECONDS", -1)
    assert sealed(store, "c") == 4
    assert not any(name.startswith("2/") for name in held_in(bucket))
    assert store.numbers() == [1, 3, 4]


def test_an_upload_that_fails_leaves_nothing(
    sealed: Seal, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ReleaseStore(bucket)
    upload, seen = client.Client.upload, list[str]()

    def interrupted(self: client.Client, path: Path, key: str) -> None:
        seen.append(key)
        if len(seen) == 3:
            raise KeyboardInterrupt
        upload(self, path, key)

    monkeypatch.setattr(client.Client, "upload", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sealed(store, "a", files=4)
    assert (held_in(bucket), store.numbers()) == ([], [])
    assert [each.name for each in bucket.cache.iterdir() if "draft" in each.name] == []


@pytest.mark.parametrize("part", [b"PUT /shops", b"models/2.npy"])
def test_a_cut_connection_is_made_good_while_uploading(
    sealed: Seal, wired_bucket: Bucket, bucket_wire: Wire, part: bytes
) -> None:
    store = ReleaseStore(wired_bucket)
    bucket_wire.cut_after = part
    number = sealed(store, "whole", files=3)
    assert bucket_wire.cuts == 1
    store.publish(number)
    assert store.current() == 1


def test_a_cut_connection_is_made_good_while_fetching(
    sealed: Seal, bucket: Bucket, wired_bucket: Bucket, bucket_wire: Wire
) -> None:
    sealed(ReleaseStore(bucket), "whole", files=3)
    bucket_wire.cut_after = b"models/1.npy"
    folder = ReleaseStore(wired_bucket).folder(1)
    assert bucket_wire.cuts == 1
    assert [(folder / "models" / f"{n}.npy").read_text() for n in range(3)] == ["whole"] * 3


def test_large_files_go_and_come_part_by_part_over_cut_connections(
    bucket: Bucket, wired_bucket: Bucket, bucket_wire: Wire, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(os.urandom(9 << 20))  # parts have 8 MiB
    there = storage_of(wired_bucket).client
    bucket_wire.cut_after = b"partNumber=2"
    there.upload(large, "large")
    assert held_in(bucket) == ["large"]
    bucket_wire.cut_after = b"range: bytes=8388608-"
    sha256 = there.download("large", tmp_path / "copy")
    assert bucket_wire.cuts == 2
    assert sha256 == hashlib.sha256(large.read_bytes()).hexdigest()
    assert (tmp_path / "copy").read_bytes() == large.read_bytes()


def test_the_pointer_is_swapped_once_though_its_answer_is_lost(
    sealed: Seal, bucket: Bucket, wired_bucket: Bucket, bucket_wire: Wire
) -> None:
    store = ReleaseStore(wired_bucket)
    for text in "ab":
        sealed(store, text)
    for number in (1, 2):
        bucket_wire.cut_after = b"PUT /shops/" + wired_bucket.url[11:].encode() + b"/current"
        store.publish(number)
        assert store.current() == number
    assert bucket_wire.cuts == 2


def test_a_commit_whose_answer_is_lost_counts_once(wired_bucket: Bucket, bucket_wire: Wire) -> None:
    store = AssetStore(wired_bucket)
    store.commit("events", rows(1), mode="append", transaction=("drain", 1))
    bucket_wire.cut_after = b"/events/_delta_log/" + b"%020d.json" % 1
    try:
        store.commit("events", rows(2), mode="append", transaction=("drain", 2))
    except Conflict:
        pass  # it is told so, looks up what the log says of it, and sees that it was its own
    assert bucket_wire.cuts == 1
    assert store.transaction("events", "drain") == 2
    assert sorted(store.read("events")["n"].to_pylist()) == [1, 2]


def test_what_was_changed_in_the_bucket_is_never_opened(sealed: Seal, bucket: Bucket) -> None:
    store = ReleaseStore(bucket)
    number = sealed(store, "one")
    other = ReleaseStore(Bucket(bucket.url, bucket.cache.parent / "other"))
    other.storage.remove(str(number), ["models/0.npy"])
    store.storage.swap(f"{number}/models/0.npy", "two", None)
    with pytest.raises(ChecksFailed, match=r"models/0\.npy"):
        other.folder(number)
    assert list((bucket.cache.parent / "other").rglob("*.npy")) == []


def test_a_copy_that_was_damaged_is_fetched_again_and_a_dropped_one_goes(
    sealed: Seal, bucket: Bucket
) -> None:
    store = ReleaseStore(bucket)
    number = sealed(store, "one")
    other = ReleaseStore(Bucket(bucket.url, bucket.cache.parent / "other"))
    copy = other.folder(number)
    inode = (copy / "models" / "0.npy").stat().st_ino
    assert other.folder(number) == copy
    assert (copy / "models" / "0.npy").stat().st_ino == inode  # nothing was fetched
    (copy / "models" / "0.npy").write_text("eno")
    assert (other.folder(number) / "models" / "0.npy").read_text() == "one"
    store.remove(number)
    other.storage.sweep()
    assert not copy.exists()


def test_what_is_deleted_elsewhere_goes_from_copies_too(bucket: Bucket) -> None:
    here = AssetStore(bucket)
    other = AssetStore(Bucket(bucket.url, bucket.cache.parent / "other"))
    for number in range(2):
        here.commit("things", rows(number))
    old = [Path(file) for file in other.files("things", 0)]
    new = [Path(file) for file in other.files("things", 1)]
    here.storage.remove("things", [path.name for path in old])
    other.storage.sweep()
    assert [path.exists() for path in (*old, *new)] == [False, True]


def test_a_number_that_is_given_again_means_the_new_release(sealed: Seal, bucket: Bucket) -> None:
    store = ReleaseStore(bucket)
    other = ReleaseStore(Bucket(bucket.url, bucket.cache.parent / "other"))
    assert sealed(store, "one") == 1
    assert (other.folder(1) / "models" / "0.npy").read_text() == "one"
    store.remove(1)
    assert sealed(store, "two") == 1
    assert (other.folder(1) / "models" / "0.npy").read_text() == "two"


def test_what_is_not_there_is_said_in_time(
    bucket: Bucket,
    wired_bucket: Bucket,
    bucket_wire: Wire,
    told_of: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "REQUEST_SECONDS", 1)
    silent = Bucket(wired_bucket.url + "/silent", wired_bucket.cache)
    bucket_wire.stopped.set()
    begun = time.monotonic()
    with pytest.raises(Away, match="that answers at http://127.0.0.1"):
        ReleaseStore(silent).current()
    with pytest.raises(Away, match="no answer"):
        AssetStore(silent).version("items")
    assert time.monotonic() - begun < 40  # else 30 seconds each
    bucket_wire.stopped.clear()
    told_of(9)  # the port "discard": nobody listens
    closed = Bucket(bucket.url + "/closed", bucket.cache)
    for ask in (ReleaseStore(closed).current, AssetStore(closed).names):
        with pytest.raises(Away, match="http://127.0.0.1:9; found no answer.*AWS_ENDPOINT_URL"):
            ask()


def test_a_bucket_that_is_not_there_is_named(told_of: object, tmp_path: Path) -> None:
    nowhere = Bucket("s3://nowhere/shop", tmp_path / "cache")
    for ask in (
        ReleaseStore(nowhere).current,
        ReleaseStore(nowhere).numbers,
        AssetStore(nowhere).names,
        lambda: AssetStore(nowhere).version("items"),
        lambda: AssetStore(nowhere).commit("items", rows(1)),
        storage_of(nowhere).check,
    ):
        with pytest.raises(Away, match="bucket nowhere.*no such bucket. Make it"):
            ask()


def test_wrong_credentials_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with buckets(INITIAL_NO_AUTH_ACTION_COUNT="1") as strict:
        strict.make("shops")
        for name, value in strict.environment().items():
            monkeypatch.setenv(name, value)
        shut = Bucket("s3://shops/shut", tmp_path / "cache")
        for ask in (
            ReleaseStore(shut).current,
            lambda: AssetStore(shut).version("items"),
            storage_of(shut).check,
        ):
            with pytest.raises(Away, match="credentials.*InvalidAccessKeyId.*AWS_ACCESS_KEY_ID"):
                ask()


def test_an_address_that_is_none_and_a_client_that_is_not_installed(
    bucket_server: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("s3://bucket", "gs://bucket/shop", "s3://Bad/shop"):
        with pytest.raises(BadInput, match="s3://bucket/prefix"):
            storage_of(Bucket(url, tmp_path))
    monkeypatch.setattr(objects.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotReady, match="pip install 'mercato\\[s3\\]'"):
        storage_of(Bucket("s3://bucket/shop", tmp_path))


def test_a_store_that_overwrites_is_refused(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage_of(bucket).check()
    assert held_in(bucket) == []
    put = obstore.put

    def without_conditions(*given: object, **told: object) -> object:
        return put(*given, **told | {"mode": "overwrite"})  # type: ignore[arg-type]

    monkeypatch.setattr(client.obstore, "put", without_conditions)
    with pytest.raises(NotReady, match="If-None-Match"):
        storage_of(bucket).check()
    assert held_in(bucket) == []
