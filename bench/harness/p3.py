"""P3: from submitting a transfer to its being final, under a light load."""

import shutil
import sys

import load
import network
import report
import sides

ABOUT = {
    "title": "Latency until final",
    "text": "Four validators on this machine; two transfers a second, each submitted to one of the nodes "
    "in turn and watched there until it reports finality. One value per run: the percentile over the "
    "run's transfers.",
    "goal": "p95 at most 4 s on the main chain",
}
RATE = 2.0
TRANSFERS = {False: 120, True: 40}


def run(folder, quick: bool, runs: int) -> dict:
    raw = {side.key: [] for side in sides.SIDES}
    for number, side in sides.in_turn(runs):
        one = measure(folder, side, number, TRANSFERS[quick])
        raw[side.key].append(one)
        p95 = one["finality"]["p95"] / 1e3
        print(f"P3 {side.name}: final after {p95:.2f} s (p95)", file=sys.stderr)
    return {"metrics": list(metrics(raw)), "raw": raw}


def measure(folder, side, number: int, count: int) -> dict:
    spec = side.spec(folder, "local", max(TRANSFERS.values()))
    place = folder / f"{side.key}-{number}"
    with network.Network(side, spec, place, 4) as nodes:
        options = [*nodes.urls, "--count", count, "--rate", RATE]
        one = load.measure("latency", *options, seconds=count / RATE + 180)
    for data in place.rglob("data"):
        shutil.rmtree(data)
    return one


def metrics(raw: dict):
    wanted = [("finality", "p50"), ("finality", "p95"), ("finality", "p99"), ("inclusion", "p95")]
    for what, percentile in wanted:
        for peer in sides.PEERS:
            ours, theirs = (
                [one[what][percentile] / 1e3 for one in raw[side.key]] for side in (sides.OURS, peer)
            )
            yield report.metric(
                f"submission to {what}, {percentile}", "s", "lower", ours, theirs, peer.name
            )
