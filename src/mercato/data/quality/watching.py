"""Looks at an import before it is committed: its profile, and what changed since the last ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis

from mercato.core.settings import QualitySettings
from mercato.data.asset import Asset
from mercato.data.engines import Engine
from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival
from mercato.data.quality.drift import alarms_of
from mercato.data.quality.profile import Profile, pooled
from mercato.data.quality.profiling import profile_of
from mercato.data.quality.traffic import Traffic, sender, traffic_of

WATCHED = ("items", "events")
"""Assets that are profiled at import."""

_FEWEST_MATCHED = 20
"""Present items among an import's, to compare with those alone."""


@dataclass(frozen=True)
class Brought:
    """What a merge found. present : the asset before; None before the first import
    rows : the import's, unique by key; changed : those of them that are new or differ"""

    present: ibis.Table | None
    rows: ibis.Table
    changed: ibis.Table
    replaced: int
    full: bool


@dataclass(frozen=True)
class Inspection:
    profile: Profile
    alarms: tuple[Alarm, ...]


def inspect(
    engine: Engine,
    asset: Asset,
    brought: Brought,
    history: Sequence[Profile],
    settings: QualitySettings,
) -> Inspection:
    """The profile of what an import brings, and the alarms that it raises.

    history : profiles of earlier imports of the asset, newest first
    """
    if asset.name == "items":
        return _inspect_items(engine, asset, brought)
    traffic = traffic_of(engine, brought.changed)
    lines = _without(brought.changed, traffic)
    now = profile_of(engine, asset, lines, traffic)
    before = pooled(history) if history else None
    arrival = Arrival(
        engine=engine,
        asset=asset,
        rows=_without(brought.rows, traffic),
        brought=lines,
        present=brought.present,
        replaced=brought.replaced,
        full=brought.full,
        now=now,
        before=before or _before_any_profile(engine, asset, brought),
        traffic=traffic,
        closed=settings.closed_days,
    )
    return Inspection(now, alarms_of(arrival))


def _inspect_items(engine: Engine, asset: Asset, brought: Brought) -> Inspection:
    """Of items that were there, the same ones are compared with what they were."""
    profile = now = profile_of(engine, asset, brought.rows)
    before = None
    if brought.present is not None:
        matched = engine.kept(brought.present.semi_join(brought.rows, asset.keys))
        if engine.count(matched) >= _FEWEST_MATCHED:
            before = profile_of(engine, asset, matched)
            now = profile_of(engine, asset, brought.rows.semi_join(matched, asset.keys))
    arrival = Arrival(
        engine=engine,
        asset=asset,
        rows=brought.rows,
        brought=brought.changed,
        present=brought.present,
        replaced=brought.replaced,
        full=brought.full,
        now=now,
        before=before,
    )
    return Inspection(profile, alarms_of(arrival))


def _without(lines: ibis.Table, traffic: Traffic) -> ibis.Table:
    """Lines of people: what the suspects did would shift every other count as well."""
    if not traffic.suspects:
        return lines
    theirs = sender(lines).isin(traffic.suspects).fill_null(False)
    return lines.filter(~theirs)


def _before_any_profile(engine: Engine, asset: Asset, brought: Brought) -> Profile | None:
    """Of a shop that imported before imports were profiled."""
    return None if brought.present is None else profile_of(engine, asset, brought.present)
