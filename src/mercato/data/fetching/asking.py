"""One question for a feed, through its redirects, and the answer before its body is read.

Semantics: RFC 9110; conditional requests: section 13.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpcore2

import mercato
from mercato.core.errors import MercatoError
from mercato.data.fetching.address import Address
from mercato.data.fetching.hosts import Hosts

MOST_REDIRECTS = 5

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass
class FetchFailed(MercatoError):
    """The feed could not be had; what was there before still stands.

    retry_after_seconds : how long the server asks to be left alone
    """

    retry_after_seconds: int | None = field(default=None, kw_only=True)

    status = 502
    title = "The feed could not be fetched"


@dataclass(frozen=True)
class Login:
    """user_and_password : ``user:password``; kept out of every text that is shown"""

    user_and_password: str = field(repr=False)


@dataclass(frozen=True)
class Validators:
    """What a server said of its last answer, to be asked whether that still holds."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Answer:
    """A server's answer, its body still to be read. Names of headers are in lower case."""

    address: Address
    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes]


def asked(known: Validators | None) -> dict[str, str]:
    headers = {
        "User-Agent": f"mercato/{mercato.__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
    if known and known.etag:
        headers["If-None-Match"] = known.etag
    if known and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def followed(
    pool: httpcore2.ConnectionPool,
    address: Address,
    hosts: Hosts,
    headers: Mapping[str, str],
    login: Login | None,
) -> Answer:
    """The answer behind all redirects, each of them checked as the first address is."""
    now = address
    for _ in range(MOST_REDIRECTS + 1):
        hosts.check(now)
        trusted = login if now.origin == address.origin else None
        answer = _answer(pool, now, headers, trusted)
        if answer.status not in _REDIRECTS:
            return answer
        after = now.joined(answer.headers.get("location", ""))
        if now.scheme == "https" and after.scheme != "https":
            raise FetchFailed(f"https behind {now}", str(after), "Tell who runs the feed.")
        now = after
    raise FetchFailed(
        f"{address} behind at most {MOST_REDIRECTS} redirects", f"one more, to {now}",
        "Write the address at which the feed is.",
    )  # fmt: skip


def _answer(
    pool: httpcore2.ConnectionPool,
    address: Address,
    headers: Mapping[str, str],
    login: Login | None,
) -> Answer:
    sent = {"Host": address.host_and_port, **headers}
    if login is not None:
        encoded = base64.b64encode(login.user_and_password.encode()).decode()
        sent["Authorization"] = f"Basic {encoded}"
    scheme, host, port = address.origin
    url = httpcore2.URL(scheme=scheme, host=host, port=port, target=address.target)
    request = httpcore2.Request("GET", url, headers=list(sent.items()))
    response = pool.handle_request(request)
    found = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    if response.status in _REDIRECTS:
        response.close()
    return Answer(address, response.status, found, response.iter_stream())
