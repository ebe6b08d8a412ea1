"""P1: finalized transfers per second, and what each costs to build and to import."""

import shutil
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
    "nodes; importing is measured on the exported chain, net of the node's start.",
    "goal": "at least 2 x the stock node at the same settings",
}
PATIENCE = 240
TOPOLOGIES = {"single authority": ("dev", 1), "4 nodes": ("local", 4)}
# By number of authorities and --quick: enough that every side fills several blocks. The peer with slots of
# six seconds takes three times as long for a block, and as many transfers would not change its rate.
TRANSFERS = {(1, False): 40_000, (1, True): 24_000, (4, False): 20_000, (4, True): 12_000}
SLOW_TRANSFERS = {(1, False): 14_000, (1, True): 10_000, (4, False): 12_000, (4, True): 8_000}
METRICS = [
    # Name, unit, better, how it is taken from one run's raw figures.
    ("finalized transfers", "1/s", "higher", lambda raw: raw["finalized_per_second"]),
    ("processor time of all nodes per transfer", "us", "lower", lambda raw: raw["cpu_us_per_transfer"]),
    ("latency under full load, p95", "s", "lower", lambda raw: raw["latency"]["p95"] / 1e3),
    ("block building per transfer", "us", "lower", lambda raw: build_time(raw)),
    ("import per core", "1/s", "higher", lambda raw: raw.get("import_per_core")),
]


def run(folder, quick: bool) -> dict:
    raw = {topology: {side.key: [] for side in sides.SIDES} for topology in TOPOLOGIES}
    for topology in TOPOLOGIES:
        for number, side in sides.in_turn(2 if quick else 5):
            counts = SLOW_TRANSFERS if side is sides.STOCK_6S else TRANSFERS
            count = counts[TOPOLOGIES[topology][1], quick]
            one = measure(folder, side, topology, number, count)
            raw[topology][side.key].append(one)
            rate = one["finalized_per_second"] or 0
            print(f"P1 {topology}, {side.name}: {rate:.0f} transfers/s", file=sys.stderr)
    return {"metrics": list(metrics(raw)), "raw": raw}


def measure(folder, side, topology: str, number: int, count: int) -> dict:
    """One run of one side, with a fresh chain."""
    chain, authorities = TOPOLOGIES[topology]
    spec = side.spec(folder, chain, count)
    place = folder / f"{side.key}-{chain}-{number}"
    with network.Network(side, spec, place, authorities) as nodes:
        options = [*nodes.urls, *nodes.pids, "--exporter", nodes.nodes[0].exporter, "--count", count]
        options += ["--signed", folder / f"{side.key}-{chain}.signed", "--max-seconds", PATIENCE]
        # Fewer connections to each where there are more nodes: the same load altogether.
        options += ["--connections", max(1, 4 // authorities)]
        one = load.measure("throughput", *options, seconds=PATIENCE + 180)
    if one["finalized"] < count * 0.99:
        print(f"only {one['finalized']} of {count} became final", file=sys.stderr)
    if authorities == 1:
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
            for peer in sides.PEERS:
                ours = [value(one) for one in by_side[sides.OURS.key]]
                theirs = [value(one) for one in by_side[peer.key]]
                if None not in ours + theirs:
                    yield report.metric(f"{name}, {topology}", unit, better, ours, theirs, peer.name)
