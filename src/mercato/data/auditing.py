"""The one way to personal data for whoever is no machine: first on record, then read."""

from collections.abc import Sequence
from dataclasses import dataclass

from mercato.data.access import Mask, personal_columns
from mercato.data.asset import Asset
from mercato.data.pseudonyms import pseudonyms_of
from mercato.state import State
from mercato.state.audit import Access

LOOKING = "looked at by a person"
"""The purpose of a reading whose rows are shown, or written to a file."""

MASK_KEY = "mask"
"""The name of the secret under which a shop's pseudonyms are made."""


@dataclass(frozen=True)
class Reader:
    """Who reads, by what command or route, and what for."""

    actor: str
    action: str
    purpose: str


def mask_of(state: State) -> Mask:
    """The shop's mask, the same at every call."""
    return Mask(state.secret(MASK_KEY), pseudonyms_of(state).of)


def accesses(
    reader: Reader,
    assets: Sequence[Asset],
    *,
    columns: Sequence[str] | None = None,
    subject: str | None = None,
) -> list[Access]:
    """What is to go on record: nothing for assets of which no personal column is read.

    columns : those that are read, where it is not all
    subject : the pseudonym of the only person whose rows are read
    """
    found = {
        asset.name: personal_columns(asset, None if columns is None else list(columns))
        for asset in assets
    }
    return [
        Access(reader.actor, reader.action, name, personal, reader.purpose, subject)
        for name, personal in found.items()
        if personal
    ]


def record(
    state: State,
    reader: Reader,
    *assets: Asset,
    columns: Sequence[str] | None = None,
    user_id: str | None = None,
) -> None:
    """Put a reading on record, durably, before anybody sees a row; see `accesses`.

    user_id : the only person whose rows are read
    """
    subject = None if user_id is None else mask_of(state).pseudonym(user_id)
    said = accesses(reader, assets, columns=columns, subject=subject)
    if said:
        state.audit.append(*said).result()
