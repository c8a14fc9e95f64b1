"""Draws what variety costs and gains on a shelf, from the result file of `bench.shelf_tradeoff`."""

import json
from typing import Any

import altair as alt

from bench.charts import INK, SERIES, plain, write_svg
from bench.harness import ROOT

RESULT = ROOT / "bench" / "results" / "shelf_tradeoff.json"
CHART = ROOT / "docs" / "shelf-tradeoff.svg"

ACCURACY = "home/recall@20"
TOLD = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Values of the setting that stand at their points; the others lie too close."""

WIDTH, HEIGHT = 230, 220


def points(result: dict[str, Any]) -> list[dict[str, Any]]:
    """One a value of the setting."""
    return [
        {
            "variety": float(row["model"].removeprefix("variety ")),
            "accuracy": row["metrics"][ACCURACY]["value"],
            "low": row["metrics"][ACCURACY]["low"],
            "high": row["metrics"][ACCURACY]["high"],
            "diversity": row["metrics"]["diversity"]["value"],
            "novelty": row["metrics"]["novelty"]["value"],
            "coverage": row["metrics"]["coverage"],
        }
        for row in result["rows"]
    ]


def _panel(values: list[dict[str, Any]], name: str, title: str, colour: str) -> Any:
    data = alt.Chart(alt.InlineData(values=values))
    x = alt.X(f"{name}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4))
    y = alt.Y("accuracy:Q", title="recall@20 of new things")
    line = data.mark_line(point={"color": colour}, color=colour).encode(
        x=x, y=y, order=alt.Order("variety:Q")
    )
    spread = data.mark_rule(color=colour, opacity=0.4).encode(x=x, y="low:Q", y2="high:Q")
    apart = [each for each in values if each["variety"] in TOLD]
    told = (
        alt.Chart(alt.InlineData(values=apart))
        .mark_text(color=INK, dx=4, dy=-9, align="left", fontSize=11)
        .encode(x=x, y=y, text=alt.Text("variety:Q", format="~g"))
    )
    return alt.layer(spread, line, told).properties(width=WIDTH, height=HEIGHT)


def main() -> None:
    values = points(json.loads(RESULT.read_text(encoding="utf-8")))
    panels = (
        ("diversity", "distance of two items' texts", SERIES[0]),
        ("novelty", "bits that an item tells", SERIES[1]),
        ("coverage", "share of all items shown to anybody", SERIES[2]),
    )
    write_svg(plain(alt.hconcat(*(_panel(values, *panel) for panel in panels))), CHART)


if __name__ == "__main__":
    main()
