"""The part of a release that knows what phrases of a query name."""

from pathlib import Path

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.entities import save_entities
from mercato.catalogue.entity_finding import fields_named, find_entities
from mercato.core.progress import Step
from mercato.training.workshop import Made, Workshop


def make_entities(workshop: Workshop, catalogue: Made) -> Made:
    """The phrases that name values of the catalogue's fields."""
    opened = Catalogue.over(open_base(catalogue.folder, None), 0)

    def work(folder: Path, step: Step) -> None:
        found = find_entities(opened, step)
        save_entities(folder, found)
        step.note(f"{len(found):,} phrases")

    of = {"catalogue": catalogue.fingerprint}
    return workshop.make("entities", of, work, len(fields_named(opened)))
