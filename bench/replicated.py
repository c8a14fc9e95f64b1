"""Several `mercato serve` on hosts of their own, behind a balancer with the files of ``deploy/``.

Each replica has a folder of its own with its settings; of the shop they share the assets, the
releases and the state's database, and nothing else.
"""

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.harness import ROOT
from bench.hosts import Host
from mercato.core.settings import load_settings, settings_text

DEPLOY = ROOT / "deploy"
PORT = 8000
_READY_SECONDS = 120.0
_STOP_SECONDS = 60.0


def image_command() -> list[str]:
    """What the serving image runs: the last ENTRYPOINT and CMD of deploy/Dockerfile."""
    text = (DEPLOY / "Dockerfile").read_text()
    found = [re.findall(rf"^{word} \[(.*)\]$", text, re.MULTILINE)[-1] for word in _PARTS]
    return [shlex.split(each)[0] for part in found for each in part.split(",")]


_PARTS = ("ENTRYPOINT", "CMD")


def image_healthcheck(address: str) -> list[str]:
    """What the serving image says of its health, for a server at another address."""
    text = (DEPLOY / "Dockerfile").read_text()
    (found,) = re.findall(r"^HEALTHCHECK [^[]*CMD (\[.*\])$", text, re.MULTILINE | re.DOTALL)
    _, *words = json.loads(found.partition("\n")[0])
    return [sys.executable, *(word.replace("127.0.0.1", address) for word in words)]


def as_here(command: Sequence[str], folder: Path, address: str) -> list[str]:
    """A command of ``deploy/`` for this machine: its Python, a shop's folder and an address of the
    host in place of the image's."""
    places = {"mercato": None, "/shop": str(folder), "0.0.0.0": address}
    words = [places.get(word, word) for word in command]
    here = [sys.executable, "-m", "mercato.cli"]
    return [each for word in words for each in (here if word is None else [word])]


@dataclass
class Replica:
    """One server on its host."""

    host: Host
    folder: Path
    command: Sequence[str]
    port: int = PORT
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Begin; see `wait`."""
        words = self.host.command(as_here(self.command, self.folder, self.host.address))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                words,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, "FORWARDED_ALLOW_IPS": "*"},
                start_new_session=True,
            )

    def wait(self) -> float:
        """Until it is ready; seconds that took. Raises RuntimeError where it ended."""
        begun = time.monotonic()
        while time.monotonic() - begun < _READY_SECONDS:
            if status(self.host.address, self.port, "/readyz") == 200:
                return time.monotonic() - begun
            if self.process is None or self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"not ready: {(self.folder / 'log').read_text()[-2000:]}")

    def ready(self) -> Any:
        """What it says of itself, which has to be good."""
        address = f"http://{self.host.address}:{self.port}/readyz"
        with urlopen(address, timeout=10) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """End in good order, as a rolling restart does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End as a power cut of the process would: no handler runs."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)
        self.process.wait(_STOP_SECONDS)


def status(host: str, port: int, path: str) -> int:
    """0 where nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def split(shop: Path, into: Path, count: int, state_url: str) -> list[Path]:
    """A folder for each of so many hosts, that share what lies in ``shop``."""
    settings = load_settings(shop / "shop.toml")
    settings = replace(settings, state=replace(settings.state, url=state_url))
    made = []
    for number in range(count):
        folder = into / f"host-{number}"
        folder.mkdir(parents=True)
        (folder / "shop.toml").write_text(settings_text(settings))
        for shared in ("assets", "releases"):
            (folder / shared).symlink_to((shop / shared).resolve())
        made.append(folder)
    return made


@dataclass
class Balancer:
    """One balancer in front of replicas; who is behind it can be changed."""

    kind: str
    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    servers: list[str] = field(default_factory=list)

    def start(self, servers: Sequence[str]) -> None:
        """Run it with the configuration of ``deploy/``. servers : as ``address:port``"""
        self.servers = list(servers)
        self._write()
        with (self.folder / "log").open("ab") as log:
            words = _COMMANDS[self.kind](self.folder)
            self.process = subprocess.Popen(words, stdout=log, stderr=log)
        while status("127.0.0.1", self.port, "/healthz") != 200:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.02)

    def without(self, server: str | None) -> None:
        """nginx: all but this one from now on, which is what its configuration asks for."""
        if self.kind == "nginx" and self.process is not None:
            self._write(server)
            self.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(_STOP_SECONDS)

    def _write(self, without: str | None = None) -> None:
        there = [each for each in self.servers if each != without]
        for name, text in _CONFIGURED[self.kind](there, self.port).items():
            (self.folder / name).write_text(text)


def haproxy_files(servers: Sequence[str], port: int) -> Mapping[str, str]:
    """deploy/haproxy.cfg with servers by their address, where it asks the containers' DNS."""
    text = (DEPLOY / "haproxy.cfg").read_text().replace("bind :8080", f"bind 127.0.0.1:{port}")
    lines = "\n".join(f"    server replica{at} {each}" for at, each in enumerate(servers, 1))
    text, found = re.subn(r"(?m)^    server-template .*$", lines, text)
    assert found == 1
    return {"haproxy.cfg": text}


def nginx_files(servers: Sequence[str], port: int) -> Mapping[str, str]:
    """deploy/nginx.conf, and for each server a line as in deploy/replicas.conf."""
    text = (DEPLOY / "nginx.conf").read_text().replace("listen 8080", f"listen 127.0.0.1:{port}")
    line = (DEPLOY / "replicas.conf").read_text()
    lines = "".join(line.replace(f"mercato:{PORT}", each) for each in servers)
    return {
        "nginx.conf": text.replace("/tmp/nginx.pid", f"/tmp/nginx-{port}.pid"),
        "replicas.conf": lines,
    }


_CONFIGURED = {"haproxy": haproxy_files, "nginx": nginx_files}
_COMMANDS = {
    "haproxy": lambda folder: ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")],
    "nginx": lambda folder: ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
}


def balancers() -> list[str]:
    """Those that are installed here."""
    return [kind for kind in _COMMANDS if shutil.which(kind)]


@contextmanager
def behind(kind: str, folder: Path, replicas: Sequence[Replica]) -> Iterator[Balancer]:
    """A balancer before replicas, which all are ready when it begins and are stopped with it."""
    for each in replicas:
        each.start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    balancer = Balancer(kind, folder, port)
    try:
        for each in replicas:
            each.wait()
        balancer.start([f"{each.host.address}:{each.port}" for each in replicas])
        yield balancer
    finally:
        balancer.stop()
        stopping = [each for each in replicas if each.process and each.process.poll() is None]
        threads = [threading.Thread(target=each.stop) for each in stopping]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
