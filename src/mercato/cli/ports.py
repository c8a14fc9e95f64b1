"""A listening socket, or in plain words why there is none."""

import errno
import re
import socket
from pathlib import Path

from mercato.core.errors import NotReady, WrongUse

_LISTENING = "0A"
"""State of a listening socket in /proc/net/tcp (Linux include/net/tcp_states.h)."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises NotReady where the port is taken or not allowed."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise WrongUse(
            "a host to listen on", f"{host!r}: {error.strerror}", "Say: --host 127.0.0.1"
        ) from None
    listener = socket.socket(family, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from None
    listener.set_inheritable(True)
    return listener


def _refused(host: str, port: int, error: OSError) -> NotReady:
    if error.errno == errno.EADDRINUSE:
        owner = _owner(port)
        found = f"{owner} listens there" if owner else "another program listens there"
        remedy = f"Stop it, or take another port: --port {port + 1}"
    elif error.errno == errno.EACCES:
        found, remedy = "that port is for root only", "Take a port above 1023: --port 8000"
    else:
        found, remedy = str(error.strerror), "Name an address of this machine: --host 127.0.0.1"
    return NotReady(f"port {port} of {host} to listen on", found, remedy)


def _owner(port: int) -> str | None:
    """Who listens on a port, as ``python3 (process 4711)``; None where it cannot be known."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in sockets:
                process = link.parents[1]
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
        except OSError:  # a process that ended meanwhile, or another user's
            continue
    return None


def _listening_inodes(port: int) -> list[str]:
    inodes = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            columns = re.split(r"\s+", line.strip())
            local, state, inode = columns[1], columns[3], columns[9]
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                inodes.append(inode)
    return inodes
