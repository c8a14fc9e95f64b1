"""Click models: which app is used next (Frappe), and which ad is clicked (KDD Cup 2012).

``--data`` is the folder with frappe_cfm/ and kdd12_sample.csv.gz, or either of them alone. The
published files are of each alone: bench/ctr_frappe.py and bench/ctr_kdd12.py.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import ctr_frappe, ctr_kdd12
from bench.harness import Arguments, Row, arguments, data_folder, write_result

Measure = Callable[[Path, Arguments, float], list[Row]]


def sources(paths: Sequence[Path]) -> Iterator[tuple[Measure, str, Path, list[Path]]]:
    """What measures each data set, how, and on which files."""
    for path in paths:
        for frappe in (path, path / "frappe_cfm"):
            if (frappe / "train.csv.gz").exists():
                files = [frappe / "train.csv.gz", frappe / "test.csv.gz"]
                yield ctr_frappe.rows, ctr_frappe.PROTOCOL, frappe, files
        for kdd12 in (path, path / "kdd12_sample.csv.gz"):
            if kdd12.is_file():
                yield ctr_kdd12.rows, ctr_kdd12.PROTOCOL, kdd12, [kdd12]


def main() -> None:
    asked = arguments(__doc__, name="ctr", data=data_folder() / "ctr", minutes=40)
    found = list(sources(asked.paths))
    begun, rows, files = time.monotonic(), list[Row](), list[Path]()
    for number, (measure, _, path, read) in enumerate(found, start=1):
        rows += measure(path, asked, begun + 60 * asked.minutes * number / len(found))
        files += read
    protocol = " ".join(told for _, told, _, _ in found)
    write_result(asked.out, name="ctr", protocol=protocol, data=files, rows=rows)


if __name__ == "__main__":
    main()
