"""P1: finalized transfers per second, and what each costs to build and to import."""

import math
import shutil
import statistics
import sys

import load
import network
import report
import sides

ABOUT = {
    "title": "Finalized transfers",
    "text": "Pre-signed `transfer_keep_alive`, one sender each, submitted as fast as the nodes take them "
    "over WebSocket and counted by their events in final blocks; one authority, and four nodes sharing "
    "this machine. The rate leaves out the first and the last block. Processor time is that of all "
    "nodes; importing is measured on the exported chain, net of the node's start. Growth: one authority with a "
    "hundred times the accounts in its state (without --quick with ten times, too); the slope is the least-squares change of the rate per ten times.",
    "goal": "at least 2 x the stock node at the same settings",
}
PATIENCE = 240
TOPOLOGIES = {"single authority": ("dev", 1), "4 nodes": ("local", 4)}
# The stock node with the same slots: P3 has it with its own, too.
SIDES = [sides.OURS, sides.STOCK_2S]
# By number of authorities and --quick: enough that every side fills several blocks.
TRANSFERS = {(1, False): 40_000, (1, True): 24_000, (4, False): 20_000, (4, True): 6_000}
# Accounts in the genesis state; as many transfers as the smallest has accounts.
GROWTH = {False: (10_000, 100_000, 1_000_000), True: (10_000, 1_000_000)}
METRICS = [
    # Name, unit, better, how it is taken from one run's raw figures.
    ("finalized transfers", "1/s", "higher", lambda raw: raw["finalized_per_second"]),
    ("processor time of all nodes per transfer", "us", "lower", lambda raw: raw["cpu_us_per_transfer"]),
    ("latency under full load, p95", "s", "lower", lambda raw: raw["latency"]["p95"] / 1e3),
    ("block building per transfer", "us", "lower", lambda raw: build_time(raw)),
    ("import per core", "1/s", "higher", lambda raw: raw.get("import_per_core")),
]


def run(folder, quick: bool, runs: int) -> dict:
    raw = {topology: {side.key: [] for side in SIDES} for topology in TOPOLOGIES}
    for topology in TOPOLOGIES:
        for number, side in sides.in_turn(runs, SIDES):
            count = TRANSFERS[TOPOLOGIES[topology][1], quick]
            one = measure(folder, side, topology, number, count)
            raw[topology][side.key].append(one)
            rate = one["finalized_per_second"] or 0
            print(f"P1 {topology}, {side.name}: {rate:.0f} transfers/s", file=sys.stderr)
    growth = grow(folder, GROWTH[quick], runs)
    return {"metrics": [*metrics(raw), *growth_metrics(growth)], "raw": raw | {"growth": growth}}


def grow(folder, sizes, runs: int) -> dict:
    """Rates by side and size of the state."""
    rates = {side.key: {size: [] for size in sizes} for side in SIDES}
    for number, side in sides.in_turn(runs, SIDES):
        for size in sizes:
            one = measure(folder, side, "single authority", number, sizes[0], size)
            rates[side.key][size].append(one["finalized_per_second"])
            print(f"P1 {size} accounts, {side.name}: {one['finalized_per_second']:.0f} transfers/s", file=sys.stderr)
    return rates


def growth_metrics(rates: dict):
    ours, theirs = (rates[side.key] for side in SIDES)
    peer = SIDES[1].name
    for size in ours:
        name = f"finalized transfers, {size:,} accounts in the state"
        yield report.metric(name, "1/s", "higher", ours[size], theirs[size], peer)
    slopes = [[slope(list(by_size), run) for run in zip(*by_size.values())] for by_size in (ours, theirs)]
    row = report.metric("change of that rate per ten times the accounts", "%", "higher", *slopes, peer)
    # A ratio of two changes says nothing.
    yield row | {"ratio_median": None}


def slope(sizes, rates) -> float:
    """Least-squares change of the rate per factor of ten in size, in percent of the rate at the smallest."""
    decades = [math.log10(size / sizes[0]) for size in sizes]
    return statistics.linear_regression(decades, rates).slope / rates[0] * 100


def measure(folder, side, topology: str, number: int, count: int, accounts=None) -> dict:
    """One run of one side, with a fresh chain whose state holds so many accounts, or one for each transfer."""
    chain, authorities = TOPOLOGIES[topology]
    spec = side.spec(folder, chain, accounts or count)
    place = folder / f"{side.key}-{chain}-{accounts or ''}-{number}"
    with network.Network(side, spec, place, authorities) as nodes:
        options = [*nodes.urls, *nodes.pids, "--exporter", nodes.nodes[0].exporter, "--count", count]
        options += ["--signed", folder / f"{side.key}-{chain}-{accounts or ''}.signed", "--max-seconds", PATIENCE]
        # Fewer connections to each where there are more nodes: the same load altogether.
        options += ["--connections", max(1, 4 // authorities)]
        one = load.measure("throughput", *options, seconds=PATIENCE + 180)
    if one["finalized"] < count * 0.99:
        print(f"only {one['finalized']} of {count} became final", file=sys.stderr)
    if authorities == 1 and not accounts:
        one["import_per_core"] = imported_per_core(side, spec, place, one)
    # Only the logs are worth keeping.
    for data in place.rglob("data"):
        shutil.rmtree(data)
    return one


def imported_per_core(side, spec, place, one: dict) -> float:
    """Transfers that one core verifies and imports in a second: processor time net of the start."""
    data = place / "alice" / "data"
    seconds = {}
    for name, last in [("first", 1), ("whole", None)]:
        blocks = place / f"{name}.blocks"
        network.export_blocks(side, spec, data, blocks, last)
        _, seconds[name] = network.import_blocks(side, spec, place / name / "data", blocks)
        blocks.unlink()
    return one["finalized"] / (seconds["whole"] - seconds["first"])


def build_time(raw: dict):
    """Microseconds of block building per transfer on the observed node, if it built all blocks."""
    built = raw["histograms"].get("substrate_proposer_block_constructed")
    if not built or "import_per_core" not in raw:
        return None
    return built["seconds"] * 1e6 / raw["finalized"]


def metrics(raw: dict):
    for topology, by_side in raw.items():
        for name, unit, better, value in METRICS:
            ours, theirs = ([value(one) for one in by_side[side.key]] for side in SIDES)
            if None not in ours + theirs:
                yield report.metric(f"{name}, {topology}", unit, better, ours, theirs, SIDES[1].name)
