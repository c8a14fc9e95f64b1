"""`mercato serve`: the API and the storefront of a shop over HTTP."""

import atexit
import ctypes
import gc
import os
import socket
import sys
import tempfile
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from mercato.cli.arguments import ShopFolder
from mercato.cli.output import say
from mercato.cli.people import first_owner
from mercato.cli.ports import listen
from mercato.cli.recording import on_record, opened_state
from mercato.cli.without_pandas import without_pandas
from mercato.core.errors import BadInput, NotReady, WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings
from mercato.data.scratch import scratch_in

if TYPE_CHECKING:
    from fastapi import FastAPI

EXAMPLE = "Example: mercato serve my-shop --port 8001"

_FOLDER = "MERCATO_SHOP"
"""Environment variable in which workers find the shop's folder."""

_WORKERS = "MERCATO_WORKERS"
_BEYOND = "MERCATO_BEYOND_LOOPBACK"
_LEAVE = "MERCATO_LEAVE_SECONDS"
"""What workers have to know of how the shop is served."""

_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""Where counts of several workers meet, see `api.metrics`."""

_START_SECONDS = 60
"""So long a worker may be silent before it is replaced. On a machine with other work a worker takes
longer to begin than uvicorn's 5 seconds, and would be replaced for ever (measured at a load of 9
on 2 cores)."""

_GRACE_SECONDS = 10
"""How long running requests may take once the server is told to stop."""

_ALLOCATIONS_A_COLLECTION = 20_000
"""Python's own 700 is meant for short programs. Assumed."""

_MALLOC = {-8: 2, -3: 1 << 20, -1: 1 << 20}
"""M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD (malloc.h), in heaps and bytes."""

_SECONDS_A_TURN = 0.001
"""A search waits for other threads' Python a dozen times; with Python's own 5 ms its p99 beside a
great upsert was 150 ms instead of 80 (measured on a busy machine, one worker)."""

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")]
Workers = Annotated[int, typer.Option(help="Processes that answer.")]
LeaveSeconds = Annotated[
    float,
    typer.Option(
        min=0,
        help="Once told to stop, go on answering for so long while /readyz is 503, so that a "
        "balancer sends nothing more.",
    ),
]


def command(
    folder: ShopFolder,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 1,
    leave_seconds: LeaveSeconds = 0.0,
) -> None:
    """Serve the published release until Ctrl-C; a newer release is taken up while serving."""
    serve(folder, listen(host, port), workers, leave_seconds)


def serve(
    folder: Path, listener: socket.socket, workers: int = 1, leave_seconds: float = 0.0
) -> None:
    """Answer requests on ``listener`` until SIGINT or SIGTERM.

    leave_seconds : for which it goes on answering after SIGTERM, see `api.leaving`

    Raises NotFound or NotReady where there is no shop or no release.
    """
    from mercato.data.releases import ReleaseStore

    if workers < 1:
        raise WrongUse("at least one worker", str(workers), "Say: --workers 1")
    paths = ShopPaths(folder)
    settings = load_settings(paths.settings)
    number = ReleaseStore(paths.releases).require_current()
    on_record(folder, "serve", ("events", "answers", "histories"), purpose="serve")
    os.environ[_FOLDER] = str(folder.resolve())
    os.environ[_WORKERS] = str(workers)
    os.environ[_LEAVE] = str(leave_seconds)
    if not ip_address(listener.getsockname()[0]).is_loopback:
        os.environ[_BEYOND] = "1"
        _warn_without_keys(folder)
    if workers > 1 and _COUNTS not in os.environ:
        os.environ[_COUNTS] = _room_for_counts()
    config = uvicorn.Config(
        "mercato.cli.serve:create_app",
        factory=True,
        workers=workers,
        access_log=False,
        server_header=False,
        http="mercato.api.connections:BoundedHttp",  # whoever only starts workers never imports it
        **_logs(settings.serve.logs),
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_worker_healthcheck=_START_SECONDS,
    )
    several = f", {workers} workers" if workers > 1 else ""
    welcome = f"Release {number} of {folder} at {_address(listener)} (Ctrl-C stops it){several}"
    welcome += _first_owner(folder, _address(listener))
    if workers == 1:
        _Announcing(config, welcome).run(sockets=[listener])
    else:
        say(welcome)
        Multiprocess(config, sockets=[listener]).run()


def _room_for_counts() -> str:
    """A folder in which workers add up what they count, until this process ends."""
    parent = Path(tempfile.gettempdir()) / f"mercato-counts-{os.getuid()}"
    parent.mkdir(mode=0o700, exist_ok=True)
    if parent.lstat().st_uid != os.getuid():
        raise NotReady(
            f"{parent} to be a folder of one's own", "another user's", f"Set {_COUNTS} to another."
        )
    held = ExitStack()
    atexit.register(held.close)
    return str(held.enter_context(scratch_in(parent)))


def _logs(kind: str) -> dict[str, Any]:
    """What uvicorn is told of its log. Raises BadInput for a kind that there is not."""
    if kind == "text":
        return {"log_level": "warning"}
    if kind == "json":
        from mercato.api.logs import log_config

        return {"log_level": "warning", "log_config": log_config()}
    raise BadInput("serve.logs as text or json", repr(kind), "Mend shop.toml.")


def _first_owner(folder: Path, address: str) -> str:
    """A line with the link to the console, as long as no owner has a password."""
    link = first_owner(folder, address)
    return "" if link is None else f"\nConsole, to sign in once as owner: {link}"


def _warn_without_keys(folder: Path) -> None:
    """Say what is open where other machines can reach a shop without keys."""
    from mercato.shop.key_book import read_key_book

    with opened_state(folder) as state:
        if read_key_book(state).opens_by_itself:
            say(
                "This shop has no keys: anybody who reaches it may search and send events, nobody "
                f"may change it. Make keys: mercato keys {folder} create NAME --scope items"
            )


def create_app() -> "FastAPI":
    """What each worker serves: the API, and behind it the storefront, of the shop whose folder
    the environment names."""
    without_pandas()
    import pyarrow as pa

    from mercato.api import create_api
    from mercato.shop.exposure import Exposure
    from mercato.shop.opened import Shop
    from mercato.web import Ahead, create_web

    # Arrow's own allocator keeps what a drain has freed: 80 MB after 100,000 events (measured).
    pa.set_memory_pool(pa.system_memory_pool())
    _give_memory_back()
    shop = Shop.open(Path(os.environ[_FOLDER]))
    exposure = Exposure(
        _BEYOND in os.environ,
        int(os.environ.get(_WORKERS, "1")),
        float(os.environ.get(_LEAVE, "0")),
    )
    app = create_api(shop, exposure, Ahead(shop).look)
    app.mount("/", create_web(shop, exposure))
    _spare_the_collector()
    sys.setswitchinterval(_SECONDS_A_TURN)
    return app


def _give_memory_back() -> None:
    """Let glibc's allocator keep few heaps, and hand large pieces back as soon as they are free.

    By itself it has eight heaps a core, and grows what it calls large with what it sees: two
    workers of the demo that drain and swap releases came to 1,230 MB of their own after a minute,
    so to 820 (measured). Other allocators do not know these options, and need none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in _MALLOC.items():
            mallopt(option, value)


def _spare_the_collector() -> None:
    """What is there before the first request stays; looking through all of it for garbage, again
    and again, stops every thread for 100 ms (measured, with 5,000 products put meanwhile)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_A_COLLECTION)


class _Announcing(uvicorn.Server):
    """Says where it listens once it answers."""

    def __init__(self, config: uvicorn.Config, welcome: str) -> None:
        super().__init__(config)
        self.welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            say(self.welcome)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
