"""A result that is measured in several runs, as networks take hours: each row says by what."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.harness import Arguments, Row, write_result

ELECTED_BY = "validation"
"""The metric by which the chosen row of a group is chosen."""


def write_merged(
    asked: Arguments,
    *,
    name: str,
    protocol: str,
    data: Sequence[Path],
    rows: Sequence[Row],
    elected_by: str = ELECTED_BY,
) -> None:
    """As `harness.write_result`; with ``--merge`` rows that stood there and were not measured now
    stay, with the commit that they were measured at, and each group's chosen row is chosen anew."""
    path = asked.out
    before: dict[str, Any] = {}
    if asked.merge and path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
    write_result(path, name=name, protocol=protocol, data=data, rows=rows)
    if not before:
        return
    now = json.loads(path.read_text(encoding="utf-8"))
    merged = _merged(before, now, {row.model: row.group for row in rows}, elected_by)
    path.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _merged(
    before: Mapping[str, Any], now: Mapping[str, Any], groups: Mapping[str, str], elected_by: str
) -> dict[str, Any]:
    """groups: of the rows measured now"""
    measured = {row["model"] for row in now["rows"]}
    kept = [
        {"commit": before["commit"], "machine": before["machine"]} | row
        for row in before["rows"]
        if row["model"] not in measured
    ]
    new = [row | {"commit": now["commit"], "machine": now["machine"]} for row in now["rows"]]
    rows = kept + new
    of = {row["model"]: _group(row["model"], set(groups.values())) for row in rows}
    for group in set(groups.values()):
        _elect([row for row in rows if of[row["model"]] == group], elected_by)
    return {
        **now,
        "data": before["data"] | now["data"],
        "protocol": _joined(before["protocol"], now["protocol"]),
        "rows": rows,
    }


def _group(model: str, groups: set[str]) -> str | None:
    """The longest of the groups that a row's name begins with."""
    fit = [each for each in groups if not each or model.split(" ")[0] == each]
    return max(fit, key=len, default=None)


def _elect(rows: list[dict[str, Any]], by: str) -> None:
    told = [row for row in rows if by in row["metrics"]]
    best = max(told, key=lambda row: float(row["metrics"][by]), default=None)
    for row in told:
        row.pop("chosen", None)
    if best is not None:
        best["chosen"] = True


def _joined(before: str, now: str) -> str:
    """What both say once, and behind it what only the earlier one said, by sentences."""
    sentences = [each.rstrip(".") for text in (now, before) for each in text.split(". ")]
    return ". ".join(dict.fromkeys(sentences)) + "."
