"""Draws how table work grows with the log, from the result file of `bench.scale`."""

import json
from pathlib import Path
from typing import Any

import altair as alt

from bench.charts import INK, SERIES, plain, write_svg

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "scale.json"
CHART = ROOT / "docs" / "scale.svg"

ENGINES = {"duckdb": "DuckDB", "spark": "Spark, two executors"}
LIMIT_SECONDS, LIMIT_MB, AT_EVENTS = 900, 8_192, 100_000_000
"""What a hundred million events may take through DuckDB on two cores."""

WIDTH, HEIGHT = 300, 240


def rows_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "engine": ENGINES[row["model"].partition(",")[0]],
            "events": row["metrics"]["events"],
            "seconds": row["seconds"],
            "MB": row["peak_mb"],
        }
        for row in result["rows"]
    ]


def chart_of(result: dict[str, Any]) -> Any:
    rows = rows_of(result)
    seconds = _panel(rows, "seconds", LIMIT_SECONDS, "Seconds until all assets are derived")
    memory = _panel(rows, "MB", LIMIT_MB, "Peak memory of all processes")
    return plain(alt.hconcat(seconds, memory))


def _panel(rows: list[dict[str, Any]], column: str, limit: int, title: str) -> Any:
    x = alt.X("events:Q", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s", tickCount=3))
    y = alt.Y(f"{column}:Q", scale=alt.Scale(type="log"), title=column)
    names = list(ENGINES.values())
    lines = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(point=True)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "engine:N", scale=alt.Scale(domain=names, range=list(SERIES[:2])), title=None
            ),
        )
    )
    goal = (
        alt.Chart(alt.InlineData(values=[{"events": AT_EVENTS, column: limit}]))
        .mark_point(shape="triangle-down", size=90, color=INK)
        .encode(x=x, y=y)
    )
    title = f"{title}; triangle: the goal, {limit:,}"
    return alt.layer(lines, goal).properties(width=WIDTH, height=HEIGHT, title=title)


def draw(result: Path, chart: Path) -> None:
    """Write the chart of a result file."""
    write_svg(chart_of(json.loads(result.read_text(encoding="utf-8"))), chart)


if __name__ == "__main__":
    draw(RESULT, CHART)
