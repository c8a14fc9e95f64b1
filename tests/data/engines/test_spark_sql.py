"""What an expression becomes on Spark, without one: that it means the same there is tried in
tests/data/assets/test_on_spark.py."""

import re
from datetime import UTC, datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from mercato.core.errors import NotReady
from mercato.core.settings import DataSettings
from mercato.data.asset import DeriveContext
from mercato.data.assets import ASSETS
from mercato.data.engines import open_table_engine
from mercato.data.engines import spark as spark_module
from mercato.data.engines.spark_sql import spark_schema, spark_sql
from mercato.data.moments import before_until
from mercato.data.plans import planned

NEVER = {"until": None, "logged_at": None}
LINES = ibis.table({"ts": "timestamp('UTC', 6)", "price": "float64"}, name="lines")


@pytest.mark.parametrize("name", [name for name, asset in ASSETS.items() if asset.build])
def test_every_step_of_every_asset_can_be_said_to_spark(name: str) -> None:
    asset = ASSETS[name]
    schemas = {each: ASSETS[each].schema for each in asset.inputs}
    plan = planned(asset, schemas, DeriveContext(30))
    for step in (*plan.steps, plan.result):
        assert "getvariable" not in spark_sql(step.table, NEVER)


def test_moments_stand_in_the_sql() -> None:
    until = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    told = spark_sql(before_until(LINES), NEVER | {"until": until})
    assert "2026-05-01T12:30:00+00:00" in told
    assert spark_sql(before_until(LINES), NEVER).count("CAST(NULL AS TIMESTAMP)") == 2


def test_seconds_keep_their_fraction_and_nan_is_a_number() -> None:
    told = spark_sql(LINES.select(at=LINES.ts.epoch_seconds()), NEVER)
    assert re.search(r"UNIX_MICROS\(`t0`\.`ts`\) / 1000000\.0", told, re.IGNORECASE)
    assert "isnan" not in spark_sql(LINES.filter(LINES.price.notnull()), NEVER).lower()


def test_a_month_is_a_day() -> None:
    told = spark_sql(LINES.select(month=LINES.ts.date().truncate("M")), NEVER)
    assert re.search(r"CAST\(DATE_TRUNC\('MONTH', .*\) AS DATE\)", told, re.IGNORECASE)


def test_a_text_in_json_is_what_spark_takes_out_of_it() -> None:
    answers = ibis.table({"request": "string"}, name="answers")
    told = spark_sql(answers.select(who=answers.request.cast("json")["visitor_id"].str), NEVER)
    assert re.match(r"SELECT GET_JSON_OBJECT\(`t0`\.`request`, .*'visitor_id'\)+ AS", told, re.I)


def test_types_as_spark_declares_them() -> None:
    shares = pa.list_(pa.struct([("brand", pa.string()), ("share", pa.float64())]))
    schema = pa.schema([("at", pa.timestamp("us", "UTC")), ("n", pa.int32()), ("brands", shares)])
    assert spark_schema(schema) == (
        "`at` TIMESTAMP, `n` INT, `brands` ARRAY<STRUCT<`brand`: STRING, `share`: DOUBLE>>"
    )


def test_without_pyspark_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_module.importlib.util, "find_spec", lambda name: None)
    settings = DataSettings(engine="spark")
    with pytest.raises(NotReady, match=r"found none\. pip install 'mercato\[spark\]'"):
        with open_table_engine(settings, tmp_path):
            pass
