"""Fetches what is due, and what a person names."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import load_settings
from mercato.data.fetching.address import parsed
from mercato.data.fetching.download import fetch
from mercato.data.fetching.hosts import Hosts
from mercato.operating.feeds.due import feeds_of, now
from mercato.operating.feeds.room import one_at_a_time, tidy
from mercato.operating.feeds.taking import Taking
from mercato.operating.settling import settle
from mercato.state import State
from mercato.state.fetches import Fetch


def run_feeds(root: Path, *, everything: bool, progress: Progress) -> list[Fetch] | None:
    """Fetch and import what is due, or everything; what came of each.

    None where another process is at it. A feed that fails keeps none of the others from being
    fetched; it is tried again when it is next due, or when its server asks for.
    """
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    with one_at_a_time(paths, settings.state.url) as ours:
        if not ours:
            return None
        state = State.open(settings.state.url, root)
        try:
            # Looked up only now: another process may just have fetched them.
            feeds = feeds_of(settings, state)
            due = [each.settings for each in feeds if everything or each.due <= now()]
            if due:
                settle(paths)  # what was changed through the API must not undo it later
            taking = Taking(paths, settings, state, progress)
            done = []
            for feed in due:
                done.append(taking.take(feed))
                tidy(paths)
                state.fetches.append(done[-1])
            return done
        finally:
            state.close()


@contextmanager
def fetched_once(
    root: Path, urls: Sequence[str], progress: Progress
) -> Iterator[Mapping[str, Path]]:
    """Address → file with what stands there. The files are gone afterwards.

    A host that a person named is allowed; its addresses are checked all the same. Raises BadInput,
    FetchFailed as `mercato.data.fetching.download.fetch` does.
    """
    if not urls:
        yield {}
        return
    paths = ShopPaths(root)
    whole = load_settings(paths.settings)
    settings = whole.fetch
    with one_at_a_time(paths, whole.state.url, progress):
        try:
            found = {}
            for url, address in {url: parsed(url) for url in urls}.items():
                found[url] = paths.fetched / address.place
                with progress.step(f"Fetching {address}"):
                    fetch(address, found[url], Hosts.of(settings, address), settings)
            yield found
        finally:
            tidy(paths)
