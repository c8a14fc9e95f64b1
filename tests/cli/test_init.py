"""`mercato init`."""

from dataclasses import replace

from mercato.core.settings import Settings, load_settings


def test_writes_every_setting_with_its_default(mercato, tmp_path):
    done = mercato("init", "shop", "--name", 'Jo\'s "Corner"', "--currency", "EUR")
    assert done.returncode == 0, done.stderr
    defaults = Settings()
    shop = replace(defaults.shop, name='Jo\'s "Corner"', currency="EUR")
    assert load_settings(tmp_path / "shop" / "shop.toml") == replace(defaults, shop=shop)


def test_leaves_a_shop_that_is_there_alone(mercato, tmp_path):
    mercato("init", "shop", "--name", "First")
    done = mercato("init", "shop", "--name", "Second")
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert load_settings(tmp_path / "shop" / "shop.toml").shop.name == "First"


def test_refuses_what_is_no_currency_and_makes_nothing(mercato, tmp_path):
    done = mercato("init", "shop", "--currency", "euros")
    assert done.returncode == 2
    assert "ISO 4217" in done.stderr
    assert not (tmp_path / "shop").exists()


def test_a_file_in_the_way_is_said(mercato, tmp_path):
    (tmp_path / "shop").write_text("")
    done = mercato("init", "shop")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
