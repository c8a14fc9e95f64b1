"""Charts of the report: Vega-Lite specifications by Altair, drawn to SVG by vl-convert.

Imported only where a report is written. Colours are names of the page's own, put in afterwards,
so that a chart follows light and dark like the text around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

WIDTHS = {"wide": 720, "narrow": 230}
"""Pixels of a chart's plane, by the class of the screens that show it."""

_HEIGHT = 220
_ROW = 24

_INK, _SOFT, _LINE, _NOW, _BEFORE = "#010101", "#020202", "#030303", "#040404", "#050505"
_COLOURS = {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _LINE: "var(--line)",
    _NOW: "var(--now)",
    _BEFORE: "var(--before)",
}


@dataclass(frozen=True)
class Drawn:
    """A chart for each of `WIDTHS`, as SVG."""

    wide: str
    narrow: str


def days_chart(rows: Sequence[Mapping[str, Any]], day: str, lines: str) -> Drawn:
    """``rows`` : {"x": ISO day, "y": lines}"""
    chart = _chart(rows).mark_area(
        line={"color": _NOW, "strokeWidth": 1.2}, color=_NOW, opacity=0.25
    )
    return _drawn(
        chart.encode(
            x=alt.X(
                "x:T", title=day, axis=alt.Axis(format="%Y-%m", tickCount=6, labelOverlap=True)
            ),
            y=alt.Y("y:Q", title=lines, axis=alt.Axis(format=",d", tickCount=5)),
        )
    )


def shares_chart(
    rows: Sequence[Mapping[str, Any]], price: str, share: str, names: Sequence[str]
) -> Drawn:
    """``rows`` : {"x": price, "y": share of items up to it, "series": name out of ``names``}"""
    colour = alt.Scale(domain=list(names), range=[_NOW, _BEFORE][: len(names)])
    dash = alt.Scale(domain=list(names), range=[[1, 0], [5, 4]][: len(names)])
    price_axis = alt.Axis(tickCount=4, grid=False, format="~g")
    return _drawn(
        _chart(rows)
        .mark_line(strokeWidth=2, interpolate="step-after")
        .encode(
            x=alt.X("x:Q", title=price, scale=alt.Scale(type="log"), axis=price_axis),
            y=alt.Y("y:Q", title=share, axis=alt.Axis(format=".0%", tickCount=5)),
            color=alt.Color("series:N", scale=colour, title=None, legend=_legend(names)),
            strokeDash=alt.StrokeDash("series:N", scale=dash, title=None, legend=_legend(names)),
        )
    )


def bars_chart(
    rows: Sequence[Mapping[str, Any]], label: str, count: str, names: Sequence[str]
) -> Drawn:
    """``rows`` : {"x": count, "y": what it is of, "series": name out of ``names``}, in their
    order."""
    order = list(dict.fromkeys(row["y"] for row in rows))
    colour = alt.Scale(domain=list(names), range=[_NOW, _BEFORE][: len(names)])
    chart = (
        _chart(rows)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X("x:Q", title=count, axis=alt.Axis(format=",d", tickCount=4, labelOverlap=True)),
            y=alt.Y("y:N", title=None, sort=order, axis=alt.Axis(labelLimit=150, domain=False)),
            yOffset=alt.YOffset("series:N", sort=list(names)),
            color=alt.Color("series:N", scale=colour, title=None, legend=_legend(names)),
        )
    )
    return _drawn(chart, height=_ROW * len(order) * max(len(names), 1))


def _chart(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def _legend(names: Sequence[str]) -> alt.Legend | None:
    """One series needs none."""
    return alt.Legend(orient="top") if len(names) > 1 else None


def _drawn(chart: alt.Chart, height: int = _HEIGHT) -> Drawn:
    return Drawn(**{name: _svg(chart, width, height) for name, width in WIDTHS.items()})


def _svg(chart: alt.Chart, width: int, height: int) -> str:
    sized = (
        chart.properties(width=width, height=height, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_SOFT,
            titleColor=_SOFT,
            gridColor=_LINE,
            domainColor=_LINE,
            tickColor=_LINE,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
        )
        .configure_legend(labelColor=_INK, labelFontSize=12)
    )
    svg = str(vl_convert.vegalite_to_svg(sized.to_dict()))
    for name, own in _COLOURS.items():
        svg = svg.replace(name, own)
    return svg
