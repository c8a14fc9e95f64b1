"""Hosts of a test's own on this machine: network namespaces on one bridge, or else addresses of
the loopback, which have all of it but a cable that can be pulled.

Namespaces need root and Linux's ``ip``.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_BRIDGE = "mercato-bench"
_NETWORK = "10.213.77"
"""Private (RFC 1918); seen by nobody but the namespaces on the bridge."""


@dataclass(frozen=True)
class Host:
    """address   : at which the others reach it
    namespace : its name; empty on the loopback
    """

    address: str
    namespace: str = ""

    def command(self, words: Sequence[str]) -> list[str]:
        """The words that run a command on this host."""
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        return [*inside, *words]

    def unplug(self) -> None:
        """Pull its cable: whoever speaks with it hears nothing more, not even that it is gone."""
        _ip("-n", self.namespace, "link", "set", "eth0", "down")


def have_namespaces() -> bool:
    """Whether hosts can be namespaces here."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "netns", "add", f"{_BRIDGE}-try"], capture_output=True)
    subprocess.run(["ip", "netns", "del", f"{_BRIDGE}-try"], capture_output=True)
    return made.returncode == 0


@contextmanager
def hosts(count: int, *, namespaces: bool) -> Iterator[tuple[str, list[Host]]]:
    """The address of this machine as the hosts see it, and so many hosts."""
    if not namespaces:
        yield "127.0.0.1", [Host(f"127.0.0.{at}") for at in range(2, 2 + count)]
        return
    _remove(count)
    _ip("link", "add", _BRIDGE, "type", "bridge")
    try:
        _ip("addr", "add", f"{_NETWORK}.1/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        yield f"{_NETWORK}.1", [_plugged(at) for at in range(2, 2 + count)]
    finally:
        _remove(count)


def _plugged(at: int) -> Host:
    name, cable = f"{_BRIDGE}-{at}", f"mcb{at}"
    _ip("netns", "add", name)
    _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
    _ip("link", "set", cable, "master", _BRIDGE, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("-n", name, "addr", "add", f"{_NETWORK}.{at}/24", "dev", "eth0")
    _ip("-n", name, "link", "set", "eth0", "up")
    return Host(f"{_NETWORK}.{at}", name)


def _remove(count: int) -> None:
    """All of it, also what a run that was killed has left."""
    for at in range(2, 2 + count):
        subprocess.run(["ip", "netns", "del", f"{_BRIDGE}-{at}"], capture_output=True)
        subprocess.run(["ip", "link", "del", f"mcb{at}"], capture_output=True)
    subprocess.run(["ip", "link", "del", _BRIDGE], capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
