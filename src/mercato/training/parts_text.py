"""The parts of a release that read texts: encoder, vectors, and what they are worth."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.texts import item_text
from mercato.catalogue.vectors import VectorIndex, write_quantised
from mercato.core.columns import TITLE
from mercato.core.progress import Step
from mercato.core.settings import Settings
from mercato.models.text_encoder import TextEncoder, export_encoder, weights_file
from mercato.ranking.fusion import Calibration
from mercato.training.calibration import QUERIES, calibrate
from mercato.training.clicks import training_examples_from_clicks
from mercato.training.encoder.outcome import Outcome
from mercato.training.encoder.pairs import Pairs
from mercato.training.encoder.pairs_from import (
    FEWEST_QUERIES,
    pairs_from_clicks,
    pairs_from_judgments,
)
from mercato.training.encoder_choice import TEXTS, chosen_encoder
from mercato.training.encoder_strength import TEXTS as STRENGTH_TEXTS
from mercato.training.encoder_strength import strength, weight_of
from mercato.training.parts_encoder import Read, Texts, make_comparison, make_tuned
from mercato.training.text_vectors import TextVectors
from mercato.training.workshop import Made, Workshop

CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class Shown:
    """What is known of queries and the products that answer them.

    judgments : the asset; None where there is none
    clicks    : the asset ``search_clicks``
    """

    judgments: pa.Table | None
    clicks: pa.Table


def make_text(
    workshop: Workshop, shown: Shown, catalogue: Made, settings: Settings
) -> dict[str, Made]:
    """By place: ``calibration``, and ``encoder`` and ``vectors`` unless the shop wants none;
    ``tuning`` where the encoder was tuned, whether or not that was kept."""
    opened = _open(catalogue)
    some = np.random.default_rng(0).permutation(opened.n_base)[:TEXTS]
    source = chosen_encoder(settings, [item[TITLE] for item in opened.items(some)])
    if source is None:
        return {"calibration": _calibration(workshop, catalogue, None, None, settings)}

    def export(folder: Path, step: Step) -> None:
        export_encoder(source, folder)

    encoder = workshop.make("encoder", {"weights": _checksum(weights_file(source))}, export)
    texts = _texts(catalogue, opened)
    vectors = _vectors(workshop, texts, encoder)
    calibration = _calibration(workshop, catalogue, encoder, vectors, settings)
    made = {"encoder": encoder, "vectors": vectors, "calibration": calibration}
    return made | _tuned(workshop, shown, texts, source, made, settings)


def _tuned(
    workshop: Workshop,
    shown: Shown,
    texts: Texts,
    source: Path,
    made: dict[str, Made],
    settings: Settings,
) -> dict[str, Made]:
    """What takes the place of parts made with the published encoder; nothing where it is not
    tuned."""
    minutes = settings.train.encoder_minutes
    learned = _read_calibration(made["calibration"])
    pairs = _pairs(shown, _open(texts.catalogue)) if minutes > 0 and learned.reads else None
    if pairs is None:
        return {}
    published = Read(made["encoder"], made["vectors"], learned)
    tuned = make_tuned(workshop, source, published, texts, pairs, minutes)
    if tuned is None:
        return {}
    vectors = _vectors(workshop, texts, tuned)
    comparison = make_comparison(workshop, texts, published, tuned, vectors, pairs)
    outcome = Outcome.open(comparison.folder)
    if not outcome.kept:
        return {"tuning": comparison}
    calibration = _calibration(
        workshop, texts.catalogue, tuned, vectors, settings, weight=outcome.weight
    )
    return {
        "encoder": tuned,
        "vectors": vectors,
        "calibration": calibration,
        "tuning": comparison,
    }


def _pairs(shown: Shown, catalogue: Catalogue) -> Pairs | None:
    """From judgments, else from clicks; None where neither has enough queries."""
    if shown.judgments is not None:
        judged = pairs_from_judgments(shown.judgments, catalogue)
        if len(judged.queries) >= FEWEST_QUERIES:
            return judged
    examples = training_examples_from_clicks(shown.clicks, catalogue)
    if examples is None:
        return None
    clicked = pairs_from_clicks(examples)
    return clicked if len(clicked.queries) >= FEWEST_QUERIES else None


def _texts(catalogue: Made, opened: Catalogue) -> Texts:
    number: dict[str, int] = {}
    texts = (item_text(opened.item(row)) for row in range(opened.n_base))
    text_of_row = np.array([number.setdefault(text, len(number)) for text in texts], np.int32)
    return Texts(catalogue, list(number), text_of_row)


def _vectors(workshop: Workshop, texts: Texts, encoder: Made) -> Made:
    def encode(folder: Path, step: Step) -> None:
        known = TextVectors(workshop.root / "texts" / encoder.fingerprint)
        vectors = known.of(texts.distinct, TextEncoder.open(encoder.folder), step)
        write_quantised(folder, [vectors], vectors.shape, texts.number)
        step.note(f"{len(texts.distinct):,} distinct texts")

    of = {"catalogue": texts.catalogue.fingerprint, "encoder": encoder.fingerprint}
    return workshop.make("vectors", of, encode, len(texts.distinct))


def _calibration(
    workshop: Workshop,
    catalogue: Made,
    encoder: Made | None,
    vectors: Made | None,
    settings: Settings,
    weight: float | None = None,
) -> Made:
    """``weight``: share of the meaning in the fused score, where it was learned."""
    most = settings.search.semantic_most

    def work(folder: Path, step: Step) -> None:
        learned = Calibration(semantic_most=most)
        if encoder is not None and vectors is not None:
            index = VectorIndex.open(vectors.folder)
            _, rows = np.unique(index.text_of_row, return_index=True)
            opened, titles = TextEncoder.open(encoder.folder), _titles(catalogue, rows)
            learned = calibrate(
                opened.encode_queries(titles),
                index.of(rows),
                semantic_most=most,
                known_share=opened.known_share(titles),
            )
            fitting = _weight(catalogue, index, rows, opened) if weight is None else weight
            if fitting is not None:
                learned = replace(learned, semantic_weight=fitting)
            step.note(_told(learned))
        (folder / CALIBRATION).write_text(json.dumps(learned.to_json(), indent=1))

    of = {"vectors": vectors and vectors.fingerprint, "semantic_most": most, "weight": weight}
    return workshop.make("calibration", of, work)


def _read_calibration(made: Made) -> Calibration:
    return Calibration.from_json(json.loads((made.folder / CALIBRATION).read_text()))


def _open(made: Made) -> Catalogue:
    return Catalogue.over(open_base(made.folder, None), 0)


def _told(learned: Calibration) -> str:
    if not learned.reads:
        return f"the encoder knows {learned.known_share:.0%} of the titles' tokens: not used"
    return (
        f"by meaning from a cosine of {learned.semantic_threshold}, "
        f"which weighs {learned.semantic_weight}"
    )


def _weight(
    catalogue: Made, index: VectorIndex, rows: NDArray[np.integer], encoder: TextEncoder
) -> float | None:
    """The weight of meaning by how well the encoder finds products; None where they are few."""
    if len(rows) < STRENGTH_TEXTS:
        return None
    some = np.random.default_rng(0).permutation(rows)[:STRENGTH_TEXTS]
    titles = [item[TITLE] for item in _open(catalogue).items(some)]
    return weight_of(strength(titles, index.of(some), encoder.encode_queries))


def _titles(catalogue: Made, rows: NDArray[np.integer]) -> list[str]:
    """Titles of some of the rows, the same each time."""
    opened = _open(catalogue)
    some = np.random.default_rng(0).permutation(rows)[:QUERIES]
    return [item[TITLE] for item in opened.items(some)]


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
