"""Draws how search grows with the catalogue, from the result file of `bench.growth`.

The SVG takes its colours from the reader's light or dark mode.
"""

import json
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "growth.json"
CHART = ROOT / "docs" / "growth.svg"

WAYS = {"cold": "search, cold", "warm": "search, warm", "browse": "browsing with facets"}
BUDGET_MS = 25
WIDTH, HEIGHT = 300, 220

_INK, _LINE = "#010101", "#020202"
_SERIES = ("#030303", "#040404", "#050505")
_LIGHT = {_INK: "#1f2328", _LINE: "#d0d7de"} | dict(
    zip(_SERIES, ("#0969da", "#1a7f37", "#bc4c00"), strict=True)
)
_DARK = {_INK: "#e6edf3", _LINE: "#3d444d"} | dict(
    zip(_SERIES, ("#4493f8", "#3fb950", "#f0883e"), strict=True)
)


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
    return alt.hconcat(_latency(result), _memory(result)).configure(
        background="transparent",
        axis=alt.AxisConfig(
            labelColor=_INK,
            titleColor=_INK,
            gridColor=_LINE,
            domainColor=_LINE,
            tickColor=_LINE,
            labelFontSize=12,
            titleFontSize=12,
        ),
        legend=alt.LegendConfig(
            labelColor=_INK,
            titleColor=_INK,
            labelFontSize=12,
            orient="bottom",
            columns=3,
            symbolBaseFillColor="transparent",
            symbolBaseStrokeColor=_INK,
        ),
        title=alt.TitleConfig(color=_INK, fontSize=13, anchor="start"),
        view=alt.ViewConfig(stroke=None),
    )


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
            color=alt.Color(
                "way:N", scale=alt.Scale(domain=names, range=list(_SERIES)), title=None
            ),
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
        .mark_rule(color=_INK, strokeDash=[2, 3])
        .encode(y="ms:Q")
    )
    title = f"Latency; dotted: the budget of p99, {BUDGET_MS} ms"
    return alt.layer(lines, budget).properties(width=WIDTH, height=HEIGHT, title=title)


def _memory(result: dict[str, Any]) -> Any:
    values = [
        {"products": row["metrics"]["products"], "MB": row["metrics"]["MB"]}
        for row in result["rows"]
    ]
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(point={"color": _SERIES[0]}, color=_SERIES[0])
        .encode(x=_products(), y=alt.Y("MB:Q", scale=alt.Scale(type="log"), title="MB resident"))
        .properties(width=WIDTH, height=HEIGHT, title="Memory of a worker")
    )


def draw(result: Path, chart: Path) -> None:
    """Write the chart of a result file."""
    spec = chart_of(json.loads(result.read_text(encoding="utf-8"))).to_json()
    svg = vl_convert.vegalite_to_svg(spec)
    for stand_in in _LIGHT:
        svg = svg.replace(stand_in, f"var(--c{stand_in[-1]})")
    dark = f"@media (prefers-color-scheme: dark){{{_style(_DARK)}}}"
    style = f"{_style(_LIGHT)}{dark}"
    start = svg.index(">", svg.index("<svg")) + 1
    chart.write_text(f"{svg[:start]}<style>{style}</style>{svg[start:]}\n", encoding="utf-8")
    print(chart)


def _style(colours: dict[str, str]) -> str:
    told = ";".join(f"--c{stand_in[-1]}:{colour}" for stand_in, colour in colours.items())
    return f":root{{{told}}}"


if __name__ == "__main__":
    draw(RESULT, CHART)
