"""Click models: which app is used next (Frappe), and which ad is clicked (KDD Cup 2012).

``--data`` is the folder with frappe_cfm/ and kdd12_sample.csv.gz, or either of them alone.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import ctr_frappe, ctr_kdd12
from bench.harness import Arguments, Row, arguments, data_folder, write_result

FRAPPE = (
    "frappe: CFM's split, 3,387 contexts of users, the app that was used among all 4,082; hit@k "
    "with nothing masked, as published for popularity (.2539, .3493, .4136); masked: without what"
    " the same user used in the very same context, as CFM's code has it. Chosen by hit@5 on "
    "contexts of a validation that was cut from the train as the test was; networks are fitted on"
    " the rest of the train, four drawn apps against each used one, and corrected for how often "
    "each is drawn. seconds: fits and scores of both splits."
)

KDD12 = (
    "kdd12: ten folds by user, the scores of all held-out folds together; ids are counted in the "
    "train's rows alone; one in ten of the train's users stops the learning and chooses "
    "(validation auc: the mean of the folds); intervals draw users anew; gain: AUC above that of "
    "logistic regression on ids one by one, in the same draws. seconds: fits and scores of all "
    "folds."
)

Measure = Callable[[Path, Arguments, float], list[Row]]


def sources(paths: Sequence[Path]) -> Iterator[tuple[Measure, str, Path, list[Path]]]:
    """What measures each data set, how, and on which files."""
    for path in paths:
        for frappe in (path, path / "frappe_cfm"):
            if (frappe / "train.csv.gz").exists():
                files = [frappe / "train.csv.gz", frappe / "test.csv.gz"]
                yield ctr_frappe.rows, FRAPPE, frappe, files
        for kdd12 in (path, path / "kdd12_sample.csv.gz"):
            if kdd12.is_file():
                yield ctr_kdd12.rows, KDD12, kdd12, [kdd12]


def main() -> None:
    asked = arguments(__doc__, name="ctr", data=data_folder() / "ctr", minutes=40)
    found = list(sources(asked.paths))
    begun, rows, files = time.monotonic(), list[Row](), list[Path]()
    for number, (measure, _, path, read) in enumerate(found, start=1):
        rows += measure(path, asked, begun + 60 * asked.minutes * number / len(found))
        files += read
    protocol = " ".join(told for _, told, _, _ in found)
    write_result(asked.out, name=asked.out.stem, protocol=protocol, data=files, rows=rows)


if __name__ == "__main__":
    main()
