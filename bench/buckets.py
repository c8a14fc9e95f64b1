"""A server of object storage on this machine that speaks S3: moto, in a process of its own.

It has conditional writes (If-Match, If-None-Match), checks credentials where it is told to, keeps
everything in memory and forgets it at its end.
"""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_SERVER = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

class Silent(WSGIRequestHandler):
    def log(self, *_):
        pass

application = DomainDispatcherApplication(create_backend_app)
port = int(sys.argv[1])
server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Silent)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Buckets:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make(self, name: str) -> None:
        """A new bucket, empty."""
        request = urllib.request.Request(f"{self.url}/{name}", method="PUT")
        urllib.request.urlopen(request, timeout=30).close()

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What a process is told that is to use it; ``port`` of a way to it, where there is one."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ACCESS_KEY_ID": "mercato",
            "AWS_SECRET_ACCESS_KEY": "mercato-secret",
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def buckets(port: int = 0, **environment: str) -> Iterator[Buckets]:
    """Serve until the end of the ``with``; port 0: any that is free."""
    command = [sys.executable, "-c", _SERVER, str(port)]
    told = os.environ | environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=told) as server:
        try:
            assert server.stdout is not None
            yield Buckets(int(server.stdout.readline()))
        finally:
            server.kill()
