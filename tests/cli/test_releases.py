"""`mercato releases` publishes and goes back, and says who did."""

from pathlib import Path

from typer.testing import CliRunner

from mercato.cli import app
from mercato.core.errors import WrongUse
from mercato.core.settings import Settings, settings_text
from mercato.data.releases import Manifest, ReleaseStore
from mercato.state import State

MADE = "2024-01-02T03:04:05+00:00"


def test_what_is_published_by_hand_is_on_record(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(settings_text(Settings()))
    store = ReleaseStore(tmp_path / "releases")
    for text in ("one", "two"):
        with store.draft() as draft:
            (draft / "weights").write_text(text)
            store.seal(draft, Manifest(MADE, 1, None, 0, 0, {}, {}, {}))
    for words in (["publish", "1"], ["--publish", "2"], ["rollback"]):
        done = CliRunner().invoke(app, ["releases", str(tmp_path), *words])
        assert done.exit_code == 0, done.output
    assert store.current() == 1
    refused = CliRunner().invoke(app, ["releases", str(tmp_path), "publish", "9"])
    assert refused.exit_code != 0
    refused = CliRunner().invoke(app, ["releases", str(tmp_path), "publish"])
    assert isinstance(refused.exception, WrongUse)
    state = State.open("sqlite:///state.db", tmp_path)
    told = list(state.decisions.since())
    state.close()
    assert [(each.kind, each.key, each.before) for each in told] == [
        ("release", "1", None),
        ("release", "2", {"release": 1}),
        ("release", "1", {"release": 2}),
    ]
    assert {each.action for each in told} == {"releases"}
    assert all("@" in each.actor for each in told)
