"""Rows of the asset ``users`` for people: chosen by segment and tag, counted, or one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.errors import NotFound
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.users.definitions import Definition
from mercato.data.users.lifecycle import STAGES
from mercato.data.users.rfm import SEGMENTS
from mercato.data.users.tags import TAGS


@dataclass(frozen=True)
class Count:
    """How many shoppers a definition holds for, and what they brought in."""

    name: str
    shoppers: int
    revenue: float


@dataclass(frozen=True)
class Counts:
    """Of some shoppers; a shopper has one segment, at most one stage, and any number of tags."""

    shoppers: int
    revenue: float
    segments: tuple[Count, ...]
    stages: tuple[Count, ...]
    tags: tuple[Count, ...]


@dataclass(frozen=True)
class Choice:
    """Shoppers of a segment, with a tag, or both. Raises NotFound for a name that is none."""

    segment: str | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        for what, name, among in (("segment", self.segment, SEGMENTS), ("tag", self.tag, TAGS)):
            known = [each.name for each in among]
            if name is not None and name not in known:
                expected = f"a {what} out of {', '.join(known)}"
                raise NotFound(expected, repr(name), "Name one of those.")

    def among(self, users: pa.Table) -> pa.Table:
        """The rows that it chooses."""
        if self.segment is not None:
            users = users.filter(pc.equal(users["segment"], self.segment))
        return users if self.tag is None else users.take(_rows_with(users, self.tag))


def _rows_with(users: pa.Table, tag: str) -> pa.Array:
    lists = users["tags"].combine_chunks()
    return pc.list_parent_indices(lists).filter(pc.equal(lists.flatten(), tag))


def counts(users: pa.Table) -> Counts:
    """Shoppers and revenue by segment, stage and tag, in the order of their definitions."""
    revenue = users["revenue"].to_numpy()
    everyone = np.arange(len(users))

    def by(names: pa.Array, rows: np.ndarray, among: Sequence[Definition]) -> tuple[Count, ...]:
        codes = pc.index_in(names, value_set=pa.array([each.name for each in among], pa.string()))
        known = pc.is_valid(codes).to_numpy(zero_copy_only=False)
        at = codes.drop_null().to_numpy(zero_copy_only=False)
        n = np.bincount(at, minlength=len(among))
        sums = np.bincount(at, weights=revenue[rows[known]], minlength=len(among))
        return tuple(
            Count(each.name, int(n[place]), float(sums[place])) for place, each in enumerate(among)
        )

    lists = users["tags"].combine_chunks()
    parents = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    return Counts(
        len(users),
        float(revenue.sum()),
        by(users["segment"].combine_chunks(), everyone, SEGMENTS),
        by(users["stage"].combine_chunks(), everyone, STAGES),
        by(lists.flatten(), parents, TAGS),
    )


def one(users: pa.Table, shopper_id: str) -> dict[str, Any]:
    """The row of a shopper. Raises NotFound where there is none."""
    rows = users.filter(pc.equal(users[SHOPPER_ID], shopper_id)).to_pylist()
    if not rows:
        raise NotFound(
            "a shopper who is in the event log",
            repr(shopper_id),
            "Write a user's id as the log has it, a guest as visitor:ID.",
        )
    found: dict[str, Any] = rows[0]
    return found
