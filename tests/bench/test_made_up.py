"""What schemathesis makes up is sent, and answers that break the document are found."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Response
from schemathesis import GenerationMode

from bench.fuzz import Outcome
from bench.made_up import GENERATED, TOGETHER, Asker, Chunk, Told, everything_in


def broken_app() -> FastAPI:
    app = FastAPI()

    @app.get("/right")
    def right(n: int = 0) -> dict[str, int]:
        return {"n": n}

    @app.get("/wrong/{name}")
    def wrong(name: str, response: Response) -> dict[str, str]:
        if name == "known":
            raise RuntimeError("one in two requests")
        response.status_code = 418
        return {}

    return app


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    config = uvicorn.Config(broken_app(), log_level="critical")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with_known = Asker(f"http://127.0.0.1:{listener.getsockname()[1]}", {"name": "known"})
        yield with_known
        with_known.session.close()
        server.should_exit = True
        thread.join()


def test_what_fits_the_document_is_counted(asker: Asker) -> None:
    told = asker.ask(Chunk("GET /right", GenerationMode.POSITIVE, 1))
    assert told.broken == []
    assert set(told.statuses) == {200} and TOGETHER < told.requests <= GENERATED + TOGETHER


def test_what_does_not_is_told_with_the_request(asker: Asker) -> None:
    told = asker.ask(Chunk("GET /wrong/{name}", GenerationMode.POSITIVE, 1))
    assert {418, 500} <= set(told.statuses)
    titles = {each.title for each in told.broken}
    assert {"Server error", "Undocumented status code"} <= titles, titles
    assert any("/wrong/known" in each.request for each in told.broken)


def test_a_seed_says_everything(asker: Asker) -> None:
    chunk = Chunk("GET /wrong/{name}", GenerationMode.POSITIVE, 7)
    assert asker.ask(chunk).statuses == asker.ask(chunk).statuses


def test_every_operation_is_asked_for(asker: Asker) -> None:
    assert {each for each, _ in everything_in(asker.schema)} == {"GET /right", "GET /wrong/{name}"}


def test_growth_is_told_for_100_000_requests() -> None:
    outcome = Outcome()
    for at in range(1, 31):  # 1,000 requests each; caches fill, then 2 MB for every 1,000
        told = Told()
        told.statuses[200] = 1_000
        outcome.add(told, 100.0 + (50 * at if at < 10 else 500 + 2 * at))
    assert outcome.slope() == pytest.approx(200.0)
