"""Off-policy estimates: beside the package obp, and on the small Open Bandit logs."""

import csv
import gzip
import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import obp_beside
from bench.harness import (
    Row,
    arguments,
    data_folder,
    forget_peak,
    own_peak_mb,
    write_result,
)
from mercato.evaluation.intervals import bootstrap
from mercato.evaluation.off_policy.logged import Logged, Predicted
from mercato.evaluation.off_policy.reward_rates import cross_fitted_rates

PROTOCOL = (
    "obp: the package's own generators and models with the settings and seeds for which it"
    " publishes errors; both implementations are given the same arrays, 'largest difference' is of"
    " their estimates over all runs, relative errors are means over runs, and vary from run to run"
    " by as much as they are. Open Bandit:"
    " 10,000 impressions of each policy, click rate of the one told from the log of the other;"
    " random's chances are exact, those of bts the shares of its own log by place; rewards by item"
    " and place from other impressions (3 folds); 95% asymptotic intervals; an estimate"
    " whose effective sample size is below 100 claims nothing"
)
PLACES = 3


@dataclass(frozen=True)
class Impressions:
    """One policy's log.

    action : (n,) item and place as one number
    """

    action: NDArray[np.int64]
    click: NDArray[np.float64]
    propensity: NDArray[np.float64]

    @classmethod
    def read(cls, path: Path) -> "Impressions":
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        item, place = (
            np.array([int(line[name]) for line in lines]) for name in ("item_id", "position")
        )
        click, chance = (
            np.array([float(line[name]) for line in lines])
            for name in ("click", "propensity_score")
        )
        return cls(item * PLACES + place - 1, click, chance)

    def shares(self, n_actions: int) -> NDArray[np.float64]:
        """(n_items, PLACES) how often each item stood at each place."""
        counts = np.bincount(self.action, minlength=n_actions).reshape(-1, PLACES)
        return np.asarray(counts / counts.sum(axis=0))


def open_bandit(folder: Path) -> Iterator[Row]:
    for campaign in ("men", "women"):
        logs = {
            policy: Impressions.read(folder / f"{policy}_{campaign}_logs.csv.gz")
            for policy in ("random", "bts")
        }
        n_actions = PLACES * (1 + max(int(log.action.max()) // PLACES for log in logs.values()))
        n_items = n_actions // PLACES
        chances = {
            "random": np.full((n_items, PLACES), 1 / n_items),
            "bts": logs["bts"].shares(n_actions),
        }
        for asked, given in (("bts", "random"), ("random", "bts")):
            forget_peak()
            begun = time.perf_counter()
            metrics: dict[str, object] = dict(_told(logs[given], chances[asked]))
            metrics["as measured"] = bootstrap(logs[asked].click).to_json()
            title = f"Open Bandit, {campaign}: {asked} from {given}'s log"
            yield Row(title, metrics, time.perf_counter() - begun, own_peak_mb())


def _told(log: Impressions, chances: NDArray[np.float64]) -> Iterator[tuple[str, object]]:
    """``chances`` (n_items, PLACES) of the policy that is asked about."""
    logged = Logged.of(log.click, log.propensity, chances.ravel()[log.action])
    n = len(log.click)
    rates = cross_fitted_rates(log.click, log.action, chances.size, np.arange(n))
    by_place = rates.reshape(n, -1, PLACES)[np.arange(n), :, log.action % PLACES]
    target = chances.T[log.action % PLACES]  # (n, n_items)
    predicted = Predicted.of(log.action // PLACES, target, by_place)
    for name, estimator in obp_beside.OURS.items():
        told = estimator(logged, predicted).estimate()
        yield name, told.to_json()
    yield "effective sample size", told.effective
    yield "claims", told.claims


def _versions() -> str:
    """Of what obp's data and models are made with."""
    names = ("obp", "scikit-learn", "numpy")
    found = {name: version(name) for name in names if importlib.util.find_spec("obp")}
    return ", ".join(f"{name} {number}" for name, number in found.items()) or "without obp"


def main() -> None:
    asked = arguments(__doc__, name="off_policy", data=data_folder() / "bandit" / "obd_small")
    until = time.monotonic() + 60 * asked.minutes
    files = sorted(asked.data.glob("*_logs.csv.gz"))
    found = list(open_bandit(asked.data)) if files else []
    if importlib.util.find_spec("obp"):
        found += obp_beside.rows(until, asked.quick)
    else:
        print(f"obp is not installed, so nothing is compared with it.\n{obp_beside.__doc__}")
    protocol = f"{PROTOCOL}. {_versions()}"
    kept = [row for row in found if asked.wants(row.model)]
    write_result(asked.out, name="off_policy", protocol=protocol, data=files, rows=kept)


if __name__ == "__main__":
    main()
