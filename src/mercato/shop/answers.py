"""The log of answers: what was shown to whom, so that clicks can be learned from."""

import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from mercato.ranking.rules.slots import Placed
from mercato.shop.opened import Shop
from mercato.shop.overload.levels import current_turn
from mercato.state import Answer

if TYPE_CHECKING:
    from mercato.shop.experiments.serving import Serving
    from mercato.shop.search import SearchCall
    from mercato.shop.shelf import ShelfCall


def new_query_id() -> str:
    """An id that sorts by time: UUIDv7 (RFC 9562) as 32 hexadecimal digits."""
    milliseconds = time.time_ns() // 1_000_000
    noise = secrets.randbits(74)
    high, low = noise >> 62, noise & ((1 << 62) - 1)
    return f"{milliseconds:012x}7{high:03x}{(0b10 << 62) | low:016x}"


def log_answer(
    shop: Shop,
    serving: "Serving",
    query_id: str,
    *,
    kind: str,
    placement: str | None,
    call: "SearchCall | ShelfCall",
    ids: Sequence[str],
    scores: Sequence[float],
    propensities: Sequence[float] | None = None,
    first_position: int = 1,
    teams: Sequence[int] = (),
    features: Sequence[Sequence[float]] = (),
    banners: Sequence[Placed] = (),
) -> None:
    """Hand one answer to the state; does not wait until it is written.

    serving      : what it was made from
    propensities : the chance of each item to stand where it stands; None where chance had no part
    teams, features : of each item, where two rankings made the answer, or a bandit; they stand
                      beside what was asked, as do the banners that were shown
    """
    told = _told(serving, teams, features, banners)
    shop.state.answers.append(
        Answer(
            query_id=query_id,
            ts=shop.wall(),
            kind=kind,
            placement=placement,
            request=orjson.dumps(vars(call) | _left_out() | told).decode(),
            release=serving.live.number,
            variant=serving.variant,
            user_id=call.user_id,
            visitor_id=call.visitor_id,
            session_id=call.session_id,
            item_ids=tuple(ids),
            positions=tuple(range(first_position, first_position + len(ids))),
            scores=tuple(scores),
            propensities=(1.0,) * len(ids) if propensities is None else tuple(propensities),
        )
    )


def _told(
    serving: "Serving",
    teams: Sequence[int],
    features: Sequence[Sequence[float]],
    banners: Sequence[Placed],
) -> dict[str, Any]:
    """What is learned from beside what was shown, where there is any; ``varied`` names what arms
    of experiments and canaries changed of the release that is served to all."""
    shown = [
        {"id": each.banner.id, "slot": each.banner.slot, "propensity": each.propensity}
        for each in banners
    ]
    told: dict[str, Any] = {
        "teams": teams,
        "features": features,
        "banners": shown,
        "varied": serving.variation.changed,
    }
    return {name: value for name, value in told.items() if value}


def _left_out() -> dict[str, tuple[str, ...]]:
    """What a busy server left out: nothing may be learned from what it showed instead."""
    told = current_turn().told()
    return {"degraded": told} if told else {}
