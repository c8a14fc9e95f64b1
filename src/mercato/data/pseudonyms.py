"""Pseudonyms in the place of shoppers' ids, from the door on.

Where a shop wants it, ``user_id``, ``visitor_id`` and ``session_id`` are replaced by a keyed hash
before anything is stored. A pseudonym is ``id-``, the first 128 bits of HMAC-SHA256 (RFC 2104) of
the id, and 32 bits of another of these, by which the shop knows its own pseudonyms: they stay as
they are, so that it does no harm to replace an id twice. The key lies in the state, never in an
asset.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pyarrow as pa

from mercato.core.columns import EVENT_ID, SESSION_ID, USER_ID, VISITOR_ID
from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, StateSettings
from mercato.data.casts import spaced
from mercato.data.importers.raw import Refusal
from mercato.data.rows import Checked
from mercato.data.store import AssetStore
from mercato.state import State
from mercato.state.events import GUEST

KEY = "pseudonyms"
"""The name of the secret."""

_UNLINKED = "unlinked"
"""The name of another."""

_KEPT = "pseudonyms"
"""In the state's small facts: that the ids it holds are pseudonyms."""

_MARK = "id-"
_HASH, _CHECK = 32, 8  # hexadecimal digits
_PSEUDONYM = re.compile(rf"{_MARK}([0-9a-f]{{{_HASH}}})([0-9a-f]{{{_CHECK}}})")

_OF_CONTENT = re.compile(r"(event|row|ga4)-[0-9a-f]{32}(-\w+)?")
"""Ids of events that were made of what they say: whoever guesses an id could try it."""

_IDS = frozenset(
    """
    user_id visitor_id client_id app_instance_id user_pseudo_id anonymous_id previous_id
    user_token authenticated_user_token session_id ga_session_id
    """.split()
)
"""How dialects call users, visitors and sessions."""

_WHO = (USER_ID, VISITOR_ID, SESSION_ID)


@dataclass(frozen=True)
class Pseudonyms:
    """key : 256 bits; None where ids stay as they are"""

    key: bytes | None = None

    def of(self, value: str) -> str:
        """The pseudonym of an id of a user, a visitor or a session, or of ``visitor:`` and one."""
        if self.key is None or self._is_own(value):
            return value
        if value.startswith(GUEST):
            return GUEST + self.of(value.removeprefix(GUEST))
        hashed = self._digits(b"id", value)[:_HASH]
        return _MARK + hashed + self._digits(b"check", hashed)[:_CHECK]

    def maybe(self, value: str | None) -> str | None:
        return None if value is None else self.of(value)

    def event_id(self, value: str) -> str:
        """An event's id; those that were made of what it says could tell who it was."""
        return self.of(value) if self.key is not None and _OF_CONTENT.fullmatch(value) else value

    def row(self, row: EventRow) -> EventRow:
        if self.key is None:
            return row
        return row._replace(
            event_id=self.event_id(row.event_id),
            user_id=self.maybe(row.user_id),
            visitor_id=self.maybe(row.visitor_id),
            session_id=self.maybe(row.session_id),
        )

    def checked(self, found: Checked, mapping: Mapping[str, str]) -> Checked:
        """Rows of the asset ``events`` that are imported, and those that are refused.

        mapping : our column → the source's
        """
        if self.key is None:
            return found
        rows = found.rows
        for name, change in (*((name, self.of) for name in _WHO), (EVENT_ID, self.event_id)):
            at = rows.schema.get_field_index(name)
            distinct = rows.column(at).dictionary_encode()
            values = [None if v is None else change(v) for v in distinct.dictionary.to_pylist()]
            column = pa.array(values, pa.string()).take(distinct.indices)
            rows = rows.set_column(at, rows.schema.field(at), column)
        ids = _IDS | {spaced(mapping[each]) for each in _WHO if each in mapping}
        refused = tuple(self._refused(each, ids) for each in found.refusals)
        return replace(found, rows=rows, refusals=refused)

    def _refused(self, refusal: Refusal, ids: Iterable[str]) -> Refusal:
        """Of a refused row only what has names is kept, with its ids replaced."""
        said = orjson.loads(refusal.row)
        if not isinstance(said, dict):
            return replace(refusal, row="{}", value=None)
        value = refusal.value
        if value is not None and refusal.column in _WHO:
            value = self.of(value)
        return replace(refusal, row=orjson.dumps(self._within(said, ids)).decode(), value=value)

    def _within(self, said: object, ids: Iterable[str]) -> object:
        if isinstance(said, dict):
            return {
                name: self.of(str(each))
                if spaced(name) in ids and isinstance(each, str | int)
                else self._within(each, ids)
                for name, each in said.items()
            }
        if isinstance(said, list):
            return [self._within(each, ids) for each in said]
        return said

    def _is_own(self, value: str) -> bool:
        found = _PSEUDONYM.fullmatch(value)
        if found is None:
            return False
        return hmac.compare_digest(self._digits(b"check", found[1])[:_CHECK], found[2])

    def _digits(self, purpose: bytes, value: str) -> str:
        assert self.key is not None
        said = purpose + b":" + value.encode("utf-8", "surrogatepass")
        return hmac.digest(self.key, said, hashlib.sha256).hex()


def pseudonyms_of(state: State) -> Pseudonyms:
    """Those of a shop, as its state has them."""
    return Pseudonyms(state.secret(KEY) if state.get(_KEPT) else None)


def settled_pseudonyms(state: State, settings: Settings, root: Path) -> Pseudonyms:
    """The same, once the settings agree with what is stored.

    root : the shop's folder

    Raises BadInput where ``[privacy] pseudonyms`` was changed after somebody's data came in.
    """
    wanted, kept = settings.privacy.pseudonyms, bool(state.get(_KEPT))
    if wanted == kept:
        return pseudonyms_of(state)
    if _knows_anybody(state, root):
        said, found = ("true", "pseudonyms") if kept else ("false", "ids as they were sent")
        raise BadInput(
            f"[privacy] pseudonyms = {said}",
            f"{str(wanted).lower()}, in a shop that holds {found}",
            "Put it back, or bring the log into a new shop (docs/privacy.md).",
        )
    state.set(_KEPT, "on" if wanted else "")
    return pseudonyms_of(state)


def unlinked_of(state: State) -> Pseudonyms:
    """Those under which a shop keeps what is nobody's: an order whose shopper did not want to be
    known is still one order, which joins to none that names somebody."""
    return Pseudonyms(state.secret(_UNLINKED))


def unlinked_at(settings: Settings, root: Path) -> Pseudonyms:
    """As `unlinked_of`, of a shop whose state is not open."""
    state = State.open(settings.state.url, root)
    try:
        return unlinked_of(state)
    finally:
        state.close()


def pseudonyms_at(settings: Settings, root: Path) -> Pseudonyms:
    """As `settled_pseudonyms`, of a shop whose state is not open."""
    own_file = settings.state.url == StateSettings().url
    if not settings.privacy.pseudonyms and own_file and not (root / "state.db").exists():
        return Pseudonyms()  # a shop that was never served
    state = State.open(settings.state.url, root)
    try:
        return settled_pseudonyms(state, settings, root)
    finally:
        state.close()


def _knows_anybody(state: State, root: Path) -> bool:
    counts = state.counts()
    if any(counts[name] for name in ("events", "answers", "links", "consents", "erasures")):
        return True
    logs: Sequence[str] = ("events", "answers")
    store = AssetStore(ShopPaths(root).assets)
    return any(store.version(name) is not None for name in logs)
