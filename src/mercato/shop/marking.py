"""Events are marked with what is known of their sender at the door and of nobody later."""

from dataclasses import dataclass
from typing import Any

import orjson

from mercato.core.events import EventRow
from mercato.core.programs import BOT, OWN, USER_AGENT, is_crawler, is_program
from mercato.core.settings import Settings
from mercato.data.casts import attributes_json


@dataclass(frozen=True)
class Marking:
    """What is written into an event's attributes, and what is taken out of them.

    crawler     : whether the request's own agent is a program's
    own         : whether it came from an address of the shop's
    keep_agents : whether events keep the agents that they carry
    """

    crawler: bool = False
    own: bool = False
    keep_agents: bool = True

    def row(self, row: EventRow) -> EventRow:
        """An event's line as it is kept."""
        carries = row.attributes is not None and f'"{USER_AGENT}":' in row.attributes
        if not (self.crawler or self.own or carries):
            return row
        said: dict[str, Any] = orjson.loads(row.attributes) if row.attributes else {}
        agent = said.get(USER_AGENT)
        # An event that says who did it was sent for them, by whatever program.
        if is_program(agent) if isinstance(agent, str) else self.crawler:
            said[BOT] = True
        if self.own:
            said[OWN] = True
        if not self.keep_agents:
            said.pop(USER_AGENT, None)
        return row._replace(attributes=attributes_json(said) if said else None)


def marking_of(settings: Settings, agent: str, address: str | None) -> Marking:
    """How events are marked that a request brings; of its agent and address nothing else is kept.

    address : None where the sender's is not known
    """
    own = settings.cleaning.own_addresses
    return Marking(
        crawler=is_crawler(agent),
        own=address is not None and address in own,
        keep_agents=settings.privacy.user_agents,
    )
