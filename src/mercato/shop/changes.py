"""What was changed about the shop lately: releases, rules, the catalogue, experiments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mercato.data.assets.items import ITEMS
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop

KINDS = ("rule", "synonym", "experiment", "round", "release")
"""Of the log of decisions; who signed in, and who may, is told elsewhere."""

_COMMITS = 50


@dataclass(frozen=True)
class Change:
    """kind : ``release``, ``items`` or one of `KINDS`
    key  : which of them; the number of a release, the version of the items
    did  : made, changed, deleted or published
    name : as people call it; empty where it has no name
    by   : who; empty where a machine did it
    """

    at: datetime
    kind: str
    key: str
    did: str
    name: str = ""
    by: str = ""


def changes_since(shop: Shop, since: datetime, most: int = 30) -> list[Change]:
    """The newest first."""
    found = [*_releases(shop, since), *_items(shop, since), *_decided(shop, since)]
    return sorted(found, key=lambda change: change.at, reverse=True)[:most]


def _releases(shop: Shop, since: datetime) -> Iterator[Change]:
    for number in shop.releases.numbers():
        made = datetime.fromisoformat(shop.releases.manifest(number).created_at)
        if made >= since:
            yield Change(made, "release", str(number), "made")


def _items(shop: Shop, since: datetime) -> Iterator[Change]:
    for commit in AssetStore(shop.paths.assets).history(ITEMS.name, limit=_COMMITS):
        if commit.ts >= since and commit.rows:
            yield Change(commit.ts, "items", str(commit.version), "changed", f"{commit.rows:,}")


def _decided(shop: Shop, since: datetime) -> Iterator[Change]:
    for decision in shop.state.decisions.since(round(since.timestamp() * 1e6)):
        if decision.kind in KINDS:
            did = "changed" if decision.before and decision.after else "made"
            did = "published" if decision.kind == "release" else did
            told = decision.after or decision.before or {}
            yield Change(
                datetime.fromtimestamp(decision.ts / 1e6, UTC),
                decision.kind,
                decision.key,
                did if decision.after else "deleted",
                str(told.get("name") or ", ".join(map(str, told.get("terms") or ()))),
                decision.actor,
            )


def days_ago(n: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=n)
