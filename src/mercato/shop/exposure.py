"""Who can reach a server, and whether a request comes from its own machine for sure."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Exposure:
    """How a shop is served.

    beyond_loopback : whether other machines can reach it
    workers         : processes that answer on this machine
    leave_seconds   : for which it goes on answering once it is told to stop
    """

    beyond_loopback: bool = False
    workers: int = 1
    leave_seconds: float = 0.0

    def reachable(self, host: str) -> bool:
        """Whether a request with this ``Host`` may come from another machine.

        One that names another host came through a proxy, or from a page whose name was made to
        lead here (DNS rebinding): neither is on this machine for sure.
        """
        return self.beyond_loopback or not _is_loopback(host)


def _is_loopback(host: str) -> bool:
    """Names without a dot are nobody's in the public DNS."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return ("." not in name and ":" not in name) or ip_address(name).is_loopback
    except ValueError:  # a name, or nothing that is a host
        return host.partition(":")[0].endswith(".localhost")
