"""What the charts of the documents share: their colours, of the reader's light or dark mode."""

from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

INK, LINE = "#010101", "#020202"
SERIES = ("#030303", "#040404", "#050505")
"""Stand-ins for colours, until the mode is known."""

_LIGHT = {INK: "#1f2328", LINE: "#d0d7de"} | dict(
    zip(SERIES, ("#0969da", "#1a7f37", "#bc4c00"), strict=True)
)
_DARK = {INK: "#e6edf3", LINE: "#3d444d"} | dict(
    zip(SERIES, ("#4493f8", "#3fb950", "#f0883e"), strict=True)
)


def plain(chart: Any) -> Any:
    """Without a ground, frames or anything else that is not the numbers'."""
    return chart.configure(
        background="transparent",
        axis=alt.AxisConfig(
            labelColor=INK,
            titleColor=INK,
            gridColor=LINE,
            domainColor=LINE,
            tickColor=LINE,
            labelFontSize=12,
            titleFontSize=12,
        ),
        legend=alt.LegendConfig(
            labelColor=INK,
            titleColor=INK,
            labelFontSize=12,
            orient="bottom",
            columns=3,
            symbolBaseFillColor="transparent",
            symbolBaseStrokeColor=INK,
        ),
        title=alt.TitleConfig(color=INK, fontSize=13, anchor="start"),
        view=alt.ViewConfig(stroke=None),
    )


def write_svg(chart: Any, path: Path) -> None:
    """Write a chart in stand-in colours, which take those of the reader's mode."""
    svg = vl_convert.vegalite_to_svg(chart.to_json())
    for stand_in in _LIGHT:
        svg = svg.replace(stand_in, f"var(--c{stand_in[-1]})")
    dark = f"@media (prefers-color-scheme: dark){{{_style(_DARK)}}}"
    style = f"{_style(_LIGHT)}{dark}"
    start = svg.index(">", svg.index("<svg")) + 1
    path.write_text(f"{svg[:start]}<style>{style}</style>{svg[start:]}\n", encoding="utf-8")
    print(path)


def _style(colours: dict[str, str]) -> str:
    told = ";".join(f"--c{stand_in[-1]}:{colour}" for stand_in, colour in colours.items())
    return f":root{{{told}}}"
