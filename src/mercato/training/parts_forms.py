"""The forms of words: a part of releases of shops that are not English or Chinese alone."""

from pathlib import Path

from mercato.catalogue.base import open_base
from mercato.catalogue.forms import Forms
from mercato.catalogue.languages import language
from mercato.core.progress import Step
from mercato.core.settings import Settings
from mercato.training.workshop import Made, Workshop


def make_forms(workshop: Workshop, catalogue: Made, settings: Settings) -> dict[str, Made]:
    """By its place in the release; none where no language of the shop needs it.

    Raises BadInput for a language that is not known.
    """
    codes = (settings.shop.language, *settings.search.languages)
    inflected = [code for code in dict.fromkeys(codes) if language(code) is not None]
    if not inflected:
        return {}

    def work(folder: Path, step: Step) -> None:
        vocabulary = open_base(catalogue.folder, None).text.vocabulary
        forms = Forms.of(inflected, (token.decode() for token in vocabulary.tolist()))
        forms.save(folder)
        step.note(", ".join(inflected))

    of = {"catalogue": catalogue.fingerprint, "languages": inflected}
    return {"forms": workshop.make("forms", of, work)}
