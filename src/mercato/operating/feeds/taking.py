"""One feed: fetched where it changed, and imported as its settings say."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mercato.core.errors import BadInput, MercatoError, NotReady
from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import FeedSettings, Settings
from mercato.data.fetching.address import parsed
from mercato.data.fetching.asking import FetchFailed, Login, Validators
from mercato.data.fetching.download import fetch
from mercato.data.fetching.hosts import Hosts
from mercato.data.importing import import_events, import_items, import_judgments
from mercato.data.report import ImportReport
from mercato.data.store import AssetStore
from mercato.operating.feeds.due import MICROSECONDS, fingerprint, now
from mercato.state import State
from mercato.state.fetches import Fetch, Outcome

_ASSETS = ("items", "events", "judgments")
_UNITS = ("major", "cents")


@dataclass(frozen=True)
class Taking:
    """What the taking of any feed of a shop needs."""

    paths: ShopPaths
    settings: Settings
    state: State
    progress: Progress

    def take(self, feed: FeedSettings) -> Fetch:
        """Fetch and import a feed; what came of it, also where it failed."""
        key = fingerprint(feed)
        begun = Fetch(key, now(), feed.url, feed.asset, Outcome.FAILED)
        try:
            return self._taken(feed, begun, self.state.fetches.last(key, good=True))
        except FetchFailed as error:
            wait = error.retry_after_seconds
            retry_at = None if wait is None else now() + wait * MICROSECONDS
            return replace(begun, detail=str(error), retry_at=retry_at)
        except (MercatoError, OSError) as error:
            return replace(begun, detail=str(error))

    def _taken(self, feed: FeedSettings, begun: Fetch, good: Fetch | None) -> Fetch:
        _check(feed)
        address = parsed(feed.url)
        with self.progress.step(f"Fetching {address}") as step:
            found = fetch(
                address,
                self.paths.fetched / address.place,
                Hosts.of(self.settings.fetch),
                self.settings.fetch,
                known=None if good is None else Validators(good.etag, good.last_modified),
                login=_login(feed),
            )
            step.note("not modified" if found is None else f"{found.bytes:,} bytes")
        if found is None:
            assert good is not None  # else nothing was known that could still hold
            return replace(good, ts=begun.ts, outcome=Outcome.NOT_MODIFIED, rows=None)
        fetched = replace(
            begun,
            etag=found.validators.etag,
            last_modified=found.validators.last_modified,
            sha256=found.sha256,
            bytes=found.bytes,
        )
        if good is not None and good.sha256 == found.sha256:
            return replace(fetched, outcome=Outcome.UNCHANGED)
        report = self._imported(feed, found.path)
        rows = report.accepted + report.withdrawn
        return replace(fetched, outcome=Outcome.IMPORTED, rows=rows)

    def _imported(self, feed: FeedSettings, file: Path) -> ImportReport:
        store = AssetStore(self.paths.assets)
        reading: dict[str, Any] = {
            "format": feed.format or None,
            "encoding": feed.encoding or None,
            "mapping": dict(each.split("=", 1) for each in feed.map),
            "settings": self.settings,
            "progress": self.progress,
        }
        if feed.asset == "judgments":
            return import_judgments(store, [file], **reading)
        reading |= {"price_unit": feed.price_unit, "date_format": feed.date_format or None}
        if feed.asset == "events":
            return import_events(store, [file], **reading)
        return import_items(store, [file], full=feed.full, **reading)


def _check(feed: FeedSettings) -> None:
    """Raises BadInput for a feed that cannot be meant."""
    for name, value, known in (
        ("asset", feed.asset, _ASSETS),
        ("price_unit", feed.price_unit, _UNITS),
    ):
        if value not in known:
            expected = f"{name} out of {', '.join(known)} in [[feeds]]"
            raise BadInput(expected, repr(value), "Mend shop.toml.")
    if wrong := [each for each in feed.map if not all(each.partition("="))]:
        raise BadInput("map as our=theirs in [[feeds]]", repr(wrong[0]), "Mend shop.toml.")


def _login(feed: FeedSettings) -> Login | None:
    if not feed.login_variable:
        return None
    value = os.environ.get(feed.login_variable, "")
    if ":" not in value:
        raise NotReady(
            f"user:password in the environment variable {feed.login_variable}",
            "nothing of the kind",
            "Set it for the process that serves or fetches.",
        )
    return Login(value)
