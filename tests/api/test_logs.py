"""Nothing that a person sent comes into the log, whatever they send and whatever goes wrong."""

import json
import logging
import subprocess
import sys
from pathlib import Path

from mercato.api.logs import FIELDS, JsonLines

MARK = "zebra4711"
"""In every id, query and field that is sent."""

PROGRAM = f"""
import logging.config, sys
from pathlib import Path
from starlette.testclient import TestClient
from mercato.api import create_api
from mercato.api.logs import log_config
from mercato.shop.opened import Shop
from mercato.web import create_web
import mercato.api.routes.suggest as broken

logging.config.dictConfig(log_config())
logging.getLogger("mercato").setLevel("DEBUG")
app = create_api(shop := Shop.open(Path(sys.argv[1])))
app.mount("/", create_web(shop))

def fail(*given, **named):
    raise KeyError("{MARK}")

broken.suggest = fail
event = {{"event_id": "{MARK}", "event": "view_item", "user_id": "{MARK}",
          "items": [{{"item_id": "{MARK}"}}]}}
who = "user_id={MARK}&visitor_id={MARK}&session_id={MARK}"
with TestClient(app, raise_server_exceptions=False, cookies={{"visitor": "{MARK}"}}) as client:
    for _ in range(3):
        shop.overload.turns.look(0.1, 1.0)  # the levels, too, are told in the log
    for path in ("/v1/search?q={MARK}&", "/v1/search?q={MARK}&filter={MARK}&",
                 "/v1/suggest?q={MARK}&", "/v1/recommend/home?", "/v1/recommend/{MARK}?",
                 "/v1/search?{MARK}=1&",
                 "/search?q={MARK}&", "/item/{MARK}?", "/{MARK}?", "/v1/users/{MARK}/export?"):
        client.get(path + who)
    for body in (event, [event, {{**event, "ts": "{MARK}"}}], {{"{MARK}": 1}}, "{MARK}"):
        client.post("/v1/events", json=body)
    client.post("/v1/events", content=b"{MARK}")
    client.put("/v1/items/{MARK}", json={{"title": 1, "{MARK}": 2}})
    client.delete("/v1/users/{MARK}")
    client.post("/basket/add", data={{"item_id": "{MARK}", "quantity": "{MARK}"}})
    client.post("/shopper", data={{"user_id": "{MARK}"}})
"""


def test_no_line_holds_what_a_person_sent(shop_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(shop_folder)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert MARK not in done.stderr + done.stdout
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    requests = [line for line in lines if line["logger"] == "mercato.requests"]
    assert len(requests) >= 19
    assert requests[0]["route"] == "/v1/search"
    assert requests[0]["status"] == 200
    assert set(requests[0]) == {
        "at",
        "level",
        "logger",
        "message",
        "route",
        "method",
        "status",
        "ms",
    }
    assert any(line["message"].startswith("answers go from WHOLE") for line in lines)


def test_an_error_is_told_by_its_kind_and_its_way() -> None:
    try:
        raise KeyError(MARK)
    except KeyError:
        error = sys.exc_info()
    record = logging.LogRecord("a.b", logging.ERROR, "", 0, "it %s", ("failed",), error)
    setattr(record, FIELDS, {"ms": 1.5})
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["logger"], line["message"]) == ("error", "a.b", "it failed")
    assert (line["error"], line["ms"]) == ("KeyError", 1.5)
    assert line["came_through"][0].endswith("test_an_error_is_told_by_its_kind_and_its_way")
    assert MARK not in str(line)


def test_a_log_of_another_kind_is_refused(shop_folder: Path) -> None:
    file = shop_folder / "shop.toml"
    file.write_text(file.read_text().replace('logs = "text"', 'logs = "xml"'))
    done = subprocess.run(
        [sys.executable, "-m", "mercato.cli", "serve", str(shop_folder), "--port", "0"],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "serve.logs as text or json" in done.stderr
