"""Draws how search grows with the catalogue, from the result file of `bench.growth`."""

import json
from pathlib import Path
from typing import Any

import altair as alt

from bench.charts import INK, SERIES, plain, write_svg

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "growth.json"
CHART = ROOT / "docs" / "growth.svg"

WAYS = {"cold": "search, cold", "warm": "search, warm", "browse": "browsing with facets"}
BUDGET_MS = 25
WIDTH, HEIGHT = 260, 220


def rows_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """A point for each size, way and percentile, over HTTP."""
    return [
        {
            "products": row["metrics"]["products"],
            "way": name,
            "percentile": percentile,
            "ms": row["metrics"][f"HTTP {way} {percentile} ms"],
        }
        for row in result["rows"]
        for way, name in WAYS.items()
        for percentile in ("p50", "p99")
    ]


def chart_of(result: dict[str, Any]) -> Any:
    memory = _one(result, "MB", "MB resident", "Memory of a worker")
    build = _one(result, "build s", "seconds", "Build, encoding of all texts included")
    return plain(alt.hconcat(_latency(result), memory, build))


def _products() -> alt.X:
    return alt.X(
        "products:Q",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~s", tickCount=3),
        title="products",
    )


def _latency(result: dict[str, Any]) -> Any:
    names = list(WAYS.values())
    lines = (
        alt.Chart(alt.InlineData(values=rows_of(result)))
        .mark_line(point=True)
        .encode(
            x=_products(),
            y=alt.Y("ms:Q", scale=alt.Scale(type="log"), title="milliseconds over HTTP"),
            color=alt.Color("way:N", scale=alt.Scale(domain=names, range=list(SERIES)), title=None),
            strokeDash=alt.StrokeDash(
                "percentile:N",
                scale=alt.Scale(domain=["p50", "p99"], range=[[1, 0], [5, 4]]),
                title=None,
                legend=alt.Legend(symbolType="stroke"),
            ),
        )
    )
    budget = (
        alt.Chart(alt.InlineData(values=[{"ms": BUDGET_MS}]))
        .mark_rule(color=INK, strokeDash=[2, 3])
        .encode(y="ms:Q")
    )
    title = f"Latency; dotted: the budget of p99, {BUDGET_MS} ms"
    return alt.layer(lines, budget).properties(width=WIDTH, height=HEIGHT, title=title)


def _one(result: dict[str, Any], metric: str, axis: str, title: str) -> Any:
    values = [
        {"products": row["metrics"]["products"], "value": row["metrics"][metric]}
        for row in result["rows"]
    ]
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(point={"color": SERIES[0]}, color=SERIES[0])
        .encode(x=_products(), y=alt.Y("value:Q", scale=alt.Scale(type="log"), title=axis))
        .properties(width=WIDTH, height=HEIGHT, title=title)
    )


def draw(result: Path, chart: Path) -> None:
    """Write the chart of a result file."""
    write_svg(chart_of(json.loads(result.read_text(encoding="utf-8"))), chart)


if __name__ == "__main__":
    draw(RESULT, CHART)
