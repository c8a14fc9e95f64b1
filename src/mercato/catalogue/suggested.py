"""Queries that may be suggested, by how their beginning may be typed."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.chinese import HAN, simplified
from mercato.catalogue.packed import Texts, open_array, save_array
from mercato.catalogue.prefixes import nearly_starting, starting
from mercato.core.folding import fold, spaced

INNER, SOUNDED = "\x01", "\x02"
"""In front of a key: it begins within its query; it is how Chinese sounds (pinyin)."""

LONGEST_KEY = 60
"""Bytes of a key."""

MOST_INNER = 4
"""Words of a query, after the first, by which it is found too."""

WITHIN, BY_SOUND, MISTAKEN = 0.2, 0.5, 0.1
"""What a match counts beside one of the very beginning: of a later word, of the sound, of a
beginning with a mistake in it. Assumed."""

_HAN = re.compile(f"[{HAN}]")
_HAN_SPACE = re.compile(rf"(?<=[{HAN}]) | (?=[{HAN}])")


def key_of(text: str) -> str:
    """How a query is compared: folded, in simplified characters, Chinese without spaces."""
    folded = spaced(fold(text))
    if _HAN.search(folded):
        folded = _HAN_SPACE.sub("", simplified(folded))
    return folded


def typed_key(prefix: str) -> str:
    """The same of what is typed so far; a space at its end says that its last word is whole."""
    key = key_of(prefix)
    whole = prefix[-1:].isspace() and key and not _HAN.match(key[-1])
    return f"{key} " if whole else key


@dataclass(frozen=True)
class SuggestedQueries:
    """n queries of a release, each with several keys.

    texts    : as they are shown
    keys     : (n_keys,) bytes, ascending
    query_of : (n_keys,) int32
    scores   : (n,) float32, the highest first
    letters  : those that a mistyped one may have been
    """

    texts: Texts
    keys: NDArray[np.bytes_]
    query_of: NDArray[np.int32]
    scores: NDArray[np.float32]
    letters: str

    @classmethod
    def open(cls, folder: Path) -> "SuggestedQueries":
        return cls(
            Texts.open(folder, "suggested"),
            np.asarray(open_array(folder, "suggested_keys"), np.bytes_),
            open_array(folder, "suggested_query_of").view(np.int32),
            open_array(folder, "suggested_scores").view(np.float32),
            json.loads((folder / "suggested.json").read_text())["letters"],
        )

    def save(self, folder: Path) -> None:
        self.texts.save(folder, "suggested")
        save_array(folder, "suggested_keys", self.keys)
        save_array(folder, "suggested_query_of", self.query_of)
        save_array(folder, "suggested_scores", self.scores)
        (folder / "suggested.json").write_text(json.dumps({"letters": self.letters}))

    def find(self, prefix: str, most: int) -> list[str]:
        """At most so many that go on from what is typed, the best first.

        Where fewer do, a beginning with one mistake in it is read as well.
        """
        typed = typed_key(prefix)
        if not typed.strip() or len(typed.encode()) > LONGEST_KEY:
            return []
        found = [(starting(self.keys, typed), 1.0)]
        found.append((starting(self.keys, INNER + typed), WITHIN))
        if typed.isascii():
            found.append((starting(self.keys, SOUNDED + typed.replace(" ", "")), BY_SOUND))
        best = self._best(found, most)
        if len(best) < most:
            near = nearly_starting(self.keys, typed, self.letters)
            best = self._best(found + [(span, MISTAKEN) for span in near], most)
        return self.texts.many(best)

    def _best(self, spans: list[tuple[slice, float]], most: int) -> NDArray[np.int64]:
        """Numbers of the queries with the best scores, each once.

        Queries are numbered by score, so the best of a span are those with the least numbers; a
        query may come there with several keys.
        """
        enough = most * (MOST_INNER + 1)
        parts = [_least(self.query_of[span], enough) for span, _ in spans]
        queries = np.concatenate(parts).astype(np.int64)
        weights = np.repeat([weight for _, weight in spans], [len(part) for part in parts])
        order = np.lexsort((queries, -self.scores[queries] * weights))
        _, first = np.unique(queries[order], return_index=True)
        return queries[order][np.sort(first)[:most]]


def _least(numbers: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    return numbers if len(numbers) <= most else np.partition(numbers, most)[:most]
