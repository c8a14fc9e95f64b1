"""Where things lie in a shop's folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ShopPaths:
    """The folder of one shop."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "shop.toml"

    @property
    def assets(self) -> Path:
        return self.root / "assets"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def build(self) -> Path:
        """Finished steps of builds, by fingerprint; safe to delete."""
        return self.root / "build"

    @property
    def fetched(self) -> Path:
        """Feeds on their way from the net into the assets; empty while none is."""
        return self.root / "fetched"
