"""Requests to object storage: each bounded in time, tried again where that does no harm, and with
errors that say what to do.

Addresses and credentials are the standard environment's (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION), or those of the machine's role.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import obstore
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from mercato.core.errors import BadInput
from mercato.data.storage.protocol import Away, Entry, Taken, Text

if TYPE_CHECKING:
    from obstore import UpdateVersion
    from obstore.store import S3Config

REQUEST_SECONDS = 30
"""Within which a request and its answer are over; parts are small enough for slow lines."""

_CONNECT_SECONDS = 3
_RETRIES = 3

_PART = 8 << 20
"""Bytes that one request brings or takes: what a cut connection makes be sent again."""

_ATTEMPTS = 4
"""Of one part, where the answer breaks off."""

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]+[a-z0-9])/(?P<prefix>[\w./=-]*\w)/?")

_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3}[^:<]*)")
_FORBIDDEN = re.compile(
    "InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|Expired ?Token|InvalidToken|40[13] "
)
_OF_STORAGE = re.compile("S3 error|error sending request|HTTP error|Server returned|ObjectStore")
_MISSING_LOGIN = re.compile("169.254.169.254|169.254.170.2|InstanceCredential|CredentialsNotLoaded")

T = TypeVar("T")


class Client:
    """One prefix of a bucket; keys are relative to it."""

    def __init__(self, url: str) -> None:
        named = _ADDRESS.fullmatch(url)
        if named is None:
            raise BadInput(
                "an address as s3://bucket/prefix",
                repr(url),
                "Mend url in shop.toml (docs/scale.md).",
            )
        self.url = url.rstrip("/")
        self.bucket, self.prefix = named["bucket"], named["prefix"]
        self.endpoint = _endpoint()
        self._store = S3Store(
            self.bucket,
            prefix=self.prefix,
            config=self._config(),
            client_options={
                "allow_http": self._is_plain,
                "timeout": f"{REQUEST_SECONDS}s",
                "connect_timeout": f"{_CONNECT_SECONDS}s",
            },
            retry_config={
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=REQUEST_SECONDS),
            },
        )

    def _config(self) -> "S3Config":
        told: S3Config = {"checksum_algorithm": "sha256", "conditional_put": "etag"}
        if self.endpoint is not None:
            told["endpoint"] = self.endpoint
        return told

    @property
    def _is_plain(self) -> bool:
        return self.endpoint is not None and self.endpoint.startswith("http://")

    def options(self) -> dict[str, str]:
        """The same for delta-rs. A commit that somebody else has made meanwhile is refused."""
        told = {
            "aws_conditional_put": "etag",
            "timeout": f"{REQUEST_SECONDS}s",
            "connect_timeout": f"{_CONNECT_SECONDS}s",
            "max_retries": str(_RETRIES),
            "retry_timeout": f"{REQUEST_SECONDS}s",
        }
        if self.endpoint is not None:
            told |= {"aws_endpoint": self.endpoint, "allow_http": str(self._is_plain).lower()}
        return told

    def text(self, key: str) -> Text | None:
        """None where there is none."""
        with self.speaking():
            try:
                found = obstore.get(self._store, key)
            except FileNotFoundError as error:
                _require_bucket(error)
                return None
            return Text(bytes(found.bytes()).decode("utf-8"), str(found.meta["e_tag"]))

    def read(self, key: str) -> bytes | None:
        """None where there is none."""
        with self.speaking():
            try:
                return _again(lambda: bytes(obstore.get(self._store, key).bytes()))
            except FileNotFoundError as error:
                _require_bucket(error)
                return None

    def write(self, key: str, said: bytes, over: str | None) -> None:
        """Put a small object in the place of the one with the tag ``over``; None: where none is.

        Raises Taken where that is not so.
        """
        with self.speaking():
            try:
                obstore.put(self._store, key, said, mode=_over(over), use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                raise Taken from None
            except FileNotFoundError as error:
                _require_bucket(error)
                raise Taken from None  # what was to be replaced is gone

    def upload(self, path: Path, key: str) -> None:
        """A file; large ones part by part, and not there before the last part is."""
        with self.speaking(), path.open("rb") as file:
            many = path.stat().st_size > _PART
            obstore.put(self._store, key, file, use_multipart=many, chunk_size=_PART)

    def download(self, key: str, place: Path) -> str | None:
        """Write an object into a file that is new, and onto the disk; its SHA-256, or None where
        there is no object."""
        with self.speaking():
            try:
                size = int(obstore.head(self._store, key)["size"])
            except FileNotFoundError as error:
                _require_bucket(error)
                return None
            seen = hashlib.sha256()
            with place.open("xb") as file:
                for start in range(0, size, _PART):
                    part = self._part(key, start, min(start + _PART, size))
                    seen.update(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            return seen.hexdigest()

    def _part(self, key: str, start: int, end: int) -> bytes:
        return _again(lambda: bytes(obstore.get_range(self._store, key, start=start, end=end)))

    def entries(self, folder: str) -> list[Entry]:
        """What lies below a folder, by name."""
        below = f"{folder}/" if folder else ""
        with self.speaking():
            pages = obstore.list(self._store, prefix=folder or None)
            found = [
                Entry(
                    each["path"].removeprefix(below),
                    each["size"],
                    each["last_modified"].timestamp(),
                )
                for page in pages
                for each in page
            ]
        return sorted(found, key=lambda entry: entry.name)

    def delete(self, keys: Sequence[str]) -> None:
        if keys:
            with self.speaking():
                obstore.delete(self._store, list(keys))

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Within it, what storage says becomes an error of ours; conflicts stay what they are."""
        try:
            yield
        except (TableNotFoundError, CommitFailedError, AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, DeltaError, OSError) as error:
            text = str(error)
            of_storage = isinstance(error, BaseError) or _OF_STORAGE.search(text)
            if not of_storage or (isinstance(error, FileNotFoundError) and not _no_bucket(text)):
                raise
            raise self._away(text) from None

    def _away(self, text: str) -> Away:
        place = self.endpoint or "Amazon S3"
        code = _CODE.search(text) or _STATUS.search(text)
        found = code[1].strip() if code else "no answer"
        if _no_bucket(text):
            return Away(
                f"the bucket {self.bucket} at {place}",
                "no such bucket",
                "Make it, or mend url in shop.toml.",
            )
        if _MISSING_LOGIN.search(text):
            found = "none"
        if found == "none" or _FORBIDDEN.search(text):
            return Away(
                f"credentials that may read and write {self.url}",
                found,
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and look at the bucket's policy.",
            )
        return Away(
            f"object storage that answers at {place}",
            found,
            "Look at AWS_ENDPOINT_URL, AWS_REGION and the network; then try again.",
        )


def _over(tag: str | None) -> "Literal['create'] | UpdateVersion":
    return "create" if tag is None else {"e_tag": tag}


def _endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def _no_bucket(text: str) -> bool:
    return "NoSuchBucket" in text


def _require_bucket(error: FileNotFoundError) -> None:
    """An object may be missing; its bucket may not."""
    if _no_bucket(str(error)):
        raise error


def _again(work: Callable[[], T]) -> T:
    """Requests are tried again by the client; answers that break off are, here."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return work()
        except BaseError as error:
            if _CODE.search(str(error)):
                raise
    return work()
