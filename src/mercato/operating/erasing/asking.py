"""A shopper is erased from the state, and it is written down what is left to do."""

from mercato.core.errors import BadInput
from mercato.core.paths import ShopPaths
from mercato.data.access import Mask
from mercato.data.assets import ASSETS
from mercato.data.assets.events import LONGEST_ID
from mercato.data.auditing import Reader, mask_of, record
from mercato.data.erasing.person import Lines, Person, person_of, pseudonyms
from mercato.data.pseudonyms import pseudonyms_of
from mercato.data.releases import KNOWS_ERASED, ReleaseStore
from mercato.data.store import AssetStore
from mercato.state import State
from mercato.state.erasures import Erased, Erasure, Order


def ask_erasure(
    paths: ShopPaths, state: State, shopper_id: str, reader: Reader, *, at_once: bool = False
) -> Erasure:
    """Erase a user, or ``visitor:`` and a guest's id, from the state; the rest is to follow.

    at_once : old versions of assets go without waiting for their retention

    From then on no release that was made before is published any more, but to go back from a newer
    one. Raises BadInput for what
    can be nobody's id.
    """
    shopper_id = pseudonyms_of(state).of(checked_id(shopper_id))
    record(state, reader, ASSETS["events"], ASSETS["answers"], user_id=shopper_id)
    person = found_person(paths, state, shopper_id)
    mask = mask_of(state)
    order = Order(
        reader.actor,
        reader.action,
        mask.pseudonym(shopper_id),
        pseudonyms(person, mask),
        Erased(person.user, person.visitors, person.sessions),
        at_once,
    )
    number = state.erasures.ask(order).result()
    state.erasures.forget()
    releases = ReleaseStore(paths.releases)
    releases.refuse(releases.numbers(), KNOWS_ERASED)
    erasure = state.erasures.find(number)
    assert erasure is not None
    return erasure


def found_person(paths: ShopPaths, state: State, shopper_id: str) -> Person:
    """Who is behind an id, by all that is known now."""
    seen = (who for _, _, _, who in state.erasures.seen())
    return person_of(Lines(AssetStore(paths.assets), seen), shopper_id, state.erasures.linked())


def checked_id(shopper_id: str) -> str:
    """Raises BadInput for what can be nobody's id."""
    if not 0 < len(shopper_id) <= LONGEST_ID or "\0" in shopper_id:
        found = "none" if not shopper_id else f"{len(shopper_id)} characters"
        raise BadInput(f"an id of at most {LONGEST_ID} characters", found, "Check the id.")
    return shopper_id


def is_of(erasure: Erasure, mask: Mask, shopper_id: str) -> bool:
    """Whether an erasure was of this shopper."""
    return erasure.subject == mask.pseudonym(shopper_id)
