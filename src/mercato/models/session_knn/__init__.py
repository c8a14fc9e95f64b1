"""Session kNN: its index and model, and the family's members as their papers have them."""

from mercato.models.session_knn.model import FittedSessionKnn, SessionKnn

SKNN = SessionKnn(
    neighbours=500,
    newest=1_000,
    query_fading=0.0,
    match_fading=0.0,
    recency_days=0.0,
    reach=0.0,
    before=1.0,
    idf=0.0,
    length=0.5,
)
VSKNN = SessionKnn(
    neighbours=500,
    newest=1_000,
    fading="linear",
    query_fading=0.0,
    match_fading=0.0,
    recency_days=0.0,
    reach=0.0,
    before=1.0,
    idf=1.0,
    length=0.0,
)
STAN = SessionKnn(
    neighbours=500,
    newest=1_000,
    query_fading=2.0,
    match_fading=0.0,
    recency_days=60.0,
    reach=2.0,
    before=1.0,
    idf=0.0,
    length=0.5,
)
VSTAN = SessionKnn(
    neighbours=500,
    newest=1_000,
    query_fading=2.0,
    match_fading=2.0,
    recency_days=60.0,
    reach=2.0,
    before=1.0,
    idf=1.0,
    length=0.5,
)
FAMILY = {"SKNN": SKNN, "VSKNN": VSKNN, "STAN": STAN, "VSTAN": VSTAN}

__all__ = ["FAMILY", "SKNN", "STAN", "VSKNN", "VSTAN", "FittedSessionKnn", "SessionKnn"]
