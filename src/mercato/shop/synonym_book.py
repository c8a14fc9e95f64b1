"""The synonyms of a shop as they are at one moment: of its state, and of the file in its folder."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mercato.core.errors import BadInput
from mercato.core.settings import Settings
from mercato.ranking.synonyms.formats import read_synonyms
from mercato.ranking.synonyms.synonym import Synonym, read_synonym
from mercato.search.understanding.synonyms import Synonyms
from mercato.state import State

FILE = "synonyms.csv"
"""In the shop's folder; see `ranking.synonyms.formats`. A change of it is live within a second."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SynonymBook:
    """Never changed, only swapped.

    version : of the state's synonyms that these are, or older ones
    written : of the file: when it was last written, and its size; None where there is none
    """

    version: int
    written: tuple[int, int] | None
    synonyms: Synonyms


def synonym_version(state: State, root: Path) -> tuple[int, tuple[int, int] | None]:
    """What tells that a book is outdated: see `SynonymBook`."""
    try:
        found = (root / FILE).stat()
    except OSError:
        return state.synonyms.version(), None
    return state.synonyms.version(), (found.st_mtime_ns, found.st_size)


def read_synonym_book(
    state: State, root: Path, settings: Settings, before: SynonymBook | None = None
) -> SynonymBook:
    """The synonyms as they are now. What cannot be read is left out and told in the log."""
    version, written = synonym_version(state, root)
    if before is not None and (before.version, before.written) == (version, written):
        return before
    languages = (settings.shop.language, *settings.search.languages)
    return SynonymBook(
        version, written, Synonyms.of([*_of_file(root), *_of_state(state)], languages)
    )


def file_synonyms(root: Path) -> list[Synonym]:
    """The synonyms of the file in the shop's folder; none where it has none.

    Raises BadInput that names the line which cannot be read.
    """
    try:
        return read_synonyms((root / FILE).read_text(encoding="utf-8"), FILE)
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise BadInput(f"{FILE} in UTF-8", str(error), "Save it as UTF-8.") from None


def _of_file(root: Path) -> Sequence[Synonym]:
    try:
        return file_synonyms(root)
    except (BadInput, OSError) as error:
        _log.warning("%s is not followed: %s", FILE, error)
        return ()


def _of_state(state: State) -> Sequence[Synonym]:
    found = []
    for stored in state.synonyms.all():
        try:
            found.append(read_synonym(stored.document))
        except BadInput as error:
            _log.warning("synonym %r is not followed: %s", stored.id, error)
    return found
