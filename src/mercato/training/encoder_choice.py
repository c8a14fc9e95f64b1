"""Which text encoder fits a catalogue."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from mercato.core.errors import NotReady
from mercato.core.settings import Settings
from mercato.models.encoder_source import TOKENIZER_FILE
from mercato.models.text_encoder import (
    default_source,
    encoder_source,
    known_share,
    multilingual_source,
)
from mercato.ranking.fusion import LEAST_KNOWN

AUTO = "auto"
NONE = "none"

TEXTS = 500
"""Titles that are looked at."""


def chosen_encoder(settings: Settings, titles: Sequence[str]) -> Path | None:
    """Where the encoder lies that the shop names; None where it wants none.

    titles : of some of the products

    ``auto`` is the English model for an English shop whose titles its tokenizer can read, and
    the multilingual one otherwise; without that one's package, the English model where it can
    read the titles at all. Raises NotReady where a model is named whose package is missing.
    """
    name = settings.search.encoder
    if name == NONE:
        return None
    if name != AUTO:
        return encoder_source(name)
    english = default_source()
    readable = known_share(_tokenizer(english), titles) >= LEAST_KNOWN
    if readable and {settings.shop.language, *settings.search.languages} == {"en"}:
        return english
    try:
        return multilingual_source()
    except NotReady:
        return english if readable else None


def _tokenizer(source: Path) -> Tokenizer:
    return Tokenizer.from_file(str(source / TOKENIZER_FILE))
