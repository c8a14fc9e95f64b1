"""Where things lie in a shop's folder, and what of it lies in object storage instead."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mercato.core.settings import Settings, load_settings


@dataclass(frozen=True)
class Bucket:
    """Files in object storage.

    url   : ``s3://bucket/prefix``
    cache : the folder on this machine in which copies of them lie
    """

    url: str
    cache: Path


Location = Path | Bucket
"""Where a shop's assets, or its releases, lie."""


@dataclass(frozen=True)
class ShopPaths:
    """The folder of one shop."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "shop.toml"

    @property
    def assets(self) -> Location:
        return self._place("assets", _settings(self.settings).assets.url)

    @property
    def releases(self) -> Location:
        return self._place("releases", _settings(self.settings).releases.url)

    @property
    def build(self) -> Path:
        """Finished steps of builds, by fingerprint; safe to delete."""
        return self.root / "build"

    @property
    def cache(self) -> Path:
        """Copies of what lies in object storage; safe to delete while nobody is at work."""
        return self.root / "cache"

    @property
    def fetched(self) -> Path:
        """Feeds on their way from the net into the assets; empty while none is."""
        return self.root / "fetched"

    def _place(self, name: str, url: str) -> Location:
        return Bucket(url, self.cache / name) if url else self.root / name


def _settings(file: Path) -> Settings:
    """What ``shop.toml`` says now; the defaults where there is none yet."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    return _read(file, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(64)
def _read(file: Path, *_: int) -> Settings:
    """Read once as long as the file stays the same."""
    return load_settings(file)
