"""A quality report as one HTML file that asks nothing of any network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import mercato
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings
from mercato.data.quality.finding import Health
from mercato.data.quality.profile import PERCENTILES
from mercato.data.quality.report import QualityReport
from mercato.data.quality.series import Series, series_of
from mercato.data.store import AssetStore
from mercato.web.languages import Language, choose
from mercato.web.money import money
from mercato.web.quality.charts import Drawn, bars_chart, days_chart, shares_chart
from mercato.web.rendering import environment

_MOST_CATEGORIES = 15
_SHOWN_PERCENTILES = (0, 5, 25, 50, 75, 95, 100)


@dataclass(frozen=True)
class Figure:
    """A chart and its twin. columns, rows : of the table, as text"""

    drawn: Drawn
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class QualityPage:
    """What the report's template sees."""

    shop_name: str
    made_with: str
    report: QualityReport
    health: Health
    failed: int
    warnings: int
    days: Figure | None
    prices: Figure | None
    categories: Figure | None
    scores: Figure | None


def quality_page(paths: ShopPaths, settings: Settings, report: QualityReport, language: str) -> str:
    """The report's HTML. ``language`` : ``en`` or ``zh``; another one reads English."""
    spoken = choose(language, None, "", "en")
    series = series_of(AssetStore(paths.assets))
    page = QualityPage(
        shop_name=settings.shop.name,
        made_with=f"Mercato {mercato.__version__}",
        report=report,
        health=_health(report),
        failed=report.count(Health.FAILED),
        warnings=report.count(Health.WARNING),
        days=_days(series, spoken),
        prices=_prices(series, spoken, settings.shop.currency),
        categories=_categories(series, spoken),
        scores=_scores(report, spoken),
    )
    return environment(spoken.code).get_template("quality.html").render(page=page)


def _health(report: QualityReport) -> Health:
    if report.count(Health.FAILED):
        return Health.FAILED
    return Health.WARNING if report.alarms or report.count(Health.WARNING) else Health.OK


def _figure(drawn: Drawn, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Figure:
    return Figure(drawn, tuple(columns), tuple(tuple(row) for row in rows))


def _days(series: Series, spoken: Language) -> Figure | None:
    """By day in the chart, by month in the table."""
    if not series.days:
        return None
    day, lines = spoken.text("quality.days.day"), spoken.text("quality.days.lines")
    drawn = days_chart([{"x": d.isoformat(), "y": n} for d, n in series.days.items()], day, lines)
    months: dict[str, list[tuple[date, int]]] = {}
    for each, count in series.days.items():
        months.setdefault(f"{each:%Y-%m}", []).append((each, count))
    columns = [spoken.text(f"quality.days.{name}") for name in ("month", "lines", "least", "most")]
    rows = [
        (month, f"{sum(n for _, n in found):,}", *(_day(f(found, key=_lines)) for f in (min, max)))
        for month, found in months.items()
    ]
    return _figure(drawn, columns, rows)


def _lines(day: tuple[date, int]) -> int:
    return day[1]


def _day(day: tuple[date, int]) -> str:
    return f"{day[1]:,} ({day[0]:%m-%d})"


def _prices(series: Series, spoken: Language, currency: str) -> Figure | None:
    if not series.prices_now:
        return None
    curves = {spoken.text("quality.now"): series.prices_now}
    if series.prices_before:
        curves[spoken.text("quality.before")] = series.prices_before
    points = [
        {"x": price, "y": share, "series": name}
        for name, prices in curves.items()
        for price, share in zip(prices, PERCENTILES, strict=True)
    ]
    price, share = spoken.text("quality.prices.price"), spoken.text("quality.prices.share")
    drawn = shares_chart(points, f"{price} ({currency})", share, list(curves))
    rows = [
        (f"{at}%", *(money(prices[at], currency, spoken.code) for prices in curves.values()))
        for at in _SHOWN_PERCENTILES
    ]
    return _figure(drawn, (share, *curves), rows)


def _categories(series: Series, spoken: Language) -> Figure | None:
    shown = dict(list(series.categories.items())[:_MOST_CATEGORIES])
    if not shown:
        return None
    now, before = spoken.text("quality.now"), spoken.text("quality.before")
    names = [now] if next(iter(shown.values()))[1] is None else [now, before]
    bars = [
        {"x": count, "y": category, "series": name}
        for category, counts in shown.items()
        for name, count in zip(names, counts, strict=False)
    ]
    category = spoken.text("quality.categories.category")
    drawn = bars_chart(bars, category, spoken.text("quality.items"), names)
    rows = [
        (name, *(f"{n:,}" for n in counts[: len(names)] if n is not None))
        for name, counts in series.categories.items()
    ]
    return _figure(drawn, (category, *names), rows)


def _scores(report: QualityReport, spoken: Language) -> Figure | None:
    if report.scores is None:
        return None
    label, items = spoken.text("quality.scores.score"), spoken.text("quality.items")
    tenths = [(_tenth(n), count) for n, count in enumerate(report.scores.histogram)]
    bars = [{"x": count, "y": tenth, "series": items} for tenth, count in tenths]
    drawn = bars_chart(bars, label, items, [items])
    return _figure(drawn, (label, items), [(tenth, f"{count:,}") for tenth, count in tenths])


def _tenth(n: int) -> str:
    return f"{10 * n}–{100 if n == 9 else 10 * n + 9}"
