"""The part of a release that spelling needs."""

from collections.abc import Mapping
from pathlib import Path

from mercato.catalogue.base import open_base
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.core.progress import Step
from mercato.training.workshop import Made, Workshop


def make_lexicon(workshop: Workshop, catalogue: Made, searched: Mapping[str, int]) -> Made:
    """The words of the catalogue.

    searched : words of queries, folded, with how often each was typed
    """

    def work(folder: Path, step: Step) -> None:
        written = WrittenWords.of(open_base(catalogue.folder, None), searched)
        written.save(folder)
        step.note(f"{len(written.lexicon):,} words")

    of = {"catalogue": catalogue.fingerprint, "searched": sorted(searched.items())}
    return workshop.make("lexicon", of, work)
