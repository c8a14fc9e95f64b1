"""Hand a visit's events to the shop: forms wait until they are durable, looks never fail."""

import asyncio
import logging
from concurrent.futures import Future
from contextlib import suppress

from mercato.core.errors import MercatoError, Overloaded
from mercato.shop.events import OUR_OWN, Accepted, Door, accept
from mercato.shop.opened import Shop
from mercato.web.events import Sent

_log = logging.getLogger(__name__)

_FORM_SECONDS = 10.0
"""A form whose events are not durable by then fails; the shopper sends it again."""

_LOOK_SECONDS = 0.5
"""So long a page waits for its events, so that the next page's answer knows of them."""


def record(shop: Shop, events: tuple[Sent, ...], door: Door = OUR_OWN) -> None:
    """Make events durable. Raises Overloaded, and TimeoutError where the disk does not answer."""
    if events:
        _check(accept(shop, events, door).result(_FORM_SECONDS))


def begin(shop: Shop, events: tuple[Sent, ...], door: Door = OUR_OWN) -> "Future[Accepted] | None":
    """Start to record what a look at a page says; under overload the look goes unrecorded."""
    if not events:
        return None
    try:
        return accept(shop, events, door)
    except Overloaded as error:
        _log.warning("a page's events were not recorded: %s", error)
        return None


async def finish(recording: "Future[Accepted] | None") -> None:
    """Wait a little for what `begin` began."""
    if recording is None:
        return
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def told(_: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(done.set)

    recording.add_done_callback(told)
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), _LOOK_SECONDS)
    recording.add_done_callback(_report)


def _report(recording: "Future[Accepted]") -> None:
    error = recording.exception()
    if error is None:
        _check(recording.result())
    elif isinstance(error, MercatoError):
        _log.warning("a page's events were not recorded: %s", error)
    else:
        _log.error("a page's events were not recorded", exc_info=error)


def _check(accepted: Accepted) -> None:
    if accepted.rejected:
        # What is wrong with them would repeat what a shopper sent.
        _log.warning("%d events of a page were rejected", len(accepted.rejected))
