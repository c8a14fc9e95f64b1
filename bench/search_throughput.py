"""How many searches a second a server answers, with several clients at once.

``--data`` is a folder with products.csv.gz and judgments.csv, or a built shop; a ``--models`` is a
number of workers.
"""

import time

import numpy as np

from bench.asking import BROWSING, REPEATED, WITH_FACETS, Crowd
from bench.harness import (
    DEMO,
    Row,
    arguments,
    data_folder,
    percentiles,
    products_in,
    served,
    shop_of,
    source_of,
    write_result,
)
from bench.search_latency import queries_of

WORKERS = (1, 2, 3)
CLIENTS = (4, 8)
SECONDS = 20.0
WARMING_SECONDS = 5.0
QUERIES = 8_000

PROTOCOL = (
    "Closed loop: each client asks its next search as soon as the last is answered, for "
    f"{SECONDS:.0f} s after {WARMING_SECONDS:.0f} s of warming; {REPEATED:.0%} of the searches "
    f"were asked before, {BROWSING:.0%} are without words, {WITH_FACETS:.0%} want two facets. "
    "Clients run on the same machine, in processes of their own, and take a part of its processors."
)


def main() -> None:
    home_depot = data_folder() / "search" / "homedepot"
    asked = arguments(
        __doc__, name="search_throughput", data=home_depot if home_depot.exists() else DEMO
    )
    seconds = 3.0 if asked.quick else SECONDS
    rows = []
    with shop_of(asked.data) as shop:
        label = f"{asked.data.name}, {products_in(shop):,} products"
        for workers in WORKERS:
            if not asked.wants(str(workers)):
                continue
            with served(shop, workers) as server:
                queries = queries_of(asked.data, server, QUERIES)
                for clients in CLIENTS:
                    if not asked.quick:
                        Crowd(server.host, server.port, queries, 2, WARMING_SECONDS).asked()
                    begun = time.perf_counter()
                    crowd = Crowd(server.host, server.port, queries[::-1], clients, seconds)
                    found = crowd.asked()
                    took = time.perf_counter() - begun
                    times = [each for one in found for each in one.seconds]
                    span = max(one.at[-1] for one in found) - min(one.at[0] for one in found)
                    metrics = {
                        "searches/s": round(len(times) / span, 1),
                        **percentiles(times),
                        "mean ms": round(float(np.mean(times)) * 1e3, 2),
                        "not 200": sum(one.refused for one in found),
                    }
                    model = f"{label}: {workers} workers, {clients} clients"
                    print(model, metrics, flush=True)
                    rows.append(Row(model, metrics, took, server.peak_mb()))
    write_result(
        asked.out,
        name="search_throughput",
        protocol=PROTOCOL,
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
