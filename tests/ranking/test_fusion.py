import json

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.ranking.fusion import Calibration, fuse

CALIBRATION = Calibration()


def fused(lexical: list[float], cosine: list[float], known: float = 1.0) -> list[float]:
    words, meaning = (np.array(each, np.float32) for each in (lexical, cosine))
    return fuse(words, known, meaning, CALIBRATION).tolist()


def test_words_and_meaning_are_weighed_by_hand() -> None:
    calibration = Calibration(semantic_weight=0.2)
    words, meaning = np.array([0.5], np.float32), np.array([0.6], np.float32)
    # Of two words one is known: the words weigh half of 0.8, the meaning the rest.
    assert fuse(words, 0.5, meaning, calibration)[0] == pytest.approx(0.4 * 0.5 + 0.6 * 0.6)
    assert fuse(words, 1.0, meaning, calibration)[0] == pytest.approx(0.8 * 0.5 + 0.2 * 0.6)


def test_both_more_words_and_more_meaning_score_higher() -> None:
    assert fused([0.2, 0.4], [0.5, 0.5])[0] < fused([0.2, 0.4], [0.5, 0.5])[1]
    assert fused([0.2, 0.2], [0.6, 0.8])[0] < fused([0.2, 0.2], [0.6, 0.8])[1]


def test_scores_lie_between_nothing_and_everything() -> None:
    assert 0 <= min(fused([0, 1], [-1, 1])) < max(fused([0, 1], [-1, 1])) <= 1


def test_a_query_without_known_words_is_scored_by_meaning() -> None:
    assert fused([0, 0], [0.5, 0.9], known=0.0) == pytest.approx([0.5, 0.9])


def test_meaning_counts_from_what_unrelated_texts_have() -> None:
    calibration = Calibration(semantic_unrelated=0.8)
    cosines = np.array([0.7, 0.8, 0.85, 1.0], np.float32)
    np.testing.assert_allclose(calibration.nearness(cosines), [0, 0, 0.25, 1], atol=1e-6)
    words = np.zeros(1, np.float32)
    assert fuse(words, 1.0, cosines[2:3], calibration)[0] == pytest.approx(0.25 * 0.25)


def test_an_encoder_that_lacks_one_token_in_twenty_reads_no_more() -> None:
    assert Calibration(known_share=0.95).reads
    assert not Calibration(known_share=0.94).reads


def test_a_calibration_reads_back_from_json() -> None:
    calibration = Calibration(semantic_threshold=0.3, semantic_weight=0.25)
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


def test_a_calibration_of_another_version_is_refused() -> None:
    with pytest.raises(BadInput, match="magic"):
        Calibration.from_json({"magic": 1.0})
