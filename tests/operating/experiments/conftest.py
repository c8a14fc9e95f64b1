"""Logs of experiments, written down by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from mercato.core.events import EventRow
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.operating.experiments.looking import created_at, look
from mercato.operating.experiments.reading import Reading, read_experiment
from mercato.shop.experiments.definition import Definition
from mercato.shop.experiments.keeping import create_experiment, experiment
from mercato.shop.rules import By
from mercato.state import Answer, State

HOUR = 3_600_000_000
DAY = 24 * HOUR


@dataclass
class Logbook:
    """Times are hours after the experiment began; negative ones are before it."""

    root: Path
    state: State
    begun: int = 0
    answers: int = 0
    rows: list[EventRow] = field(default_factory=list)

    @property
    def store(self) -> AssetStore:
        return AssetStore(self.root / "assets")

    def begin(self, **changed: Any) -> Definition:
        arms = [
            {"name": "control", "share": 0.5},
            {"name": "variant", "share": 0.5, "changes": {"variety": 0.4}},
        ]
        document = {"name": "a", "goal": "conversion", "arms": arms} | changed
        releases = ReleaseStore(self.root / "releases")
        made = create_experiment(self.state, releases, document, By("me", "test"))
        self.begun = created_at(self.state, made.name)
        return made

    def shown(
        self,
        unit: str,
        variant: str | None,
        hour: float = 1,
        *,
        kind: str = "search",
        items: Sequence[str] = ("x", "y"),
        user: str | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> str:
        """One answer to a visitor, or to a user on their device; its id."""
        self.answers += 1
        query_id = f"q{self.answers}"
        self.state.answers.append(
            Answer(
                query_id,
                self.begun + round(hour * HOUR),
                kind,
                None if kind == "search" else "home",
                orjson.dumps({"q": "x", "visitor_id": unit} | dict(told or {})).decode(),
                1,
                variant,
                user,
                unit,
                None,
                tuple(items),
                tuple(range(1, len(items) + 1)),
                (1.0,) * len(items),
                (1.0,) * len(items),
            )
        )
        return query_id

    def did(
        self,
        unit: str | None,
        event: str,
        hour: float = 2,
        *,
        user: str | None = None,
        query_id: str | None = None,
        item: str | None = "x",
        price: float | None = None,
        quantity: float | None = None,
        value: float | None = None,
    ) -> None:
        row = EventRow(f"e{len(self.rows)}", 0, self.begun + round(hour * HOUR), event)
        self.rows.append(
            row._replace(
                user_id=user,
                visitor_id=unit,
                item_id=item,
                price=price,
                quantity=quantity,
                value=value,
                query_id=query_id,
            )
        )

    def settle(self, *, drained: bool = False) -> None:
        """Write what was written down, and move it into the assets."""
        self.state.events.append(self.rows).result(30)
        if drained:
            drain(self.state, self.store)

    def read(self, hour: float = 100) -> Reading:
        return read_experiment(
            self.store,
            self.state,
            experiment(self.state, "a"),
            self.begun,
            self.begun + round(hour * HOUR),
        )

    def look(self, hour: float = 100) -> Reading:
        now = self.begun + round(hour * HOUR)
        return look(self.store, self.state, experiment(self.state, "a"), now)


@pytest.fixture
def logbook(tmp_path: Path) -> Iterator[Logbook]:
    state = State.open("sqlite:///state.db", tmp_path)
    yield Logbook(tmp_path, state)
    state.close()
