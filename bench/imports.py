"""How long an import of ten million event lines takes, and how much memory it needs.

The log is generated: no shop's own log of that size may be published. ``mercato import`` reads it
twice in a process of its own, the second time to find that nothing changed. ``--data`` is the
folder in which the generated files are kept.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.harness import ROOT, Row, arguments, write_result

LINES = 10_000_000
QUICK_LINES = 100_000

PROTOCOL = (
    "{lines:,} generated event lines of 90 days, 400,000 shoppers and 50,000 items, in one file; "
    "`mercato import --events` in a process of its own, its wall time and its largest resident "
    "memory; then the same file again. Lines are counted in the asset afterwards."
)

_LOG = """
SELECT
  'e' || (i // 2) AS event_id,
  CAST(i % 2 AS INTEGER) AS line,
  strftime(TIMESTAMP '2026-01-01' + INTERVAL (i // 2 * 7776000 // ({lines} // 2)) SECOND,
           '%Y-%m-%dT%H:%M:%SZ') AS ts,
  CASE hash(i // 2) % 20
    WHEN 0 THEN 'purchase' WHEN 1 THEN 'add_to_cart' WHEN 2 THEN 'select_item'
    WHEN 3 THEN 'select_item' ELSE 'view_item' END AS event,
  CASE WHEN hash(i // 2, 3) % 3 = 0 THEN 'u' || (hash(i // 2, 1) % 400000) END AS user_id,
  'v' || (hash(i // 2, 1) % 400000) AS visitor_id,
  'sku-' || CAST(floor(50000 * pow((hash(i, 2) % 1000000) / 1e6, 3)) AS INTEGER) AS item_id,
  1 + hash(i, 4) % 3 AS quantity,
  round(0.5 + (hash(i, 5) % 10000) / 100, 2) AS price,
  'USD' AS currency
FROM range({lines}) rows(i) ORDER BY i
"""

_EVENTS = """
SELECT a.event_id, a.ts, a.event, a.user_id, a.visitor_id, a.currency,
  [{{'item_id': a.item_id, 'quantity': a.quantity, 'price': a.price}},
   {{'item_id': b.item_id, 'quantity': b.quantity, 'price': b.price}}] AS items
FROM ({log}) a JOIN ({log}) b ON a.event_id = b.event_id AND a.line = 0 AND b.line = 1
"""


@dataclass(frozen=True)
class Form:
    """One way to write the log: the file's name, DuckDB's options for it, and its rows."""

    name: str
    options: str
    rows: str = "{log}"


FORMS: Mapping[str, Form] = {
    "plain CSV": Form("log.csv", "(FORMAT csv, HEADER)"),
    "plain JSON lines": Form("log.jsonl", "(FORMAT json)"),
    "plain Parquet": Form("log.parquet", "(FORMAT parquet)"),
    "GA4 JSON lines": Form("log.ga4.jsonl", "(FORMAT json)", _EVENTS),
    "plain CSV, gzip": Form("log.csv.gz", "(FORMAT csv, HEADER, COMPRESSION gzip)"),
}


def generate(folder: Path, form: Form, lines: int) -> Path:
    """Write the log, unless it lies there already."""
    path = folder / str(lines) / form.name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            rows = form.rows.format(log=_LOG.format(lines=lines))
            connection.execute(f"COPY ({rows}) TO '{part}' {form.options}")
        part.rename(path)
    return path


@dataclass(frozen=True)
class Run:
    """seconds : wall time; peak_mb : largest resident memory; report : what the import printed"""

    seconds: float
    peak_mb: float
    report: Mapping[str, int]


def run(shop: Path, log: Path) -> Run:
    """One import in a process of its own."""
    command = [sys.executable, "-m", "mercato.cli", "import", str(shop), "--events", str(log)]
    start = time.monotonic()
    with subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the import of {log} failed")
    seconds = time.monotonic() - start
    return Run(seconds, used.ru_maxrss / 1024, json.loads(printed)[0])


def measure(name: str, log: Path, lines: int) -> Row:
    """Import a log twice into a new shop."""
    with tempfile.TemporaryDirectory(dir=log.parent) as folder:
        shop = Path(folder) / "shop"
        subprocess.run([sys.executable, "-m", "mercato.cli", "init", str(shop)], check=True)
        first, again = run(shop, log), run(shop, log)
    assert first.report["accepted"] == lines, first.report
    assert (again.report["unchanged"], again.report["accepted"]) == (lines, 0), again.report
    assert again.report["version"] == first.report["version"]
    return Row(
        name,
        {
            "lines": lines,
            "seconds": round(first.seconds, 1),
            "lines/s": round(lines / first.seconds),
            "again, seconds": round(again.seconds, 1),
            "again, peak MB": round(again.peak_mb),
        },
        seconds=first.seconds + again.seconds,
        peak_mb=first.peak_mb,
    )


def main() -> None:
    asked = arguments(__doc__, name="imports", data=ROOT / "var" / "logs", minutes=30)
    lines = QUICK_LINES if asked.quick else LINES
    wanted = {name: form for name, form in FORMS.items() if asked.wants(name)}
    # In a process of its own: a child's largest memory begins with that of its parent.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        logs = {
            name: pool.apply(generate, (asked.data, form, lines)) for name, form in wanted.items()
        }
    rows = [measure(name, log, lines) for name, log in logs.items()]
    protocol = PROTOCOL.format(lines=lines)
    write_result(asked.out, name="imports", protocol=protocol, data=list(logs.values()), rows=rows)


if __name__ == "__main__":
    main()
