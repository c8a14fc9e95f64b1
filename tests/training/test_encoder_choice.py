"""Which encoder a build takes, and what a release does with one that cannot read its texts."""

import csv
import json
from pathlib import Path

import pytest

from mercato.core.errors import NotReady
from mercato.core.progress import Silent
from mercato.core.settings import Identity, SearchSettings, Settings, settings_text
from mercato.data.importing import import_items
from mercato.data.store import AssetStore
from mercato.models.text_encoder import default_source
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search
from mercato.training import encoder_choice
from mercato.training.build import build
from mercato.training.encoder_choice import chosen_encoder

ENGLISH = ["Stainless steel kettle, 1.7 l", "Running shoes for men"]
CHINESE = ["新款夏季连衣裙韩版修身显瘦", "蓝牙耳机无线双耳运动入耳式"]


@pytest.fixture
def english() -> Path:
    try:
        return default_source()
    except NotReady as error:
        pytest.skip(str(error))


def settings(encoder: str = "auto", language: str = "en", *others: str) -> Settings:
    return Settings(
        shop=Identity(language=language),
        search=SearchSettings(encoder=encoder, languages=others),
    )


@pytest.fixture
def multilingual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(encoder_choice, "multilingual_source", lambda: tmp_path / "e5.bin")
    return tmp_path / "e5.bin"


@pytest.fixture
def no_multilingual(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise NotReady("a package", "none", "Install it.")

    monkeypatch.setattr(encoder_choice, "multilingual_source", missing)


def test_the_catalogue_and_the_languages_decide(english: Path, multilingual: Path) -> None:
    assert chosen_encoder(settings(), ENGLISH) == english
    assert chosen_encoder(settings(), CHINESE) == multilingual
    assert chosen_encoder(settings("auto", "de"), ENGLISH) == multilingual
    assert chosen_encoder(settings("auto", "en", "fr"), ENGLISH) == multilingual


@pytest.mark.usefixtures("no_multilingual")
def test_without_the_multilingual_one_what_cannot_be_read_goes_without(english: Path) -> None:
    assert chosen_encoder(settings(), CHINESE) is None
    assert chosen_encoder(settings("auto", "de"), ENGLISH) == english


def test_a_named_one_is_taken_whatever_the_texts(english: Path, tmp_path: Path) -> None:
    assert chosen_encoder(settings("minilm"), CHINESE) == english
    assert chosen_encoder(settings(str(tmp_path)), CHINESE) == tmp_path
    assert chosen_encoder(settings("none"), ENGLISH) is None


@pytest.mark.soak
@pytest.mark.usefixtures("english")
def test_a_chinese_shop_is_not_harmed_by_the_english_encoder(tmp_path: Path) -> None:
    shop_settings = settings("minilm", "zh")
    (tmp_path / "shop.toml").write_text(settings_text(shop_settings))
    things = ["连衣裙", "蓝牙耳机", "保温杯", "运动鞋", "收纳盒", "台灯", "雨伞", "钥匙扣"]
    kinds = ["夏季新款", "韩版修身", "学生宿舍", "家用迷你"]
    titles = [f"{kind}{thing}" for kind in kinds for thing in things]
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "title"), *enumerate(titles)])
    store = AssetStore(tmp_path / "assets")
    import_items(store, [tmp_path / "items.csv"], settings=shop_settings)
    build(tmp_path, progress=Silent())
    shop = Shop.open(tmp_path)
    try:
        assert shop.live.calibration.known_share < 0.95
        assert shop.live.encode_query is None
        answer = search(shop, SearchCall(q="保温杯"))
        assert {hit.item["title"] for hit in answer.hits} == {f"{kind}保温杯" for kind in kinds}
        assert answer.applied.mode == "lexical"
    finally:
        shop.close()


def test_a_release_that_its_encoder_cannot_read_is_searched_by_words(tour: Path) -> None:
    """As the long form above, with the number that its build would have found."""
    path = next((tour / "releases").glob("*/calibration/calibration.json"))
    learned = json.loads(path.read_text())
    assert learned["known_share"] == 1.0
    assert 0 < learned["semantic_unrelated"] < learned["semantic_threshold"]
    path.unlink()  # it may be linked with the build's own
    path.write_text(json.dumps(learned | {"known_share": 0.85}))
    shop = Shop.open(tour)
    try:
        assert (shop.live.encoder, shop.live.encode_query) == (None, None)
        answer = search(shop, SearchCall(q="tent"))
        assert answer.total and answer.applied.mode == "lexical"
    finally:
        shop.close()
