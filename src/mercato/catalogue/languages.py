"""What Mercato knows of languages other than English and Chinese: stemmers and stop words.

The stemmers are those of Snowball (https://snowballstem.org), through PyStemmer: 0.5 µs a word.
Words come to them folded, without accents, as shoppers often type; some endings that the stemmers
know by their accents are mended before.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

import Stemmer

from mercato.core.errors import BadInput

ALWAYS = ("en", "zh")
"""Languages that the analysis of every text knows."""


@dataclass(frozen=True)
class Language:
    """A language with inflected words.

    code       : ISO 639-1
    algorithm  : its stemmer's name in Snowball
    stop_words : folded; words that a query with other words does without
    mended     : (pattern, replacement) applied to a folded word before it is stemmed
    """

    code: str
    algorithm: str
    stop_words: frozenset[str]
    mended: tuple[tuple[str, str], ...] = ()

    def stem(self, word: str) -> str:
        """What a folded word shares with its other forms."""
        for pattern, replacement in self.mended:
            word = re.sub(pattern, replacement, word)
        return _stemmer(self.algorithm)(word)


def language(code: str) -> Language | None:
    """A language by its code; None for those of `ALWAYS`.

    Raises BadInput for one that is not known.
    """
    if code in ALWAYS:
        return None
    if code not in LANGUAGES:
        raise BadInput(
            f"a language out of {', '.join(sorted({*ALWAYS, *LANGUAGES}))}",
            repr(code),
            "Mend [shop] language or [search] languages in shop.toml.",
        )
    return LANGUAGES[code]


_local = threading.local()


def _stemmer(algorithm: str) -> Callable[[str], str]:
    """PyStemmer's objects must not be shared by threads."""
    name = f"stem_{algorithm}"
    found: Callable[[str], str] | None = getattr(_local, name, None)
    if found is None:
        found = Stemmer.Stemmer(algorithm).stemWord
        setattr(_local, name, found)
    return found


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGES = {
    each.code: each
    for each in (
        Language(
            "da",
            "danish",
            _words("af at de den der det du en er et for fra i ikke med og om op pa som til ved"),
            ((r"dt$", "d"),),
        ),
        Language(
            "de",
            "german",
            _words(
                "als am an auf aus bei das dem den der des die ein eine einem einen einer fur ich "
                "im in ist mit nach nicht oder ohne suche um und unter vom von vor zu zum zur"
            ),
            # Moebel for Möbel, whose fold is mobel; not the ue of neu, quer and treue.
            ((r"(?<![aeiouq])([aou])e(?=[^aeiou])", r"\1"),),
        ),
        Language(
            "es",
            "spanish",
            _words(
                "a al con de del e el en es la las lo los ni o para por que se sin su tu un una "
                "unas unos y"
            ),
            ((r"ion(?:es?)?$", "ión"), (r"ces?$", "z")),
        ),
        Language("fi", "finnish", _words("ei ja joka jos kanssa kun mutta on se sen tai")),
        Language(
            "fr",
            "french",
            _words(
                "a au aux avec ce ces d dans de des du en est et l la le les ou par pas pour que "
                "qui sans se son sur un une"
            ),
            ((r"ees?$", "e"), (r"eux$", "eu")),
        ),
        Language(
            "it",
            "italian",
            _words(
                "a ai al alla alle con d da dal dalla de dei del della delle di e gli i il in l la "
                "le lo nel nella o per senza su tra un una uno"
            ),
        ),
        Language(
            "nl",
            "dutch_porter",
            _words(
                "aan als bij dat de den der die een en het in is met naar of om op te uit van "
                "voor zonder"
            ),
        ),
        Language(
            "no",
            "norwegian",
            _words("av de den det du en er et for fra i ikke med og om opp pa som til ved"),
            ((r"dt$", "d"),),
        ),
        Language(
            "pt",
            "portuguese",
            _words(
                "a ao aos as ate com da das de do dos e em na nas no nos o os ou para pela pelo "
                "por que se sem um uma"
            ),
            ((r"(?:ao|oes)$", "o"),),
        ),
        Language(
            "ru",
            "russian",
            _words("а без в во для до за и из или к как на не о об от по под при с со у что это"),
        ),
        Language(
            "sv",
            "swedish",
            _words("av de den det du en er ett for fran i inte med och om pa som till vid"),
        ),
    )
}
