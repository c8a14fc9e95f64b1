"""One feed over HTTP: asked only for what is new, streamed to a file, bounded in size and time."""

import hashlib
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpcore2

from mercato.core.errors import BadInput
from mercato.core.settings import FetchSettings
from mercato.data.fetching.address import Address
from mercato.data.fetching.asking import Answer, FetchFailed, Login, Validators, asked, followed
from mercato.data.fetching.hosts import Hosts
from mercato.data.fetching.wire import CheckedBackend, Deadline

LONGEST_WAIT_SECONDS = 86_400
"""A server that asks to be left alone for longer is asked again after a day."""

_ENCODINGS = ("", "identity", "gzip", "x-gzip")
"""Of a body; importers unpack gzip themselves, within bounds."""


@dataclass(frozen=True)
class Fetched:
    """A feed on the disk. bytes, sha256: of the file, as the server sent it."""

    path: Path
    validators: Validators
    sha256: str
    bytes: int


def fetch(
    address: Address,
    into: Path,
    hosts: Hosts,
    settings: FetchSettings,
    *,
    known: Validators | None = None,
    login: Login | None = None,
) -> Fetched | None:
    """Download a feed to the file ``into``; None where the server says that it did not change.

    known : from the last time; None asks for the feed in any case
    login : sent to the host of ``address`` alone

    Raises BadInput for a host that is not allowed or whose address is not public, FetchFailed
    for what goes wrong on the way; then there is no file.
    """
    if login and address.scheme != "https" and address.host not in settings.private:
        raise BadInput("https for a feed with a login", str(address), "Write https://…")
    deadline = Deadline(time.monotonic() + settings.timeout_seconds)
    backend = CheckedBackend(hosts, deadline)
    part = into.with_name(into.name + ".part")
    into.parent.mkdir(parents=True, exist_ok=True)
    try:
        with httpcore2.ConnectionPool(network_backend=backend) as pool:
            answer = followed(pool, address, hosts, asked(known), login)
            if answer.status == 304 and known is not None:
                return None
            _check_status(answer)
            fetched = _kept(answer, part, into, round(settings.max_mb * 1e6))
        part.rename(into)
        return fetched
    except httpcore2.TimeoutException:
        raise FetchFailed(
            f"all of {address} within {settings.timeout_seconds:g} s",
            "a server that is slower, or silent",
            "Try again later, or raise [fetch] timeout_seconds.",
        ) from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise FetchFailed(
            f"a whole answer from {address}", _said(error), "Try again later."
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _check_status(answer: Answer) -> None:
    """Raises FetchFailed for anything but a feed's own bytes."""
    if answer.status != 200:
        remedy = _REMEDIES.get(answer.status, "Try again later, or tell who runs the feed.")
        raise FetchFailed(
            f"200 from {answer.address}",
            f"status {answer.status}",
            remedy,
            retry_after_seconds=_retry_after(answer.headers.get("retry-after", "")),
        )
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise FetchFailed(
            f"{answer.address} as it is, or packed by gzip",
            f"Content-Encoding: {encoding[:40]}",
            "Tell who runs the feed: none was asked for.",
        )


_REMEDIES = {
    401: "Name the environment variable with user:password: login_variable.",
    403: "Ask who runs the feed to let this machine have it.",
    404: "Check the address.",
    410: "The feed is gone for good; ask for its new address.",
}


def _kept(answer: Answer, part: Path, into: Path, most: int) -> Fetched:
    """The body in the file ``part``. Raises FetchFailed for one of more than ``most`` bytes."""
    told = answer.headers.get("content-length", "")
    size = int(told) if re.fullmatch(r"\d{1,18}", told) else 0
    digest = hashlib.sha256()
    with part.open("wb") as file:
        for piece in () if size > most else answer.body:
            digest.update(piece)
            file.write(piece)
            if (size := file.tell()) > most:
                break
        written = file.tell()
    if size > most:
        raise FetchFailed(
            f"at most {most / 1e6:g} MB at {answer.address}",
            f"{size / 1e6:,.1f} MB or more",
            "If that is right, raise [fetch] max_mb.",
        )
    if not written:
        raise FetchFailed(f"a feed at {answer.address}", "an empty answer", "Check the address.")
    validators = Validators(answer.headers.get("etag"), answer.headers.get("last-modified"))
    return Fetched(into, validators, digest.hexdigest(), written)


def _retry_after(text: str) -> int | None:
    """Seconds of ``120`` or of ``Fri, 31 Dec 2027 23:59:59 GMT`` (RFC 9110, 10.2.3)."""
    if re.fullmatch(r"\d{1,9}", text.strip()):
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (zoned - datetime.now(UTC)).total_seconds()
    return round(min(max(seconds, 0.0), LONGEST_WAIT_SECONDS))


def _said(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
