"""Writes the tables of the documents from the result files in bench/results/.

Between `<!-- numbers -->` and `<!-- /numbers -->` stands what a result file says, and nothing else;
a test fails when they differ.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
BLOCK = re.compile(r"(<!-- numbers -->\n).*?(<!-- /numbers -->)", re.DOTALL)


@dataclass(frozen=True)
class Words:
    """What a table says around its numbers, in one language."""

    model: str
    nothing: str


PAGES: Mapping[str, Words] = {
    "README.md": Words("model", "Nothing is measured yet: `make bench`.\n"),
    "README.zh-CN.md": Words("模型", "尚未测量：`make bench`。\n"),
}
"""The documents that have a block of numbers."""


def results(folder: Path) -> list[dict[str, Any]]:
    """All result files, by name."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(found, key=lambda result: str(result["name"]))


def block(found: Sequence[Mapping[str, Any]], words: Words) -> str:
    """A table for each result file: a row a model, a column a metric."""
    return "\n".join(_section(result, words) for result in found) or words.nothing


def _section(result: Mapping[str, Any], words: Words) -> str:
    rows = result["rows"]
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    lines = [[words.model, *names], ["---", *("--:" for _ in names)]]
    for row in rows:
        cells = [_cell(row["metrics"].get(name)) for name in names]
        strong = "**" if row.get("chosen") else ""
        lines.append([f"{strong}{row['model']}{strong}", *cells])
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"**{result['name']}**. {result['protocol']}\n\n{table}"


def _cell(metric: Any) -> str:
    """``.3226 (.3120–.3330)`` where an interval is known, else the number."""
    if metric is None:
        return ""
    if isinstance(metric, Mapping):
        value, low, high = (_number(metric[part]) for part in ("value", "low", "high"))
        return f"{value} ({low}–{high})"
    return _number(metric)


def _number(value: float) -> str:
    """Four digits after the point below 1, else three that count."""
    if abs(value) < 1:
        return f"{value:.4f}".replace("0.", ".", 1)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def renewed(text: str, found: Sequence[Mapping[str, Any]], words: Words) -> str:
    """A document's text with its block of numbers as the result files say."""
    numbers = block(found, words)
    return BLOCK.sub(lambda match: f"{match[1]}{numbers}{match[2]}", text)


def main() -> None:
    found = results(RESULTS)
    for name, words in PAGES.items():
        path = ROOT / name
        path.write_text(renewed(path.read_text(encoding="utf-8"), found, words), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
