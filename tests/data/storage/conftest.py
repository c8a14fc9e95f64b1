"""A folder and a bucket, and a way to the bucket that can be cut."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.wire import Wire
from mercato.core.paths import Bucket, Location
from mercato.data.releases import Manifest, ReleaseStore

PLACE = "s3://shops"


@pytest.fixture
def bucket(told_of: Callable[[int], None], tmp_path: Path) -> Bucket:
    """A prefix of the test's own."""
    return Bucket(f"{PLACE}/{tmp_path.name}", tmp_path / "shop" / "cache" / "files")


@pytest.fixture
def wired_bucket(bucket: Bucket, told_of: Callable[[int], None], bucket_wire: Wire) -> Bucket:
    """The same, at the other end of the wire, from another host."""
    told_of(bucket_wire.port)
    return Bucket(bucket.url, bucket.cache.parent / "wired")


@pytest.fixture(params=["folder", "bucket"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A test that takes it runs on both."""
    if request.param == "folder":
        return tmp_path / "shop" / "files"
    found: Bucket = request.getfixturevalue("bucket")
    return found


Seal = Callable[..., int]


@pytest.fixture
def sealed() -> Seal:
    """Seal a release of some files that all say the same."""

    def seal(store: ReleaseStore, text: str, files: int = 1) -> int:
        as_of, inputs = "2024-01-02T03:04:05+00:00", {"items": 3}
        with store.draft() as draft:
            (draft / "models").mkdir()
            for number in range(files):
                (draft / "models" / f"{number}.npy").write_text(text)
            return store.seal(draft, Manifest(as_of, 1, None, 0, 0, inputs, {}, {}))

    return seal
