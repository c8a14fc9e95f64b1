"""Runs every bench script and leaves its result in bench/results/."""

import argparse
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
NO_BENCHES = {
    "all",
    "app_usage",
    "asking",
    "charts",
    "behaviours",
    "capacity",
    "contenders",
    "ctr",
    "disks",
    "funnel_ranker",
    "growth_chart",
    "harness",
    "hosts",
    "interleaved",
    "merging",
    "next_item_networks",
    "obp_beside",
    "open_loop",
    "postgres_server",
    "publishing",
    "queueing",
    "recombined",
    "replicated",
    "scale_chart",
    "scale_derive",
    "scale_log",
    "senders",
    "sequences",
    "shelf_tradeoff_chart",
    "shoppers",
    "tables",
    "trained_search",
    "unit_costs",
    "wire",
}


def scripts() -> list[str]:
    """The names of all bench scripts."""
    return sorted(path.stem for path in BENCH.glob("*.py") if path.stem not in NO_BENCHES)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run bench scripts; all of them by default.")
    parser.add_argument("names", nargs="*", help="scripts without .py")
    parser.add_argument("--quick", action="store_true", help="on less data, for a first look")
    parser.add_argument("--minutes", help="at most so long each")
    asked = parser.parse_args()
    options = ["--quick"] * asked.quick + (["--minutes", asked.minutes] if asked.minutes else [])
    failed = []
    for name in asked.names or scripts():
        print(f"== {name}", flush=True)
        out = BENCH / "results" / f"{name}.json"
        command = [sys.executable, "-m", f"bench.{name}", "--out", str(out), *options]
        if subprocess.run(command, cwd=BENCH.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
