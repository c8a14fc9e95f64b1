"""The part of a release that spelling needs."""

from collections import Counter
from pathlib import Path

import pyarrow as pa

from mercato.catalogue.analysis import surface_words
from mercato.catalogue.base import open_base
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.core.progress import Step
from mercato.training.workshop import Made, Workshop


def make_lexicon(workshop: Workshop, catalogue: Made, statistics: pa.Table, made_from: int) -> Made:
    """The words of the catalogue, and how often they are searched for.

    statistics : the asset ``query_statistics``; ``made_from``: the version that made its rows
    """

    def work(folder: Path, step: Step) -> None:
        written = WrittenWords.of(open_base(catalogue.folder, None), searched_words(statistics))
        written.save(folder)
        step.note(f"{len(written.lexicon):,} words")

    of = {"catalogue": catalogue.fingerprint, "query_statistics": made_from}
    return workshop.make("lexicon", of, work)


def searched_words(statistics: pa.Table) -> dict[str, int]:
    """Words of queries, with in how many searches each was typed."""
    found: Counter[str] = Counter()
    queries = zip(statistics["query"].to_pylist(), statistics["searches"].to_pylist(), strict=True)
    for query, searches in queries:
        for word in dict.fromkeys(surface_words(query)):
            found[word] += searches
    return dict(found)
