"""The log of answers: what was shown to whom, so that clicks can be learned from."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson

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
) -> None:
    """Hand one answer to the state; does not wait until it is written.

    serving      : what it was made from
    propensities : the chance of each item to stand where it stands; None where chance had no part
    """
    shop.state.answers.append(
        Answer(
            query_id=query_id,
            ts=shop.wall(),
            kind=kind,
            placement=placement,
            request=orjson.dumps(asdict(call) | _left_out()).decode(),
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


def _left_out() -> dict[str, tuple[str, ...]]:
    """What a busy server left out: nothing may be learned from what it showed instead."""
    told = current_turn().told()
    return {"degraded": told} if told else {}
