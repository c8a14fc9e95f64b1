import numpy as np
import onnxruntime
import pytest
import torch

from mercato.models.bert_graph import bert_graph
from mercato.training.encoder.batches import Batch
from mercato.training.encoder.bert import Bert
from mercato.training.encoder.loss import SCALE, ranking_loss
from mercato.training.encoder.train import encode

TEXTS = [[1, 7, 3], [5], [2, 2, 9, 40, 41, 42, 43], [59, 8]]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_several_texts_at_once_equal_the_graph_that_reads_one(random_bert, pooling: str) -> None:
    weights, shape = random_bert(pooling=pooling)
    session = onnxruntime.InferenceSession(bert_graph(weights, shape).SerializeToString())
    expected = [session.run(None, {"input_ids": np.array([text])})[0][0] for text in TEXTS]
    np.testing.assert_allclose(encode(Bert(weights, shape), TEXTS, size=3), expected, atol=2e-6)


def test_weights_come_out_as_they_went_in_and_words_stay(random_bert) -> None:
    weights, shape = random_bert()
    bert = Bert(weights, shape)
    assert {name: value.shape for name, value in bert.weights().items()} == {
        name: value.shape for name, value in weights.items()
    }
    bert(TEXTS)[:, 0].sum().backward()
    trained = {name for name, value in bert.named_parameters() if value.grad is not None}
    assert len(trained) == 2 * 16
    assert not any(name.startswith("embeddings.") for name in trained)


def test_the_loss_by_hand() -> None:
    """Two queries and three texts; the second text answers both, so it is no negative of the
    first query, whose answer is the first text."""
    cosine = np.array([[0.9, 0.8, 0.1], [0.2, 0.7, 0.6]])
    queries = torch.eye(2)
    texts = torch.tensor(cosine.T, dtype=torch.float32)
    batch = Batch(
        query=np.array([0, 1]),
        row=np.array([5, 6, 7]),
        answer=np.array([0, 1]),
        known=np.array([[False, True, False], [False, False, False]]),
        weight=np.array([1.0, 0.5], np.float32),
    )
    power = np.exp(SCALE * cosine)
    one = -np.log(power[0, 0] / (power[0, 0] + power[0, 2]))
    two = -np.log(power[1, 1] / power[1].sum())
    found = float(ranking_loss(queries, texts, batch))
    assert found == pytest.approx((one + 0.5 * two) / 1.5, rel=1e-4)
