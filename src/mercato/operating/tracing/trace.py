"""A card, or an item, traced: the answer, its release, what that was made from, source lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mercato.core.errors import NotFound
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, load_settings
from mercato.data.assets.answers import ANSWERS
from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.auditing import Reader, record
from mercato.data.engines import Engine, open_engine
from mercato.data.releases import Manifest, ReleaseStore
from mercato.data.store import AssetStore
from mercato.data.versions.summary import Summary, summary
from mercato.operating.tracing.answered import answered
from mercato.operating.tracing.asked_again import LOOKED_AT, asked_again
from mercato.operating.tracing.evidence import Evidence, Finder, Subject
from mercato.operating.tracing.item import ItemTrace, trace_item
from mercato.shop.shelf import Card
from mercato.state import Answer, State


@dataclass(frozen=True)
class Trace:
    """release  : the manifest; None where the release is not kept any more
    assets   : the versions that the release was made from, as far as they are still there
    gone     : the others, as ``name@version``
    card     : the item's card, where the shelf could be asked again; it holds the reason
    same     : whether the shelf, asked again, came out as it did then; None where it was not
    """

    answer: Answer | None
    number: int | None
    release: Manifest | None
    assets: tuple[Summary, ...]
    gone: tuple[str, ...]
    item: ItemTrace
    card: Card | None
    same: bool | None
    evidence: tuple[Evidence, ...]

    @property
    def place(self) -> int | None:
        """The item's place among those of the answer, from 0; None without an answer."""
        return None if self.answer is None else self.answer.item_ids.index(self.item.item_id)


def trace_answer(root: Path, query_id: str, item_id: str | None, reader: Reader) -> Trace:
    """Trace one item of an answer (default: the best), and put the reading on record.

    Raises NotFound for an answer that was never logged, or an item that was not in it.
    """
    with _opened(root) as at:
        answer = answered(at.engine, at.store, at.state, query_id)
        record(at.state, reader, ANSWERS, EVENTS, user_id=answer.user_id)
        item_id = item_id or next(iter(answer.item_ids), None)
        if item_id not in answer.item_ids or item_id is None:
            shown = ", ".join(answer.item_ids[:20]) or "nothing at all"
            raise NotFound(f"item {item_id!r} in that answer", shown, "Name one of those.")
        return at.traced(item_id, answer, answer.release)


def trace_item_alone(root: Path, item_id: str) -> Trace:
    """Trace an item of the current release without an answer. Raises NotFound where it is in no
    version of the asset."""
    with _opened(root) as at:
        return at.traced(item_id, None, at.releases.current())


@dataclass(frozen=True)
class _Tracing:
    """A shop opened for tracing."""

    paths: ShopPaths
    settings: Settings
    store: AssetStore
    state: State
    engine: Engine

    @property
    def releases(self) -> ReleaseStore:
        return ReleaseStore(self.paths.releases)

    def traced(self, item_id: str, answer: Answer | None, number: int | None) -> Trace:
        kept = number is not None and number in self.releases.numbers()
        manifest = self.releases.manifest(number) if kept and number else None
        assets, gone = self._inputs(manifest)
        again = None
        if answer is not None:
            again = asked_again(self.paths, self.settings, self.state, answer)
        card = None if again is None else again.card(item_id)
        item = self._item(item_id, manifest)
        return Trace(
            answer=answer,
            number=number,
            release=manifest,
            assets=assets,
            gone=gone,
            item=item,
            card=card,
            same=None if again is None else again.same,
            evidence=self._evidence(item_id, answer, manifest, card),
        )

    def _inputs(self, manifest: Manifest | None) -> tuple[tuple[Summary, ...], tuple[str, ...]]:
        found, gone = [], []
        for name, version in ({} if manifest is None else manifest.inputs).items():
            try:
                found.append(summary(self.store, name, version))
            except NotFound:
                gone.append(f"{name}@{version}")
        return tuple(found), tuple(gone)

    def _item(self, item_id: str, manifest: Manifest | None) -> ItemTrace:
        """Of the release's version; of the newest where the release is not kept."""
        newest = self.store.version(ITEMS.name)
        if newest is None:
            raise NotFound("items", "none", "First: mercato import DIR --items FILE")
        version = newest if manifest is None else manifest.inputs[ITEMS.name]
        seq = 0 if manifest is None else manifest.changes
        changes = tuple(self.state.items.since(seq))
        found = trace_item(self.engine, self.store, item_id, version, changes)
        if found.then is None and found.withdrawn and not found.changes:
            raise NotFound(f"an item {item_id!r}", f"none in items@{version}", "Check the id.")
        return found

    def _evidence(
        self, item_id: str, answer: Answer | None, manifest: Manifest | None, card: Card | None
    ) -> tuple[Evidence, ...]:
        """Nothing for a search, for an item without an answer, or without the release."""
        if answer is None or manifest is None or answer.kind != "shelf":
            return ()
        late = self.state.events.recent(
            answer.user_id, answer.visitor_id, after_seq=manifest.watermark, limit=LOOKED_AT
        )
        guest = None if answer.visitor_id is None else f"visitor:{answer.visitor_id}"
        subject = Subject(
            item_id=item_id,
            shoppers=tuple(each for each in (answer.user_id, guest) if each is not None),
            versions=manifest.inputs,
            late=tuple(event for event in late if event.ts <= answer.ts),
        )
        finder = Finder(self.engine, self.store, subject)
        return finder.find(None if card is None else card.reason)


@contextmanager
def _opened(root: Path) -> Iterator[_Tracing]:
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    state = State.open(settings.state.url, root)
    try:
        with open_engine() as engine:
            yield _Tracing(paths, settings, AssetStore(paths.assets), state, engine)
    finally:
        state.close()
