"""Draws charts: reads figures from stdin, a JSON object a line, and writes SVG to stdout likewise.

A program of its own, run by its path: it imports nothing of ours, since Altair and the JavaScript
engine of vl-convert take 175 MB (measured), which are not a server's to keep.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

INK, SOFT, LINE, NOW, BEFORE = COLOURS = "#010101", "#020202", "#030303", "#040404", "#050505"
"""Stand for colours of the page's own, which follow light and dark."""

_LIGHT = {
    INK: "#23201a",
    SOFT: "#686156",
    LINE: "#e5dfd3",
    NOW: "#b5371f",
    BEFORE: "#7a8aa0",
}
_DARK = {
    INK: "#f2ede4",
    SOFT: "#b5ac9d",
    LINE: "#38342d",
    NOW: "#ff8d6c",
    BEFORE: "#8b9db5",
}

_FORMATS = {"count": ",~s", "share": ".0%", "money": ",~s", "number": ",~g"}

_FONT = (
    "Segoe UI, -apple-system, BlinkMacSystemFont, Roboto, Helvetica Neue, Noto Sans, "
    "Noto Sans CJK SC, PingFang SC, Microsoft YaHei, Liberation Sans, Arial, sans-serif"
)


def lines(figure: dict[str, Any]) -> Any:
    """A line for each series over days, the first one drawn through: a chart, in layers where
    there are marks."""
    days = alt.X("x:T", title=None, axis=alt.Axis(format="%m-%d", tickCount=6, grid=False))
    drawn = _line(figure, days, alt.Scale(zero=True, nice=True))
    return alt.layer(drawn, *_marks(figure)) if figure["marks"] else drawn


def curves(figure: dict[str, Any]) -> alt.Chart:
    """A line for each series over whole numbers, in the range that their values have."""
    axis = alt.Axis(format="d", tickMinStep=1, tickCount=6, grid=False)
    numbers = alt.X("x:Q", title=figure["columns"][0], axis=axis, scale=alt.Scale(zero=False))
    return _line(figure, numbers, alt.Scale(zero=False, nice=True))


def _line(figure: dict[str, Any], x: alt.X, scale: alt.Scale) -> alt.Chart:
    names = figure["columns"][1:]
    colour, dash = _scales(names)
    legend = alt.Legend(orient="top", title=None) if len(names) > 1 else None
    drawn: alt.Chart = (
        _chart(figure)
        .mark_line(strokeWidth=2, interpolate="monotone")
        .encode(
            x=x,
            y=alt.Y(
                "y:Q",
                title=figure["unit"] or None,
                scale=scale,
                axis=alt.Axis(format=_FORMATS[figure["measure"]], tickCount=4, domain=False),
            ),
            color=alt.Color("series:N", scale=colour, legend=legend),
            strokeDash=alt.StrokeDash("series:N", scale=dash, legend=legend),
        )
    )
    return drawn


def _marks(figure: dict[str, Any]) -> tuple[alt.Chart, alt.Chart]:
    """An upright line at each day on which something happened, and what."""
    values = [{"x": day, "text": text} for day, text in figure["marks"]]
    plain = alt.Chart(alt.InlineData(values=values)).encode(x="x:T")
    text = plain.mark_text(align="left", baseline="top", dx=4, color=SOFT, fontSize=11)
    return plain.mark_rule(color=SOFT, strokeDash=[2, 2]), text.encode(
        y=alt.value(0), text="text:N"
    )


def bars(figure: dict[str, Any]) -> alt.Chart:
    """A bar for each row and series, in the order of the rows."""
    names = figure["columns"][1:]
    colour, _ = _scales(names)
    legend = alt.Legend(orient="top", title=None) if len(names) > 1 else None
    plain = _chart(figure).mark_bar(cornerRadiusEnd=2)
    drawn: alt.Chart = plain.encode(
        x=alt.X(
            "y:Q",
            title=figure["unit"] or None,
            axis=alt.Axis(format=_FORMATS[figure["measure"]], tickCount=4, domain=False),
        ),
        y=alt.Y(
            "x:N",
            title=None,
            sort=[row[0] for row in figure["rows"]],
            axis=alt.Axis(labelLimit=170, domain=False, ticks=False),
        ),
        yOffset=alt.YOffset("series:N", sort=names),
        color=alt.Color("series:N", scale=colour, legend=legend),
    )
    return drawn


_KINDS = {"lines": lines, "curves": curves, "bars": bars}


def _scales(names: list[str]) -> tuple[alt.Scale, alt.Scale]:
    colours, dashes = [NOW, BEFORE], [[1, 0], [4, 3]]
    return (
        alt.Scale(domain=names, range=colours[: len(names)]),
        alt.Scale(domain=names, range=dashes[: len(names)]),
    )


def _chart(figure: dict[str, Any]) -> alt.Chart:
    names = figure["columns"][1:]
    values = [
        {"x": row[0], "y": value, "series": name}
        for row in figure["rows"]
        for name, value in zip(names, row[1:], strict=True)
        if value is not None
    ]
    return alt.Chart(alt.InlineData(values=values))


def svg(figure: dict[str, Any], width: int, height: int) -> str:
    """The drawing of a figure, in light and dark."""
    chart = _KINDS[figure["kind"]](figure).properties(
        width=width,
        height=height,
        padding=4,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
    )
    drawn = drawn_as(chart, [f"var(--c{at})" for at, _ in enumerate(COLOURS)])
    head, tail = drawn.split(">", 1)
    return f"{head}>{_style()}{tail}"


def drawn_as(chart: Any, colours: Sequence[str]) -> str:
    """SVG of a chart made with `COLOURS`, which CSS ``colours`` take the place of."""
    quiet = {"labelColor": SOFT, "titleColor": SOFT, "titleFontWeight": "normal"}
    lines = {"gridColor": LINE, "domainColor": LINE, "tickColor": LINE}
    plain = (
        chart.properties(background="transparent")
        .configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, **quiet, **lines)
        .configure_legend(labelColor=INK, labelFontSize=12, symbolStrokeWidth=2)
    )
    drawn = str(vl_convert.vegalite_to_svg(plain.to_dict()))
    for name, colour in zip(COLOURS, colours, strict=True):
        drawn = drawn.replace(name, colour)
    return drawn


def _style() -> str:
    def tokens(colours: dict[str, str]) -> str:
        return ";".join(f"--c{at}:{colour}" for at, colour in enumerate(colours.values()))

    dark = f"@media(prefers-color-scheme:dark){{:root{{{tokens(_DARK)}}}}}"
    return f"<style>:root{{{tokens(_LIGHT)}}}{dark}</style>"


def main() -> None:
    """Until stdin ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        drawn = svg(asked["figure"], asked["width"], asked["height"])
        sys.stdout.write(json.dumps({"svg": drawn}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
