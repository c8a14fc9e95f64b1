"""Which release shoppers see: look at all, publish one, go back; each change is on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mercato.core.errors import NotReady
from mercato.data.releases import Manifest
from mercato.models.curves import Curve
from mercato.shop import release_decisions
from mercato.shop.opened import Shop
from mercato.shop.rules import By


@dataclass(frozen=True)
class Estimate:
    """value, and the bounds of its 95% interval"""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Release:
    """current  : whether shoppers see it
    refused : why it may not be published; empty where it may
    as_of   : until when it has learned
    seconds : of its build's steps, those that were taken over as well
    joules  : of the machine meanwhile; None where it counted none
    curves  : of what learns step by step, by its name
    metrics, baselines : of what it answers, measured before it was published
    """

    number: int
    current: bool
    refused: str
    made_at: datetime
    as_of: datetime
    counts: Mapping[str, int]
    seconds: Mapping[str, float]
    joules: float | None
    curves: Mapping[str, Sequence[Curve]]
    megabytes: float
    metrics: Mapping[str, Estimate]
    baselines: Mapping[str, Mapping[str, Estimate]]
    protocol: str


def releases(shop: Shop) -> list[Release]:
    """The newest first."""
    current, refused = shop.releases.current(), shop.releases.refused()
    return [
        _release(number, shop.releases.manifest(number), current, refused)
        for number in reversed(shop.releases.numbers())
    ]


def _release(
    number: int, manifest: Manifest, current: int | None, refused: Mapping[int, str]
) -> Release:
    told = manifest.metrics
    return Release(
        number,
        number == current,
        refused.get(number, ""),
        datetime.fromisoformat(manifest.created_at),
        datetime.fromtimestamp(manifest.as_of / 1e6, UTC),
        manifest.counts,
        {name: float(step.get("seconds") or 0) for name, step in manifest.steps.items()},
        _joules(manifest),
        _curves(manifest),
        sum(file["bytes"] for file in manifest.files.values()) / 1e6,
        _estimates(told.get("metrics") or {}),
        {name: _estimates(each) for name, each in (told.get("baselines") or {}).items()},
        str(told.get("protocol") or ""),
    )


def _joules(manifest: Manifest) -> float | None:
    """Of the steps that were counted."""
    found = [step["joules"] for step in manifest.steps.values() if step.get("joules") is not None]
    return sum(found) if found else None


def _curves(manifest: Manifest) -> dict[str, list[Curve]]:
    return {
        f"{name} {where}".strip(): [Curve(**each) for each in curves]
        for name, step in manifest.steps.items()
        for where, curves in step.get("curves", {}).items()
    }


def _estimates(found: Mapping[str, Any]) -> dict[str, Estimate]:
    return {
        name: Estimate(each["value"], each["low"], each["high"]) for name, each in found.items()
    }


def publish(shop: Shop, number: int, by: By) -> None:
    """`release_decisions.publish` in a shop that is open, which shows it at once."""
    release_decisions.publish(shop.releases, shop.state, number, by)
    _take_up(shop, number)


def roll_back(shop: Shop, by: By) -> int:
    """`release_decisions.roll_back` in a shop that is open, which shows it at once."""
    number = release_decisions.roll_back(shop.releases, shop.state, by)
    _take_up(shop, number)
    return number


def _take_up(shop: Shop, number: int) -> None:
    shop.look()
    shop.refresh()
    if why := shop.upcoming.why_not(number):
        raise NotReady(
            f"release {number}, which is published now, to be one that opens",
            why,
            f"Release {shop.live.number} goes on answering. Publish it again, or roll back.",
        )
