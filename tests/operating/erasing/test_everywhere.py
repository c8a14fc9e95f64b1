"""Whoever is erased is gone, and nobody else is touched; what was on its way comes to nothing."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from mercato.core.errors import BadInput, ChecksFailed
from mercato.core.events import EventRow
from mercato.core.paths import ShopPaths
from mercato.core.settings import ImportSettings, Settings, settings_text
from mercato.data.auditing import Reader, mask_of
from mercato.data.derive import derive_versions
from mercato.data.erasing import past
from mercato.data.erasing.matching import Erased
from mercato.data.importing import import_events
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.operating.erasing import carrying_out
from mercato.operating.erasing.asking import ask_erasure
from mercato.operating.erasing.carrying_out import Looked, carry_out
from mercato.operating.erasing.exporting import known_of
from mercato.operating.erasing.receipt import receipt
from mercato.operating.erasing.verifying import verify_receipt
from mercato.state import Answer, State

MARCH = 1_772_323_200_000_000
"""2026-03-01T00:00:00Z in microseconds since 1970."""

OFFICER = Reader("officer", "test", "erasure")


@dataclass(frozen=True)
class Little:
    """A shop, its state, and all event rows it was sent, in their order."""

    paths: ShopPaths
    state: State
    rows: tuple[EventRow, ...]

    @property
    def store(self) -> AssetStore:
        return AssetStore(self.paths.assets)

    def events(self) -> list[str]:
        """Identities in the newest version."""
        return sorted(self.store.read("events", columns=["event_id"])["event_id"].to_pylist())


def random_rows(seed: int) -> tuple[EventRow, ...]:
    """200 lines of 6 users with a device or two each, of which two are shared, and of guests."""
    chance = random.Random(seed)
    devices = [f"device-{n}-{seed}-okapi" for n in range(8)]
    own = {f"user-{n}-{seed}-zebra": [devices[n]] for n in range(6)}
    for sharer in chance.sample(sorted(own), 2):
        own[sharer].append(devices[6])
    rows = []
    for n in range(200):
        user: str | None = chance.choice([*own, None])
        device = chance.choice([*own[user], None]) if user else chance.choice([*devices, None])
        session = f"visit-{user or device}-{chance.randrange(3)}" if chance.random() < 0.6 else None
        ts = MARCH + n * 60_000_000
        rows.append(EventRow(f"e{n}", 0, ts, "view_item", user, device, session, f"item-{n % 7}"))
    return tuple(rows)


def answer(n: int, user: str | None, visitor: str | None) -> Answer:
    said = json.dumps({"q": "tea", "visitor_id": visitor})
    who = (user, visitor, None)
    return Answer(f"q{n}", MARCH, "search", None, said, 1, None, *who, ("a",), (1,), (1.0,), (1.0,))


Open = Callable[[int], Little]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """The folder of a shop, made once a seed: some lines are in the assets, the others wait."""
    root = tmp_path_factory.mktemp("little")

    def make(seed: int) -> Path:
        paths = ShopPaths(root / str(seed))
        if paths.root.exists():
            return paths.root
        paths.root.mkdir()
        paths.settings.write_text(settings_text(Settings()))
        state = State.open("sqlite:///state.db", paths.root)
        rows = random_rows(seed)
        for at, part in enumerate((rows[:60], rows[60:120], rows[120:])):
            for n, row in enumerate(part[:20]):
                state.answers.append(answer(100 * at + n, row.user_id, row.visitor_id))
            state.events.append(part).result(30)
            if at < 2:
                drain(state, AssetStore(paths.assets))
        derive_versions(AssetStore(paths.assets), ["histories", "sessions"], settings=Settings())
        state.close()
        return paths.root

    return make


@pytest.fixture
def little(made: Callable[[int], Path], tmp_path: Path) -> Iterator[Open]:
    """``little(seed)``: a shop of its own."""
    states: list[State] = []

    def copied(seed: int) -> Little:
        root = Path(shutil.copytree(made(seed), tmp_path / "shop"))
        states.append(State.open("sqlite:///state.db", root))
        return Little(ShopPaths(root), states[-1], random_rows(seed))

    yield copied
    for state in states:
        state.close()


def found_in(root: Path, text: str) -> list[str]:
    """Files of a folder in whose bytes, or whose Parquet columns, a text stands."""
    found = []
    for file in sorted(each for each in root.rglob("*") if each.is_file()):
        held = text.encode() in file.read_bytes()
        if file.suffix == ".parquet":
            held = held or text in str(pq.read_table(file).to_pylist())
        if held:
            found.append(str(file.relative_to(root)))
    return found


def erase(shop: Little, shopper: str, *, now: bool = True) -> dict[str, Any]:
    number = ask_erasure(shop.paths, shop.state, shopper, OFFICER, at_once=now).number
    carry_out(shop.paths, shop.state)
    return receipt(shop.paths, shop.state, number)


def theirs(rows: tuple[EventRow, ...], user: str) -> set[str]:
    """Ids of the events of a user, by brute force: what names them, and what names nobody else
    and a device, or else a visit, that was only ever seen with them."""
    devices = {row.visitor_id for row in rows if row.user_id == user and row.visitor_id}
    devices -= {row.visitor_id for row in rows if row.user_id not in (None, user)}
    own = [
        row
        for row in rows
        if row.user_id == user or (row.user_id is None and row.visitor_id in devices)
    ]
    visits = {row.session_id for row in own} - {
        row.session_id for row in rows if row not in own and (row.user_id or row.visitor_id)
    }
    unnamed = [row for row in rows if not (row.user_id or row.visitor_id) and row.session_id]
    return {row.event_id for row in (*own, *(row for row in unnamed if row.session_id in visits))}


@pytest.mark.parametrize("seed", range(2))
def test_a_shopper_is_gone_from_every_byte_and_others_stay_as_they_were(
    little: Open, seed: int
) -> None:
    shop = little(seed)
    user = f"user-3-{seed}-zebra"
    gone = theirs(shop.rows, user)
    assert 20 < len(gone) < 80
    assert found_in(shop.paths.root, user)
    before = shop.store.read("events").to_pylist()
    answers = shop.store.read("answers").to_pylist()
    told = erase(shop, user)
    assert told["done_at"] is not None
    assert [each for each in told["places"] if each["remaining"]] == []
    assert found_in(shop.paths.root, user) == []
    drain(shop.state, shop.store)
    assert shop.events() == sorted({row.event_id for row in shop.rows} - gone)
    after = {row["event_id"]: row for row in shop.store.read("events").to_pylist()}
    assert all(after[row["event_id"]] == row for row in before if row["event_id"] not in gone)
    left = {row["query_id"]: row for row in shop.store.read("answers").to_pylist()}
    others = [row for row in answers if row["user_id"] not in (None, user)]
    assert 10 < len(others)
    assert all(left[row["query_id"]] == row for row in others)


def test_an_id_is_matched_whole(little: Open) -> None:
    shop = little(1)
    erase(shop, "user-1")
    erase(shop, "user-1-1-zebr")
    drain(shop.state, shop.store)
    assert len(shop.events()) == 200


def test_a_guest_is_erased_without_the_users_of_the_device(little: Open) -> None:
    shop = little(1)
    device = "device-6-1-okapi"
    gone = {row.event_id for row in shop.rows if row.visitor_id == device and not row.user_id}
    users = {row.event_id for row in shop.rows if row.visitor_id == device and row.user_id}
    assert gone and users
    erase(shop, f"visitor:{device}")
    drain(shop.state, shop.store)
    assert not gone & set(shop.events())
    assert users <= set(shop.events())


def test_lines_that_were_on_their_way_go_with_a_second_look(little: Open) -> None:
    shop = little(0)
    user = "user-2-0-zebra"
    sums = shop.paths.root / "state.db-canary.npz"
    sums.touch()
    told = erase(shop, user)
    assert not sums.exists(), "what a canary's shoppers did is summed up anew"
    late = EventRow("late", 0, MARCH, "view_item", user, None, None, "item-1")
    shop.state.events.append([late]).result(30)  # from a page that was offline
    drain(shop.state, shop.store)
    assert "late" in shop.events()
    carry_out(shop.paths, shop.state)
    assert "late" not in shop.events()
    assert found_in(shop.paths.root, user) == []
    now = receipt(shop.paths, shop.state, told["number"])
    events = {each["place"]: each for each in now["places"]}["assets/events"]
    assert (events["found"], events["remaining"]) == (events["removed"], 0)


def test_who_is_to_be_erased_meanwhile_waits_for_the_next_round(
    little: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = little(0)
    late = carrying_out._Round._late_lines
    asked: list[int] = []

    def ask_meanwhile(self: carrying_out._Round) -> None:
        late(self)
        if not asked:
            found = ask_erasure(shop.paths, shop.state, "user-2-0-zebra", OFFICER, at_once=True)
            asked.append(found.number)

    monkeypatch.setattr(carrying_out._Round, "_late_lines", ask_meanwhile)
    first = erase(shop, "user-1-0-zebra")
    assert first["done_at"] is not None
    assert receipt(shop.paths, shop.state, asked[0])["done_at"] is None
    carry_out(shop.paths, shop.state)
    assert receipt(shop.paths, shop.state, asked[0])["done_at"] is not None
    assert found_in(shop.paths.root, "user-2-0-zebra") == []


def test_whoever_comes_back_is_somebody_new(little: Open) -> None:
    shop = little(0)
    user = "user-2-0-zebra"
    erase(shop, user)
    new = EventRow("new", 0, time.time_ns() // 1000 + 1, "view_item", user, None, None, "item-1")
    shop.state.events.append([new]).result(30)
    drain(shop.state, shop.store)
    carry_out(shop.paths, shop.state)
    made = derive_versions(shop.store, ["histories"], settings=Settings())
    carry_out(shop.paths, shop.state)
    assert "new" in shop.events()
    rows = shop.store.read("histories", made["histories"]).to_pylist()
    assert [len(row["events"]) for row in rows if row["shopper_id"] == user] == [1]


class Killed(BaseException):
    """As if the process had ended."""


STEPS = ("_note_found", "_assets", "_tell", "_asset", "_steps", "_releases", "_past")


@pytest.mark.parametrize("step", STEPS)
def test_what_was_killed_in_any_step_goes_on(
    little: Open, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = little(0)
    user = "user-0-0-zebra"
    asked = ask_erasure(shop.paths, shop.state, user, OFFICER, at_once=True)
    whole = getattr(carrying_out._Round, step)
    for after in (False, True):

        def killed(self: object, *args: Any, after: bool = after, **named: Any) -> None:
            if after:
                whole(self, *args, **named)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(carrying_out._Round, step, killed)
            with pytest.raises(Killed):
                carry_out(shop.paths, shop.state)
    carry_out(shop.paths, shop.state)
    told = receipt(shop.paths, shop.state, asked.number)
    assert told["done_at"] is not None
    events = {each["place"]: each for each in told["places"]}["assets/events"]
    drained = {row.event_id for row in shop.rows[:120]}
    assert events["removed"] == len(theirs(shop.rows, user) & drained)
    assert found_in(shop.paths.root, user) == []


_CARRY_OUT = """
import sys
from pathlib import Path
from mercato.core.paths import ShopPaths
from mercato.operating.erasing.carrying_out import carry_out
from mercato.state import State

root = Path(sys.argv[1])
state = State.open("sqlite:///state.db", root)
print("begun", flush=True)
carry_out(ShopPaths(root), state)
"""


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_kill_9_at_random_moments_loses_nothing_of_an_erasure(little: Open, seed: int) -> None:
    shop = little(seed)
    user = f"user-0-{seed}-zebra"
    asked = ask_erasure(shop.paths, shop.state, user, OFFICER, at_once=True)
    chance, killed = random.Random(seed), 0
    for _ in range(15):
        work = subprocess.Popen(
            [sys.executable, "-c", _CARRY_OUT, str(shop.paths.root)], stdout=subprocess.PIPE
        )
        assert work.stdout is not None
        work.stdout.readline()
        time.sleep(chance.random() * 0.5)
        work.kill()
        killed += work.wait() != 0
        work.stdout.close()
    assert killed
    carry_out(shop.paths, shop.state)
    told = receipt(shop.paths, shop.state, asked.number)
    events = {each["place"]: each for each in told["places"]}["assets/events"]
    drained = {row.event_id for row in shop.rows[:120]}
    assert events["removed"] == len(theirs(shop.rows, user) & drained)
    assert verify_receipt(shop.paths, shop.state, told, user) == []
    others = {row.event_id for row in shop.rows} - theirs(shop.rows, user)
    drain(shop.state, shop.store)
    assert shop.events() == sorted(others)


def test_old_versions_wait_for_their_retention(
    little: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = little(1)
    user = "user-1-1-zebra"
    told = erase(shop, user, now=False)
    places = {each["place"]: each for each in told["places"]}
    assert places["assets/events/old"]["remaining"] > 0
    assert told["done_at"] is None
    found = verify_receipt(shop.paths, shop.state, told, user)
    assert found and all(each["announced"] for each in found)
    month = shop.paths.settings.read_text().replace("keep_days = 30", "keep_days = 0")
    shop.paths.settings.write_text(month)
    carry_out(shop.paths, shop.state)
    assert receipt(shop.paths, shop.state, told["number"])["done_at"] is not None
    assert found_in(shop.paths.root, user) == []


def test_an_old_file_is_read_once_for_all_who_were_erased(
    little: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = little(1)
    users = [f"user-{n}-1-zebra" for n in range(3)]
    asked = [ask_erasure(shop.paths, shop.state, user, OFFICER, at_once=False) for user in users]
    read, whole = Counter[str](), past.owned

    def counted(name: str, file: str, erased: Erased) -> Any:
        read[file] += 1
        return whole(name, file, erased)

    monkeypatch.setattr(past, "owned", counted)
    looked = Looked()
    carry_out(shop.paths, shop.state, looked)
    assert set(read.values()) == {1}
    for user, each in zip(users, asked, strict=True):
        told = receipt(shop.paths, shop.state, each.number)
        left = {place["place"]: place["remaining"] for place in told["places"]}
        # The first 120 lines lie in assets, in files that are old now.
        drained = {row.event_id for row in shop.rows[:120]}
        assert left["assets/events/old"] == len(theirs(shop.rows, user) & drained)
    read.clear()
    drain(shop.state, shop.store)
    carry_out(shop.paths, shop.state, looked)
    assert not read  # lines that are added make no file old


def test_a_round_that_is_told_to_stop_leaves_the_rest_to_the_next(little: Open) -> None:
    shop = little(0)
    user = "user-1-0-zebra"
    number = ask_erasure(shop.paths, shop.state, user, OFFICER, at_once=True).number
    carry_out(shop.paths, shop.state, stopping=lambda: True)
    assert receipt(shop.paths, shop.state, number)["done_at"] is None
    carry_out(shop.paths, shop.state)
    assert receipt(shop.paths, shop.state, number)["done_at"] is not None
    assert found_in(shop.paths.root, user) == []


def test_the_verifier_finds_what_a_receipt_does_not_say(little: Open) -> None:
    shop = little(0)
    user = "user-4-0-zebra"
    told = erase(shop, user)
    assert verify_receipt(shop.paths, shop.state, told, user) == []
    with pytest.raises(ChecksFailed, match="another seal"):
        verify_receipt(shop.paths, shop.state, told | {"by": "nobody"}, user)
    with pytest.raises(BadInput, match="another one"):
        verify_receipt(shop.paths, shop.state, told, "user-1-0-zebra")
    stale = EventRow("stale", 0, MARCH, "view_item", user, None, None, "item-1")
    shop.state.events.append([stale]).result(30)
    drain(shop.state, shop.store)
    (shop.paths.root / "lineage").mkdir(exist_ok=True)
    (shop.paths.root / "lineage" / "a.ndjson").write_text(orjson.dumps({"of": user}).decode())
    places = {each["place"]: each for each in verify_receipt(shop.paths, shop.state, told, user)}
    assert set(places) >= {"state/events", "assets/events", "lineage"}
    assert not any(each["announced"] for each in places.values())


def test_a_person_is_given_all_that_is_known(little: Open) -> None:
    shop = little(1)
    user = "user-5-1-zebra"
    drain(shop.state, shop.store)
    who, *rows = known_of(shop.paths, shop.state, user, replace(OFFICER, purpose="export"))
    assert who["user_id"] == user
    found = {each["row"]["event_id"] for each in rows if each["asset"] == "events"}
    assert found == theirs(shop.rows, user)
    assert {each["asset"] for each in rows} == {"events", "answers", "histories", "sessions"}
    last = list(shop.state.audit.since())[-1]
    assert (last.purpose, last.subject) == ("export", mask_of(shop.state).pseudonym(user))


def test_the_record_of_an_erasure_names_nobody(little: Open) -> None:
    shop = little(1)
    user = "user-2-1-zebra"
    erase(shop, user)
    decision = list(shop.state.decisions.since())[-1]
    assert (decision.kind, decision.actor) == ("erasure", "officer")
    assert decision.after is not None
    assert decision.after["subject"] == mask_of(shop.state).pseudonym(user)
    assert shop.state.verify("decisions").broken is None


def test_rows_that_were_refused_go_too(little: Open, tmp_path: Path) -> None:
    shop = little(0)
    user = "user-1-0-zebra"
    file = tmp_path / "more.csv"
    lines = [
        f"x{n},2026-03-01T00:00:00Z,view_item,{who},tea,many"
        for n, who in enumerate([user, "somebody-else", user + "s"])
    ]
    lines.append("y,2026-03-01T00:00:00Z,view_item,somebody-else,tea,1")
    file.write_text("\n".join(["event_id,ts,event,user_id,item_id,quantity", *lines]) + "\n")
    lax = replace(Settings(), imports=ImportSettings(max_bad_share=1.0))
    import_events(shop.store, [file], settings=lax)
    assert shop.store.read("quarantine").num_rows == 3
    erase(shop, user)
    held = shop.store.read("quarantine").to_pylist()
    assert sorted(orjson.loads(row["row"])["user_id"] for row in held) == [
        "somebody-else",
        user + "s",
    ]
