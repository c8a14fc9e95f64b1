"""The dialects in which feeds and logs come, one file each, found here by name."""

import os.path
from collections.abc import Mapping
from pathlib import Path

from mercato.core.errors import BadInput, WrongUse
from mercato.data.importers.algolia_insights import ALGOLIA_INSIGHTS
from mercato.data.importers.complete_journey import CompleteJourney, table_files
from mercato.data.importers.encodings import check_encoding, likely_encoding
from mercato.data.importers.ga4 import GA4
from mercato.data.importers.ga4_bigquery import GA4_BIGQUERY
from mercato.data.importers.google_retail import GOOGLE_RETAIL
from mercato.data.importers.json_ld import JsonLd
from mercato.data.importers.locating import files_at
from mercato.data.importers.merchant import Merchant
from mercato.data.importers.merchant_xml import MerchantXml
from mercato.data.importers.plain import Plain
from mercato.data.importers.raw import Dialect, Source
from mercato.data.importers.segment import SEGMENT
from mercato.data.importers.shopify import Shopify
from mercato.data.importers.signatures import binary_name
from mercato.data.importers.ubi import UBI

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        CompleteJourney(),
        GA4_BIGQUERY,
        GOOGLE_RETAIL,
        SEGMENT,
        UBI,
        ALGOLIA_INSIGHTS,
        GA4,
        Merchant(),
        MerchantXml(),
        Shopify(),
        JsonLd(),
        Plain(),
    )
}
"""Every dialect by its name, the more particular before the more general."""


def sources_of(path: Path, encoding: str | None = None) -> tuple[Source, ...]:
    """What ``path`` names: a file; the files that match it as a pattern; those in a folder, or
    the folder as one where a dialect takes it whole.

    Raises NotFound where there is nothing, BadInput for what is no file or cannot be read,
    WrongUse for an ``encoding`` that is none.
    """
    if encoding is not None:
        check_encoding(encoding)
    tables = table_files(path)
    if all(map(os.path.isfile, tables)):
        return (Source(path, tables),)
    return tuple(Source(file, (file,), encoding) for file in files_at(path))


def dialect_of(source: Source, asset: str, name: str | None) -> Dialect:
    """The dialect called ``name``, or the one that the source looks like.

    Raises WrongUse for a name that is none, BadInput where no dialect fits, or none could.
    """
    _refuse_binary(source)
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
        f"{asset} as CSV, TSV, JSON, XML or Parquet (maybe packed) in {source.path}",
        _LOOKS_LIKE.get(source.kind, f"{source.kind} that no format fits"),
        "Name its format with --format, or convert it.",
    )


_LOOKS_LIKE = {"html": "a web page, such as an error's", "empty": "nothing but blanks"}


def _refuse_binary(source: Source) -> None:
    """No dialect reads what is neither text nor Parquet."""
    if source.kind != "binary":
        return
    found = binary_name(source.head) or "binary data"
    remedy = "Export it as CSV in UTF-8, JSON lines or Parquet."
    if b"\0" in source.head and "UTF-16" in found:
        remedy = f"Save it as UTF-8, or try --encoding {likely_encoding(source.head)}."
    raise BadInput(f"text, JSON, XML or Parquet in {source.path}", found, remedy)
