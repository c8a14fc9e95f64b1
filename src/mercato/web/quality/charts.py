"""Charts of the report: Vega-Lite specifications by Altair, drawn as the console's are.

Imported only where a report is written. Colours are names of the page's own, put in afterwards,
so that a chart follows light and dark like the text around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from mercato.web.console.charts import BEFORE, NOW, drawn_as

WIDTHS = {"wide": 720, "narrow": 230}
"""Pixels of a chart's plane, by the class of the screens that show it."""

_HEIGHT = 220
_ROW = 24

_OF_THE_PAGE = ("var(--ink)", "var(--soft)", "var(--line)", "var(--now)", "var(--before)")
"""Stand for `COLOURS`."""


@dataclass(frozen=True)
class Drawn:
    """A chart for each of `WIDTHS`, as SVG."""

    wide: str
    narrow: str


def days_chart(rows: Sequence[Mapping[str, Any]], day: str, lines: str) -> Drawn:
    """``rows`` : {"x": ISO day, "y": lines}"""
    chart = _chart(rows).mark_area(line={"color": NOW, "strokeWidth": 1.2}, color=NOW, opacity=0.25)
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
    colour = alt.Scale(domain=list(names), range=[NOW, BEFORE][: len(names)])
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
    colour = alt.Scale(domain=list(names), range=[NOW, BEFORE][: len(names)])
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
    return drawn_as(chart.properties(width=width, height=height), _OF_THE_PAGE)
