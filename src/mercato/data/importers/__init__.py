"""The dialects in which feeds and logs come, one file each, found here by name."""

from collections.abc import Mapping
from pathlib import Path

from mercato.core.errors import BadInput, NotFound, WrongUse
from mercato.data.importers.complete_journey import CompleteJourney, table_files
from mercato.data.importers.ga4 import Ga4
from mercato.data.importers.merchant import Merchant
from mercato.data.importers.plain import Plain
from mercato.data.importers.raw import Dialect, Source

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (CompleteJourney(), Ga4(), Merchant(), Plain())
}
"""Every dialect by its name, the more particular before the more general."""


def source_of(path: Path) -> Source:
    """Raises NotFound where there is nothing at ``path``."""
    if path.is_dir():
        return Source(path, tuple(file for file in table_files(path) if file.exists()))
    if not path.exists():
        raise NotFound(f"a file at {path}", "nothing", "Check the path.")
    return Source(path, (path,))


def dialect_of(source: Source, asset: str, name: str | None) -> Dialect:
    """The dialect called ``name``, or the one that the source looks like.

    Raises WrongUse for a name that is none, BadInput where no dialect fits.
    """
    known = [dialect for dialect in DIALECTS.values() if asset in dialect.assets]
    if name is not None:
        for dialect in known:
            if dialect.name == name:
                return dialect
        names = ", ".join(dialect.name for dialect in known)
        raise WrongUse(f"a format of {asset} out of {names}", repr(name), "Name one of those.")
    for dialect in known:
        if dialect.holds(source, asset):
            return dialect
    raise BadInput(
        f"{asset} in .csv, .tsv, .jsonl or .parquet (maybe with .gz)",
        str(source.path),
        "Name its format with --format, or convert it.",
    )
