"""A shop that takes events over HTTP is backed up meanwhile; all of some moment comes back."""

import http.client
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

BATCH = 50


class Sender(threading.Thread):
    """Sends batches of numbered events, one behind the other; ``accepted`` is how many came in."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc)
        self.accepted = 0
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            events = [
                {"event_id": f"live{at}", "event": "view_item", "visitor_id": "v"}
                for at in range(self.accepted, self.accepted + BATCH)
            ]
            self.connection.request(
                "POST", "/v1/events", json.dumps(events), {"content-type": "application/json"}
            )
            answer = self.connection.getresponse()
            answer.read()
            assert answer.status == 202
            self.accepted += BATCH
        self.connection.close()


@pytest.mark.soak
def test_a_served_shop_is_backed_up(
    supermarket: Path,
    tmp_path: Path,
    mercato: Callable[..., None],
    serve_shop: Callable[..., object],
) -> None:
    shop = shutil.copytree(supermarket, tmp_path / "shop")
    settings = (shop / "shop.toml").read_text()
    (shop / "shop.toml").write_text(settings.replace("drain_seconds = 30.0", "drain_seconds = 0.3"))
    with serve_shop(shop) as address:  # type: ignore[attr-defined]
        sender = Sender(address)
        sender.start()
        try:
            for number in range(5):
                before = sender.accepted
                file, root = tmp_path / f"backup{number}", tmp_path / f"again{number}"
                mercato("backup", shop, file)
                mercato("restore", file, root)
                told = subprocess.run(
                    [sys.executable, "-m", "mercato.cli", "events", root],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                ids = [json.loads(line)["event_id"] for line in told.stdout.splitlines()]
                live = sorted(int(each[4:]) for each in ids if each.startswith("live"))
                assert live == list(range(len(live)))
                assert len(live) >= before
        finally:
            sender.stopping = True
            sender.join()
