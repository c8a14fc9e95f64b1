"""The part of a release that says which segments a shopper belongs to, for merchandising rules."""

from pathlib import Path

import pyarrow as pa

from mercato.core.progress import Step
from mercato.data.segments import Segments
from mercato.training.workshop import Made, Workshop


def make_segments(workshop: Workshop, users: pa.Table, version: int) -> Made:
    """users : the asset, in the version that made its rows"""

    def work(folder: Path, step: Step) -> None:
        found = Segments.from_table(users)
        found.save(folder)
        step.note(f"{len(found.shopper_ids):,} shoppers")

    return workshop.make("segments", {"users": version}, work)
