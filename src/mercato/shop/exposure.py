"""Who can reach a server, and whether a request comes from its own machine for sure."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

PASSED_ON = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
)
"""Headers that proxies add (RFC 7239, RFC 9110, and what was usual before)."""


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

    def reachable(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers may come from another machine.

        One that names another host came through a proxy, or from a page whose name was made to
        lead here (DNS rebinding): neither is on this machine for sure. Nor is one that a proxy on
        this machine says it has passed on.

        headers : their names in small letters, or in any where they are looked up so
        """
        passed_on = any(name in headers for name in PASSED_ON)
        return self.beyond_loopback or passed_on or not _is_loopback(headers.get("host", ""))


def _is_loopback(host: str) -> bool:
    """Names without a dot are nobody's in the public DNS."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return ("." not in name and ":" not in name) or ip_address(name).is_loopback
    except ValueError:  # a name, or nothing that is a host
        return host.partition(":")[0].endswith(".localhost")
