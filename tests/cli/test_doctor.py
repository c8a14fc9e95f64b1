"""`mercato doctor`: what is missing or broken, with the remedy."""

import json

from mercato.cli import doctor as module


def health(done):
    return {each["what"]: each["health"] for each in json.loads(done.stdout)}


def test_a_sound_installation(mercato):
    done = mercato("doctor", "--json")
    assert done.returncode == 0
    assert health(done)["packages"] == "ok"


def test_a_missing_package_is_broken_and_named(monkeypatch):
    monkeypatch.setattr(module, "_required", lambda: ["numpy", "no-such-package"])
    (found,) = (each for each in module.installation() if each.what == "packages")
    assert (found.health, found.found) == (module.Health.BROKEN, "missing: no-such-package")


def test_a_new_shop_lacks_items_and_a_release(mercato):
    mercato("init", "shop")
    done = mercato("doctor", "shop", "--json")
    assert done.returncode == 1
    found = health(done)
    assert (found["settings"], found["items"], found["events"], found["release"]) == (
        "ok",
        "broken",
        "warning",
        "broken",
    )


def test_a_vector_engine_that_does_not_answer_is_broken(mercato, tmp_path):
    mercato("init", "shop")
    assert health(mercato("doctor", "shop", "--json"))["vector engine"] == "ok"
    path = tmp_path / "shop" / "shop.toml"
    nowhere = 'engine = "postgresql+psycopg://me:secret@127.0.0.1:1/codes"'
    path.write_text(path.read_text().replace('engine = ""', nowhere))
    done = mercato("doctor", "shop", "--json")
    assert (health(done)["settings"], health(done)["vector engine"]) == ("ok", "broken")
    assert "secret" not in done.stdout


def test_settings_that_cannot_be_read_are_said_with_the_nearest_name(mercato, tmp_path):
    mercato("init", "shop")
    path = tmp_path / "shop" / "shop.toml"
    path.write_text(path.read_text().replace("max_bad_share", "max_bad_shares"))
    (settings,) = (
        each
        for each in json.loads(mercato("doctor", "shop", "--json").stdout)
        if each["what"] == "settings"
    )
    assert settings["health"] == "broken"
    assert "max_bad_share" in settings["remedy"]


def test_a_folder_that_is_no_shop(mercato):
    done = mercato("doctor", "nowhere", "--json")
    assert done.returncode == 1
    assert health(done)["settings"] == "broken"
