"""What is measured as served, on shops whose right answers are known."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from mercato.core.errors import NotReady
from mercato.core.progress import Silent
from mercato.core.settings import SearchSettings, Settings, settings_text
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore
from mercato.training.build import build, evaluate_judgments, evaluate_split

SPLIT = datetime(2026, 2, 1, tzinfo=UTC)


def judgments(*rows: tuple[str, str, float]) -> pa.Table:
    names = ("query", "item_id", "grade")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def test_a_query_found_and_a_query_missed(built_tour: Path) -> None:
    # One query has its only product on top: nDCG 1. The other's is not sold: nDCG 0. The third
    # has nothing relevant and does not count. The mean is 1/2.
    found = evaluate_judgments(
        built_tour,
        judgments=judgments(
            ("Drift Tarp 3 x 3 m", "tarp-drift", 3),
            ("tent", "no-such-product", 3),
            ("stove", "tarp-drift", 0),
        ),
        gain="exp",
        progress=Silent(),
    )
    assert found.n == {"queries": 2}
    assert found.metrics["search/ndcg@10"].value == pytest.approx(0.5)
    assert set(found.baselines) == {"bm25", "encoder"}


def test_a_lowest_grade_of_one_is_worth_nothing(built_tour: Path) -> None:
    with pytest.raises(NotReady, match="a relevant item"):
        evaluate_judgments(
            built_tour,
            judgments=judgments(("tent", "tarp-drift", 1)),
            gain="exp1",
            progress=Silent(),
        )


@pytest.fixture
def repeating(tmp_path: Path) -> Path:
    """Six shoppers buy apples on four days and beans once, then apples again after the split;
    six others buy carrots, and after the split one of the first six does so too."""
    settings = Settings(search=SearchSettings(encoder="none"))
    (tmp_path / "shop.toml").write_text(settings_text(settings))
    (tmp_path / "items.csv").write_text("id,title\na,Apples\nb,Beans\nc,Carrots\n")
    lines = ["event_id,line,ts,event,user_id,item_id"]

    def buys(shopper: str, item: str, day: str) -> None:
        lines.append(f"{shopper}{day},0,{day}T10:00:00Z,purchase,{shopper},{item}")

    for number in range(6):
        for day in ("2026-01-02", "2026-01-09", "2026-01-16", "2026-01-23", "2026-02-06"):
            buys(f"s{number}", "a", day)
        buys(f"s{number}", "b", "2026-01-03")
        buys(f"t{number}", "c", "2026-01-04")
    buys("s0", "c", "2026-02-07")
    (tmp_path / "events.csv").write_text("\n".join(lines) + "\n")
    store = AssetStore(tmp_path / "assets")
    import_items(store, [tmp_path / "items.csv"], settings=settings)
    import_events(store, [tmp_path / "events.csv"], settings=settings)
    return tmp_path


def test_shelves_over_a_split(repeating: Path) -> None:
    found = evaluate_split(repeating, split=SPLIT, progress=Silent())
    # buy-again is asked for the six who bought apples again (one of them carrots too, which stand
    # on no shelf of what was bought before): recall 1 for five, 1/2 for one.
    assert found.n == {"buy-again": 6, "home": 1}
    assert found.metrics["buy-again/recall@20"].value == pytest.approx((5 * 1 + 1 / 2) / 6)
    assert found.metrics["home/recall@20"].value == 1
    assert found.baselines["personal-frequency"]["buy-again/recall@20"].value == pytest.approx(
        (5 * 1 + 1 / 2) / 6
    )
    # Popularity ranks apples, beans and carrots for everyone: nothing is missed.
    assert found.baselines["popularity"]["buy-again/recall@20"].value == 1


def test_nothing_after_the_split(repeating: Path) -> None:
    with pytest.raises(NotReady, match="an earlier split"):
        evaluate_split(repeating, split=datetime(2026, 3, 1, tzinfo=UTC), progress=Silent())


def test_a_build_without_recent_purchases_is_published_unmeasured(repeating: Path) -> None:
    with (repeating / "events.csv").open("a") as file:
        file.write("late,0,2026-09-01T10:00:00Z,view_item,s0,a\n")
    store = AssetStore(repeating / "assets")
    import_events(store, [repeating / "events.csv"], settings=Settings())
    built = build(repeating, progress=Silent())
    assert built.number == 1
    assert set(built.manifest.metrics) == {"search_ranker"}, "no shelf was measured"
