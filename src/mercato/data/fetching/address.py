"""The address of a feed, taken apart once: what is checked is what is connected to."""

import re
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import quote, urljoin, urlsplit

from mercato.core.errors import BadInput

_PORTS = {"http": 80, "https": 443}
_LEGAL = "/%:@!$&'()*+,;=~-._?"
_NUMERIC = re.compile(r"(0[xX][0-9a-fA-F]*|\d+)")


@dataclass(frozen=True)
class Address:
    """scheme : http or https
    host   : in lower case, ASCII; an IPv6 address without its brackets
    target : path and query, escaped
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def host_and_port(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_and_port}{self.target}"

    @property
    def place(self) -> str:
        """A relative path for its file, the same each time: host, checksum, name."""
        name = self.target.partition("?")[0].rpartition("/")[2]
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip(".")[-80:] or "feed"
        host = re.sub(r"[^a-z0-9.-]", "_", self.host)
        return f"{host}/{sha256(str(self).encode()).hexdigest()[:8]}/{plain}"

    def joined(self, location: str) -> "Address":
        """Where a redirect leads. Raises BadInput as `parsed` does."""
        return parsed(urljoin(str(self), location))


def is_address(text: str) -> bool:
    """Whether a text is meant as the address of a feed, not as a file."""
    return re.match(r"https?://", text, re.IGNORECASE) is not None


def parsed(text: str) -> Address:
    """Raises BadInput for what is no address of a feed, and for one that holds a password."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _bad(str(error)) from None
    if parts.scheme not in _PORTS or not parts.hostname or re.search(r"[\x00-\x20\x7f\\]", text):
        raise _bad(repr(text))
    if "@" in parts.netloc:
        raise BadInput(
            "an address without user and password",
            f"{parts.scheme}://…@{parts.hostname}",
            "Put user:password into an environment variable and name it: login_variable.",
        )
    target = quote(parts.path or "/", safe=_LEGAL.replace("?", ""))
    if parts.query:
        target += "?" + quote(parts.query, safe=_LEGAL)
    return Address(parts.scheme, host_name(parts.hostname), port or _PORTS[parts.scheme], target)


def host_name(text: str) -> str:
    """A host as it is compared: lower case, ASCII, no dot at its end.

    Raises BadInput for one that is none, also for other spellings of an IPv4 address, as
    2130706433, 0x7f.1 or 0177.0.0.1 (https://url.spec.whatwg.org/#ends-in-a-number-checker).
    """
    text = text.rstrip(".").lower()
    try:
        if ":" in text or _NUMERIC.fullmatch(text.rpartition(".")[2]):
            return str(ip_address(text))
        return text.encode("idna").decode()
    except ValueError:
        raise _bad(f"the host {text!r}") from None


def _bad(found: str) -> BadInput:
    return BadInput("an address such as https://shop.example/feed.xml", found, "Check the address.")
