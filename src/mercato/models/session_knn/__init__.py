"""Session kNN: its index and model, and the family's members as their papers have them."""

from mercato.models.session_knn.model import FittedSessionKnn, SessionKnn

SKNN = SessionKnn(query_fading=0.0, reach=0.0)
VSKNN = SessionKnn(fading="linear", query_fading=0.0, reach=0.0, idf=1.0)
STAN = SessionKnn(query_fading=2.0, recency_days=60.0, reach=2.0)
VSTAN = SessionKnn(query_fading=2.0, match_fading=2.0, recency_days=60.0, reach=2.0, idf=1.0)

FAMILY = {"SKNN": SKNN, "VSKNN": VSKNN, "STAN": STAN, "VSTAN": VSTAN}

__all__ = ["FAMILY", "SKNN", "STAN", "VSKNN", "VSTAN", "FittedSessionKnn", "SessionKnn"]
