"""P9: what a node costs when nothing happens, how fast it starts, how fast it catches up."""

import shutil
import statistics
import sys
import time

import network
import report
import sides

ABOUT = {
    "title": "Idle cost, start and sync",
    "text": "A single authority that builds empty blocks: resident memory at the end and processor time "
    "over the idle time; the time from starting the process to its first answer, with an empty folder "
    "and with an existing chain; and importing an exported chain of empty blocks into an empty folder, "
    "net of the node's start.",
    "goal": "not above the stock node + 20 % when idle",
}
IDLE_SECONDS = {False: 60, True: 20}
# The chain that is imported: at 2 s slots 300 blocks, or 45. The peer at 6 s is not asked to import.
GROW_SECONDS = {False: 600, True: 90}


def run(folder, quick: bool) -> dict:
    runs = 2 if quick else 5
    raw = {side.key: [] for side in sides.SIDES}
    for number, side in sides.in_turn(runs):
        one = idle(folder, side, number, IDLE_SECONDS[quick])
        raw[side.key].append(one)
        print(
            f"P9 {side.name}: {one['resident_mib']:.0f} MiB, {one['cpu_percent']:.2f} % of a core, "
            f"answers after {one['start']:.2f} s",
            file=sys.stderr,
        )
    for number, side, rate in sync(folder, runs, GROW_SECONDS[quick]):
        raw[side.key][number]["sync"] = rate
        print(f"P9 {side.name}: {rate:.0f} blocks/s imported", file=sys.stderr)
    return {"metrics": list(metrics(raw)), "raw": raw}


def idle(folder, side, number: int, seconds: float) -> dict:
    """Starts a node twice: fresh, left idle and measured; and once more with its chain."""
    spec = side.spec(folder, "dev")
    place = folder / f"{side.key}-{number}"
    with network.Node(side, spec, place, "alice", alone=True) as node:
        start = node.wait("answer", lambda node: node.call("system_health"), pause=0.01)
        node.wait("block", lambda node: node.best() >= 2)
        before, since = node.cpu_seconds(), time.monotonic()
        memory = []
        while time.monotonic() - since < seconds:
            time.sleep(1)
            memory.append(node.resident_bytes())
        cpu = (node.cpu_seconds() - before) / (time.monotonic() - since)
    with network.Node(side, spec, place, "alice", alone=True) as node:
        again = node.wait("answer", lambda node: node.call("system_health"), pause=0.01)
    shutil.rmtree(place / "data")
    return {
        "start": start,
        "start_again": again,
        "resident_mib": statistics.median(memory[-10:]) / 2**20,
        "cpu_percent": cpu * 100,
    }


def sync(folder, runs: int, seconds: float):
    """Lets a chain grow on both sides at once, then imports both chains in turn."""
    wanted = [sides.OURS, sides.STOCK_2S]
    specs = {side: side.spec(folder, "dev") for side in wanted}
    places = {side: folder / f"{side.key}-grown" for side in wanted}
    nodes = []
    try:
        for side in wanted:
            nodes.append(network.Node(side, specs[side], places[side], "alice", alone=True))
        time.sleep(seconds)
        lengths = {node.side: node.finalized() for node in nodes}
    finally:
        for node in nodes:
            node.stop()
    length = min(lengths.values())
    for side in wanted:
        for last in (1, length):
            blocks = places[side] / f"{last}.blocks"
            network.export_blocks(side, specs[side], places[side] / "data", blocks, last)
    for number, side in sides.in_turn(runs, wanted):
        wall = {}
        for last in (1, length):
            target = places[side] / f"import-{number}-{last}"
            blocks = places[side] / f"{last}.blocks"
            wall[last], _ = network.import_blocks(side, specs[side], target, blocks)
            shutil.rmtree(target)
        yield number, side, (length - 1) / (wall[length] - wall[1])


def metrics(raw: dict):
    wanted = [
        ("resident memory when idle", "MiB", "lower", "resident_mib"),
        ("processor time when idle", "% of a core", "lower", "cpu_percent"),
        ("start with an empty folder", "s", "lower", "start"),
        ("start with a chain", "s", "lower", "start_again"),
        ("import of empty blocks", "1/s", "higher", "sync"),
    ]
    for name, unit, better, key in wanted:
        for peer in sides.PEERS:
            ours, theirs = ([one.get(key) for one in raw[side.key]] for side in (sides.OURS, peer))
            if None not in ours + theirs:
                yield report.metric(name, unit, better, ours, theirs, peer.name)
