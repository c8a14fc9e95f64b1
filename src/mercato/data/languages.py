"""Which language a text is in: character n-grams, over what shops write in."""

from functools import cache

import pyarrow as pa
from py3langid.langid import MODEL_FILE, LanguageIdentifier

LANGUAGES = (
    *("ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr"),
    *("hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk"),
    *("sl", "sr", "sv", "th", "tr", "uk", "vi", "zh"),
)
"""ISO 639-1; fewer to choose from make fewer mistakes on short texts."""

FEWEST_LETTERS = 40
"""In shorter texts, names of brands and models say more than the language does."""

_LONGEST = 1_000
"""Letters that are looked at."""


@cache
def _identifier() -> LanguageIdentifier:
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages([name for name in LANGUAGES if name in found.labels])
    return found


def language_of(text: str) -> tuple[str, float] | None:
    """(language, probability); None for a text that is too short to tell."""
    letters = text[:_LONGEST]
    # One Chinese sign says as much as a few letters.
    weight = sum(4 if "\u3040" <= each <= "\ud7a3" else each.isalpha() for each in letters)
    if weight < FEWEST_LETTERS:
        return None
    language, probability = _identifier().classify(letters)
    return str(language), float(probability)


def languages_of(texts: pa.StringArray) -> tuple[pa.StringArray, pa.DoubleArray]:
    """(n,) languages and probabilities; null for what is too short."""
    distinct = texts.dictionary_encode()
    found = [language_of(text) for text in distinct.dictionary.to_pylist()]
    names = pa.array([None if each is None else each[0] for each in found], pa.string())
    chances = pa.array([None if each is None else each[1] for each in found], pa.float64())
    return names.take(distinct.indices), chances.take(distinct.indices)
