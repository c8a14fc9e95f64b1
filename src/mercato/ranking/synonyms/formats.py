"""Files of synonyms: ``synonyms.csv``, and the format of Solr, Elasticsearch and Lucene.

CSV has a header: ``terms`` and, where it goes one way, ``also``, each with ``|`` between terms;
``language`` may be added. The other format (https://solr.apache.org/guide/solr/latest/
indexing-guide/filters.html#synonym-graph-filter) has terms with commas between them on a line, or
``footwear => sneaker, boot``. There the left side is replaced; here it is sought as well, since a
product that is called so is still meant.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

from mercato.core.errors import BadInput
from mercato.ranking.synonyms.synonym import Synonym, checked

SOURCE = "file"
COLUMNS = ("terms", "also", "language")

_COMMA = re.compile(r"(?<!\\),")
_ARROW = re.compile(r"(?<!\\)=>")
_ESCAPED = re.compile(r"\\(.)")


def read_synonyms(text: str, name: str) -> list[Synonym]:
    """The synonyms of a file: CSV where its first line is a header with ``terms``.

    name : of the file, for errors

    Raises BadInput that names the first line which cannot be read.
    """
    first = text.lstrip("\ufeff").partition("\n")[0]
    is_csv = "terms" in [cell.strip().casefold() for cell in first.split(",")]
    lines = _csv_lines(text.lstrip("\ufeff"), name) if is_csv else _solr_lines(text)
    found = []
    for number, synonym in lines:
        try:
            found.append(checked(replace(synonym, source=SOURCE)))
        except BadInput as error:
            raise BadInput(
                f"{error.expected.removeprefix('a synonym with ')} in line {number} of {name}",
                error.found,
                "Mend that line; nothing of the file is used until then.",
            ) from None
    return found


def _csv_lines(text: str, name: str) -> Iterator[tuple[int, Synonym]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader)]
        if unknown := [cell for cell in header if cell not in COLUMNS]:
            raise BadInput(
                f"columns out of {', '.join(COLUMNS)} in line 1 of {name}",
                repr(unknown[0]),
                "Rename or drop that column.",
            )
        for row in reader:
            if any(cell.strip() for cell in row):
                cells = dict(zip(header, row, strict=False))
                language = cells.get("language", "").strip() or None
                yield (
                    reader.line_num,
                    Synonym(
                        _parted(cells.get("terms", "")), _parted(cells.get("also", "")), language
                    ),
                )
    except csv.Error as error:
        raise BadInput(
            f"CSV in line {reader.line_num} of {name}", str(error), "Mend its quotes."
        ) from None


def _parted(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(str.strip, cell.split("|")))))


def _solr_lines(text: str) -> Iterator[tuple[int, Synonym]]:
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        sides = [_listed(side) for side in _ARROW.split(line)]
        # A line with more than one arrow says nothing: without terms it is refused.
        terms, also = sides if len(sides) == 2 else (sides[0] if len(sides) == 1 else (), ())
        yield number, Synonym(terms, also)


def _listed(side: str) -> tuple[str, ...]:
    terms = (_ESCAPED.sub(r"\1", term).strip() for term in _COMMA.split(side))
    return tuple(dict.fromkeys(filter(None, terms)))
