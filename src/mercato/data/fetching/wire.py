"""Connections to addresses that were checked, under one deadline for all that happens on them."""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore2

from mercato.data.fetching.hosts import Hosts

SILENCE_SECONDS = 30.0
"""A server that says nothing for so long has gone."""


@dataclass(frozen=True)
class Deadline:
    """at : of `time.monotonic`"""

    at: float

    def left(self) -> float:
        """Seconds until the next thing must have happened. Raises TimeoutException."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise httpcore2.ReadTimeout
        return min(seconds, SILENCE_SECONDS)


class CheckedBackend(httpcore2.NetworkBackend):
    """Resolves a host once, checks what it found, and connects to that very address."""

    def __init__(self, hosts: Hosts, deadline: Deadline) -> None:
        self._hosts = hosts
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        *others, last = self._hosts.addresses(host, port)
        for address in others:
            try:
                return self._connected(address, port)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue  # the next address may answer
        return self._connected(last, port)

    def _connected(self, address: str, port: int) -> httpcore2.NetworkStream:
        stream = self._plain.connect_tcp(address, port, self._deadline.left(), None, ())
        return TimedStream(stream, self._deadline)


class TimedStream(httpcore2.NetworkStream):
    """Gives each reading and writing no more time than the whole has left."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left()
        return TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
