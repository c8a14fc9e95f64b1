"""Events as other tools send them: only their address is another one."""

import base64
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.api.dialects.addresses import SEGMENT
from mercato.core.events import EventRow
from mercato.core.settings import ServeSettings, load_settings, settings_text
from mercato.shop.keys import create_key
from mercato.shop.opened import Shop
from mercato.shop.rules import By

AT = "2026-05-01T10:00:00Z"
MICROSECONDS = 1_777_629_600_000_000
CATALOG = "/v2/projects/1/locations/global/catalogs/default_catalog"

ME = By("me@here", "keys")

Json = dict[str, Any]


def ga4(n: int, **more: Any) -> Json:
    event = {"name": "view_item", "params": {"items": [{"item_id": f"item-{n}"}], **more}}
    return {"client_id": "device", "timestamp_micros": MICROSECONDS + n, "events": [event]}


def segment(n: int, **more: Any) -> Json:
    return {
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": "device",
        "timestamp": AT,
        "properties": {"product_id": f"item-{n}", **more},
    }


def retail(n: int, **more: Any) -> Json:
    detail = {"product": {"id": f"item-{n}"}, **more}
    return {
        "eventType": "detail-page-view",
        "visitorId": "device",
        "eventTime": AT,
        "productDetails": [detail],
    }


def ubi(n: int, **more: Any) -> Json:
    thing = {"object_id": f"item-{n}", **more}
    return {
        "action_name": "item_view",
        "client_id": "device",
        "timestamp": AT,
        "event_attributes": {"object": thing},
    }


def insights(n: int, **more: Any) -> Json:
    return {
        "eventType": "view",
        "eventName": "Product viewed",
        "index": "products",
        "userToken": "device",
        "timestamp": MICROSECONDS // 1000,
        "objectIDs": [f"item-{n}"],
        **({"objectData": [more]} if more else {}),
    }


@dataclass(frozen=True)
class Way:
    """One way to send events.

    body : of events in the dialect; told : of an answer, what it says of those that do not fit
    sign : a key in the dialect's usual place
    """

    address: str
    event: Callable[..., Json]
    body: Callable[[list[Json]], Any]
    status: int
    partly: int
    told: Callable[[Any], Any]
    sign: Callable[[str], Json]
    headers: Json = field(default_factory=dict)


def ndjson(documents: list[Json]) -> bytes:
    action = {"index": {"_index": "ubi_events"}}
    lines = [json.dumps(line) for each in documents for line in (action, each)]
    return "".join(f"{line}\n" for line in lines).encode()


def payload(events: list[Json]) -> Json:
    """Payloads of one event each, as one."""
    several = [
        each["events"][0] | {"timestamp_micros": each["timestamp_micros"]} for each in events
    ]
    return {"client_id": "device", "events": several}


def user(key: str) -> Json:
    return {"headers": {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}}


def password(key: str) -> Json:
    told = base64.b64encode(f"shop:{key}".encode()).decode()
    return {"headers": {"Authorization": f"Basic {told}"}}


def bulk_errors(answer: Any) -> Any:
    return [at for at, item in enumerate(answer.json()["items"]) if "error" in item["index"]]


def samples(answer: Any) -> Any:
    found = answer.json()["response"]["errorSamples"]
    return [int(each["message"].split("]")[0].split("[")[1]) for each in found]


def rejected(answer: Any) -> Any:
    return [each["index"] for each in answer.json().get("rejected", [])]


WAYS = {
    "ga4": Way(
        "/mp/collect?measurement_id=G-1",
        ga4,
        payload,
        204,
        204,
        lambda answer: [1] if answer.content == b"" else None,
        lambda key: {"params": {"api_secret": key}},
    ),
    "segment": Way("/v1/batch", segment, lambda calls: {"batch": calls}, 200, 200, rejected, user),
    "google-retail": Way(
        f"{CATALOG}/userEvents:import",
        retail,
        lambda events: {"inputConfig": {"userEventInlineSource": {"userEvents": events}}},
        200,
        200,
        samples,
        lambda key: {"headers": {"X-Goog-Api-Key": key}},
    ),
    "ubi": Way("/_bulk", ubi, ndjson, 200, 200, bulk_errors, password),
    "ubi-collector": Way("/ubi_events", ubi, lambda events: events, 200, 200, rejected, user),
    "algolia-insights": Way(
        "/1/events",
        insights,
        lambda events: {"events": events},
        200,
        422,
        lambda answer: [1] if "events[1]" in answer.json()["message"] else None,
        lambda key: {"headers": {"X-Algolia-API-Key": key}},
    ),
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))


@dataclass
class Till:
    """A shop that several tests send to, each as if it were empty."""

    shop: Shop
    client: TestClient

    def rows(self) -> tuple[EventRow, ...]:
        return self.shop.state.events.after(0, 1000).rows

    def stored(self) -> list[tuple[Any, ...]]:
        return [(row.event, row.visitor_id, row.item_id) for row in self.rows()]

    def key(self, scope: str) -> str:
        made = create_key(self.shop.state, "k", [scope], ME).text
        self.shop.refresh()
        return made

    def counted(self, result: str) -> float:
        found = re.search(
            rf'mercato_events_total{{result="{result}"}} (\S+)', self.client.get("/metrics").text
        )
        return float(found[1]) if found else 0.0


@contextmanager
def served(built_shop: Path, folder: Path) -> Iterator[Till]:
    shutil.copytree(built_shop, folder)
    settings = load_settings(folder / "shop.toml")
    settings = replace(settings, serve=ServeSettings(drain_seconds=3600.0))
    (folder / "shop.toml").write_text(settings_text(settings))
    shop = Shop.open(folder)
    with TestClient(create_api(shop), raise_server_exceptions=False) as client:
        yield Till(shop, client)


@pytest.fixture(scope="module")
def without_keys(built_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    with served(built_shop, tmp_path_factory.mktemp("dialects") / "shop") as till:
        yield till


@pytest.fixture(scope="module")
def with_keys(built_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """A shop that asks for keys for ever after the first."""
    with served(built_shop, tmp_path_factory.mktemp("keys") / "shop") as till:
        yield till


def emptied(till: Till) -> Iterator[Till]:
    yield till
    log = till.shop.state.events
    log.prune(log.after(0, 1000).last, 2**60)


@pytest.fixture
def till(without_keys: Till) -> Iterator[Till]:
    yield from emptied(without_keys)


@pytest.fixture
def keyed(with_keys: Till) -> Iterator[Till]:
    yield from emptied(with_keys)


def post(till: Till, way: Way, events: list[Json], **more: Any) -> Any:
    body = way.body(events)
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    return till.client.post(way.address, **sent, **more)


@ways
def test_events_are_kept_and_count_once(till: Till, way: Way) -> None:
    for _ in range(2):
        assert post(till, way, [way.event(1), way.event(2)]).status_code == way.status
    assert till.stored() == [("view_item", "device", "item-1"), ("view_item", "device", "item-2")]


@ways
def test_the_good_ones_are_kept_and_the_bad_ones_named(till: Till, way: Way) -> None:
    before = {each: till.counted(each) for each in ("accepted", "rejected")}
    answer = post(till, way, [way.event(1), way.event(2, quantity="two"), way.event(3)])
    assert (answer.status_code, way.told(answer)) == (way.partly, [1])
    assert [item for *_, item in till.stored()] == ["item-1", "item-3"]
    assert [till.counted(each) - n for each, n in before.items()] == [2, 1]


@ways
def test_a_key_stands_where_the_dialect_has_it(keyed: Till, way: Way) -> None:
    till = keyed
    events, search = till.key("events"), till.key("search")
    for sign, status in (({}, 401), (way.sign("mk_wrong"), 401), (way.sign(search), 403)):
        assert post(till, way, [way.event(1)], **sign).status_code == status
    assert till.stored() == []
    assert post(till, way, [way.event(1)], **way.sign(events)).status_code == way.status
    assert len(till.stored()) == 1


def test_clients_of_insights_may_send_their_key_in_the_address(keyed: Till) -> None:
    till, key = keyed, keyed.key("events")
    for name in ("X-Algolia-API-Key", "x-algolia-api-key"):
        answer = post(till, WAYS["algolia-insights"], [insights(1)], params={name: key})
        assert answer.status_code == 200


@ways
def test_when_too_much_waits_the_sender_is_told_when_to_come_back(
    till: Till, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till.shop.state.writer, "most_waiting", 2)
    answer = post(till, way, [way.event(n) for n in range(3)])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert post(till, way, [way.event(n) for n in range(2)]).status_code == way.status


@pytest.mark.parametrize("name", [n for n in WAYS if n not in ("ga4", "ubi-collector")])
def test_the_address_of_our_own_takes_them_too(till: Till, name: str) -> None:
    events = [WAYS[name].event(1), WAYS[name].event(2)]
    assert till.client.post("/v1/events", json=events).json()["accepted"] == 2
    named = till.client.post("/v1/events", params={"dialect": name}, json=events).json()
    assert named == {"accepted": 0, "duplicates": 2, "rejected": []}
    assert [item for *_, item in till.stored()] == ["item-1", "item-2"]


def test_whole_bodies_of_theirs_too(till: Till) -> None:
    bodies = [WAYS[name].body([WAYS[name].event(1)]) for name in ("segment", "google-retail")]
    bodies.append({"events": [insights(1)]})
    for body in bodies:
        assert till.client.post("/v1/events", json=body).json()["accepted"] == 1
    exported: Json = {"event_name": "view_item", "event_timestamp": str(MICROSECONDS)}
    exported |= {"user_pseudo_id": "v", "event_params": []}
    asked = {"dialect": "ga4-bigquery"}
    assert till.client.post("/v1/events", params=asked, json=exported).json()["accepted"] == 1
    wrong = till.client.post("/v1/events", params={"dialect": "matomo"}, json=[])
    assert (wrong.status_code, "ga4" in wrong.json()["expected"]) == (400, True)


def test_what_may_be_several_is_to_be_named(till: Till) -> None:
    both = ubi(2) | segment(1)
    answer = till.client.post("/v1/events", json=both)
    assert (answer.status_code, "?dialect=" in answer.json()["remedy"]) == (400, True)
    asked = {"dialect": "segment"}
    assert till.client.post("/v1/events", params=asked, json=both).json()["accepted"] == 1


def test_our_own_events_may_have_any_attributes(till: Till) -> None:
    own = {"event_id": "a", "event": "view_item", "type": "track", "userId": "u"}
    assert till.client.post("/v1/events", json=own).json()["accepted"] == 1
    (row,) = till.rows()
    assert row.event_id == "a"


def test_what_our_events_do_not_hold_is_left_out_and_counted(till: Till) -> None:
    before = till.counted("left_out")
    visit = {"client_id": "c", "events": [{"name": "page_view"}, {"name": "view_item"}]}
    assert till.client.post("/mp/collect", json=visit).status_code == 204
    page = {"type": "page", "anonymousId": "v", "name": "Home"}
    told = till.client.post("/v1/events", json=[page, segment(1)]).json()
    assert told == {"accepted": 1, "duplicates": 0, "rejected": [], "left_out": 1}
    assert len(till.stored()) == 2
    assert till.counted("left_out") - before == 2


def test_ga4_says_what_is_wrong_where_it_validates(till: Till) -> None:
    body = payload([ga4(1), ga4(2, currency="EURO")])
    (message,) = till.client.post("/debug/mp/collect", json=body).json()["validationMessages"]
    assert (message["fieldPath"], message["validationCode"]) == ("events[1]", "VALUE_INVALID")
    assert "ISO 4217" in message["description"]
    assert till.stored() == []
    for wrong in (b"[]", b"{", b'{"client_id": "c"}'):
        assert till.client.post("/mp/collect", content=wrong).status_code == 400


def test_of_a_persons_data_only_what_is_needed_is_kept(till: Till) -> None:
    private = {"user_data": {"sha256_email_address": ["x"]}, "ip_override": "192.0.2.1"}
    assert till.client.post("/mp/collect", json=ga4(1) | private).status_code == 204
    (row,) = till.rows()
    assert row.attributes is None


@pytest.mark.parametrize("address", SEGMENT)
def test_segments_calls(keyed: Till, address: str) -> None:
    """Each asks for a key, also in the body."""
    till = keyed
    key = till.key("events")
    call: Json = {"batch": [segment(1)]} if SEGMENT[address] is None else segment(1)
    for wrong in (None, "mk_wrong", 7):
        answer = till.client.post(address, json=call | {"writeKey": wrong})
        assert (answer.status_code, answer.json()["success"]) == (401, False)
    assert till.stored() == []
    for _ in range(2):
        answer = till.client.post(address, json=call | {"writeKey": key})
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert len(till.stored()) == (SEGMENT[address] in (None, "track"))


def test_segments_batch_says_things_for_all_of_its_calls(till: Till) -> None:
    context = {"page": {"url": "https://shop.example/tea"}}
    call = {name: value for name, value in segment(1).items() if name != "timestamp"}
    body = {"batch": [call | {"context": {"locale": "en"}}], "context": context, "sentAt": AT}
    assert till.client.post("/v1/batch", json=body).json() == {"success": True}
    (row,) = till.rows()
    said = {"page_url": "https://shop.example/tea", "locale": "en"}
    assert (json.loads(row.attributes or ""), row.ts) == (said, MICROSECONDS)
    refused = till.client.post("/v1/track", json=segment(1, quantity="two"))
    assert (refused.status_code, refused.json()["success"]) == (400, False)


def test_google_retail_answers_what_was_written(till: Till) -> None:
    written = till.client.post(f"{CATALOG}/userEvents:write", json=retail(1))
    assert (written.status_code, written.json()) == (200, retail(1))
    wrong = till.client.post(f"{CATALOG}/userEvents:write", json=retail(1) | {"eventType": "nod"})
    assert (wrong.status_code, wrong.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    elsewhere = {"inputConfig": {"gcsSource": {"inputUris": ["gs://bucket/file"]}}}
    refused = till.client.post(f"{CATALOG}/userEvents:import", json=elsewhere)
    assert (refused.status_code, "mercato import" in refused.json()["error"]["message"]) == (
        400,
        True,
    )
    body = WAYS["google-retail"].body([retail(1), retail(2)])
    done = till.client.post(f"{CATALOG}/userEvents:import", json=body).json()
    assert done["done"] is True
    assert done["response"]["importSummary"]["joinedEventsCount"] == "2"
    assert len(till.stored()) == 2


def test_documents_of_ubi(till: Till) -> None:
    made = till.client.put("/ubi_events/_doc/one", json=ubi(1))
    assert (made.status_code, made.json()["_id"], made.json()["result"]) == (201, "one", "created")
    again = till.client.put("/ubi_events/_doc/one", json=ubi(1))
    assert (again.status_code, again.json()["result"]) == (200, "noop")
    posted = [till.client.post("/ubi_events/_doc", json=ubi(2)) for _ in range(2)]
    assert [each.status_code for each in posted] == [201, 200]
    assert posted[0].json()["_id"] == posted[1].json()["_id"]
    query = {"query_id": "q", "user_query": "tea", "timestamp": AT, "client_id": "device"}
    query["query_response_hit_ids"] = ["item-1", "item-2"]  # type: ignore[assignment]
    assert till.client.post("/ubi_queries/_doc", json=query).status_code == 201
    assert [event for event, *_ in till.stored()] == [
        *("view_item", "view_item"),
        *("view_search_results", "view_item_list", "view_item_list"),
    ]
    wrong = till.client.post("/ubi_events/_doc", json=ubi(1) | {"timestamp": "soon"})
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "mapper_parsing_exception")


def test_bulk_requests_name_each_action(till: Till) -> None:
    lines: list[Json] = [{"create": {"_id": "a"}}, ubi(1)]
    lines += [{"delete": {"_id": "a"}}, {"update": {"_id": "a"}}, {"doc": {}}]
    lines += [{"index": {"_index": "products"}}, {}, {"index": {}}, ubi(2)]
    body = "\n".join(map(json.dumps, lines)).encode()
    answer = till.client.post("/ubi_events/_bulk", content=body).json()
    told = [(name, about["status"]) for item in answer["items"] for name, about in item.items()]
    assert told == [
        *(("create", 201), ("delete", 400), ("update", 400), ("index", 404), ("index", 201))
    ]
    assert (answer["errors"], len(till.stored())) == (True, 2)
    for wrong in (b"{}\n", b"[]\n", b'{"index": {}}\n', b"\xff", b'{"index": 1}\n{}\n'):
        assert till.client.post("/ubi_events/_bulk", content=wrong).status_code == 400


def test_insights_without_a_time_are_each_of_their_own(till: Till) -> None:
    event = {name: value for name, value in insights(1).items() if name != "timestamp"}
    for _ in range(2):
        assert till.client.post("/1/events", json={"events": [event]}).status_code == 200
    assert len(till.stored()) == 2


def test_an_order_counts_once_whenever_it_is_told(till: Till) -> None:
    order = {"transaction_id": "o-1", "items": [{"item_id": "item-1", "price": 3, "quantity": 1}]}
    body = {"client_id": "device", "events": [{"name": "purchase", "params": order}]}
    for _ in range(2):
        assert till.client.post("/mp/collect", json=body).status_code == 204
    assert till.stored() == [("purchase", "device", "item-1")]


@ways
def test_consent_is_respected_in_each(till: Till, way: Way) -> None:
    denied = [way.event(1), way.event(2)]
    for event, consent in zip(denied, (False, {"ad_user_data": "DENIED"}), strict=True):
        target = event["events"][0] if "events" in event else event
        target["consent"] = consent
    assert post(till, way, denied).status_code == way.status
    assert till.stored() == [("view_item", None, "item-2")]


def test_programs_and_the_shops_own_are_marked(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    assert post(till, WAYS["ga4"], [ga4(1)], headers=agent).status_code == 204
    phone = {"context": {"userAgent": "Firefox"}}
    assert till.client.post("/v1/track", json=segment(2) | phone, headers=agent).is_success
    cleaning = replace(till.shop.settings.cleaning, own_addresses=("testclient",))
    private = replace(till.shop.settings.privacy, user_agents=False)
    settings = replace(till.shop.settings, cleaning=cleaning, privacy=private)
    monkeypatch.setattr(till.shop, "settings", settings)
    assert till.client.post("/v1/track", json=segment(3) | phone).is_success
    found = [row.attributes for row in till.rows()]
    assert found == ['{"bot":"true"}', '{"user_agent":"Firefox"}', '{"own":"true"}']
