"""All proposals that a shop's searches and texts speak for, the strongest first."""

from mercato.core.errors import BadInput
from mercato.core.progress import Progress
from mercato.data.derive import derive
from mercato.data.store import AssetStore
from mercato.ranking.synonyms.synonym import Synonym, checked
from mercato.shop.opened import Shop
from mercato.training.synonyms.clicks import from_clicks
from mercato.training.synonyms.sessions import from_sessions
from mercato.training.synonyms.vectors import from_vectors

MOST = 200
"""Proposals of each source: more than a person reads in one go."""

_LOGS = ("search_clicks", "reformulations")


def propose(shop: Shop, progress: Progress) -> list[Synonym]:
    """Proposals of all sources; of several that say the same, the strongest."""
    found = _of_logs(shop, progress)
    live = shop.live
    if live.encoder is not None:
        with progress.step("words near in meaning") as step:
            found += from_vectors(live.catalogue, live.encoder.encode, MOST)
            step.note(f"{len(found):,} proposals in all")
    best: dict[object, Synonym] = {}
    for each in sorted(filter(_fits, found), key=lambda each: -(each.score or 0)):
        best.setdefault(frozenset().union(*each.key), each)
    return list(best.values())


def _of_logs(shop: Shop, progress: Progress) -> list[Synonym]:
    store = AssetStore(shop.paths.assets)
    if store.version("events") is None or store.version("answers") is None:
        return []
    tables = derive(store, _LOGS, settings=shop.settings, progress=progress)
    clicks = from_clicks(tables["search_clicks"])
    sessions = from_sessions(tables["reformulations"])
    return [each for found in (clicks, sessions) for each in _strongest(found)]


def _strongest(found: list[Synonym]) -> list[Synonym]:
    return sorted(found, key=lambda each: -(each.score or 0))[:MOST]


def _fits(synonym: Synonym) -> bool:
    try:
        checked(synonym)
    except BadInput:
        return False
    return True
