"""What shoppers searched for, for the transformer of a build: where there is one, and texts are
read."""

import json
from pathlib import Path

import pyarrow as pa

from mercato.core.progress import Step
from mercato.data.search_histories import SearchHistories
from mercato.models.text_encoder import TextEncoder
from mercato.ranking.fusion import Calibration
from mercato.training.parts_text import CALIBRATION
from mercato.training.workshop import Made, Workshop

SEARCHES = "searches"
"""Place in a release."""

ASSET = "search_histories"


def make_searches(
    workshop: Workshop,
    table: pa.Table | None,
    made_from: int | None,
    made: dict[str, Made],
) -> Made | None:
    """`SearchHistories` with the vectors of the release's encoder; None where nobody searched, or
    serving could not encode a search.

    table     : the asset; None where nothing reads it
    made_from : the version that made its rows
    made      : the other parts, by place
    """
    encoder = made.get("encoder")
    if table is None or not table.num_rows or encoder is None:
        return None
    said = json.loads((made["calibration"].folder / CALIBRATION).read_text())
    if not Calibration.from_json(said).reads:
        return None

    def work(folder: Path, step: Step) -> None:
        found = SearchHistories.from_table(table, TextEncoder.open(encoder.folder).encode_queries)
        found.save(folder)
        step.note(f"{len(found.searches.ts):,} searches, {len(found.searches.keys):,} texts")

    return workshop.make(SEARCHES, {"asset": made_from, "encoder": encoder.fingerprint}, work)
