"""P9: what a node costs when nothing happens, how fast it starts, how fast it catches up."""

import os
import pathlib
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
    "and with an existing chain; and the time in which a node with an empty folder fetches and imports a "
    "chain of empty blocks from a peer on this machine, from its first block on. The light wallet is `bimp wallet "
    "balance` without a data folder: it proves finality from the genesis on and a balance, and its peer is the goal.",
    "goal": "not above the stock node + 20 % when idle",
}
# The node gives memory back after two looks of ten seconds each (decision 14): shorter would measure the start.
IDLE_SECONDS = {False: 60, True: 45}
# The chain that is fetched: at 2 s slots 300 blocks, or 90. The peer at 6 s is left out of this.
GROW_SECONDS = {False: 600, True: 180}
WALLET_GOAL_MIB = 20
# Beside the node, as it is installed and built.
BIMP = os.environ.get("BIMP_BIN") or pathlib.Path(sides.OURS.binary).with_name("bimp")
ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"


def run(folder, quick: bool, runs: int) -> dict:
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
        print(f"P9 {side.name}: {rate:.0f} blocks/s fetched and imported", file=sys.stderr)
    wallet = wallet_memory(folder, runs)
    print(f"P9 light wallet: {max(wallet):.1f} MiB at most", file=sys.stderr)
    goal = report.metric("light wallet, resident at most", "MiB", "lower", wallet, [WALLET_GOAL_MIB], "the goal")
    return {"metrics": [*metrics(raw), goal], "raw": raw | {"wallet": wallet}}


def wallet_memory(folder, runs: int) -> list[float]:
    """Peak memory of the user's client, which proves a balance from the genesis on, in MiB."""
    side = sides.OURS
    with network.Node(side, side.spec(folder, "dev"), folder / "wallet", "alice", alone=True) as node:
        node.wait("finality", lambda node: node.finalized() >= 2)
        genesis = node.call("chain_getBlockHash", 0)
        command = [BIMP, "wallet", "balance", ALICE, "--node", node.url, "--trust", genesis, "--json"]
        return [network.peak_mib(command) for _ in range(runs)]


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
    """Lets a chain grow on both sides at once; then, in turn, a fresh node fetches it from a peer."""
    wanted = [sides.OURS, sides.STOCK_2S]
    places = {side: folder / f"{side.key}-grown" for side in wanted}
    nodes = []
    try:
        for side in wanted:
            spec = side.spec(folder, "dev")
            nodes.append(network.Node(side, spec, places[side], "alice", alone=True))
        time.sleep(seconds)
        length = min(node.finalized() for node in nodes)
    finally:
        for node in nodes:
            node.stop()
    for number, side in sides.in_turn(runs, wanted):
        spec = side.spec(folder, "dev")
        with network.Node(side, spec, places[side], "alice", alone=True) as source:
            source.wait("answer", lambda node: node.call("system_health"))
            place = folder / f"{side.key}-sync-{number}"
            known = [source.bootnode()]
            with network.Node(side, spec, place, "full", alone=False, bootnodes=known) as node:
                yield number, side, length / fetch_seconds(node, length)
            shutil.rmtree(place / "data")


def fetch_seconds(node, length: int) -> float:
    """From the last moment at which the node had nothing to the first at which it had the chain."""
    empty_until = [time.monotonic()]

    def has_chain(node) -> bool:
        asked = time.monotonic()
        height = node.best()
        if height == 0:
            empty_until[0] = asked
        return height >= length

    node.wait("chain", has_chain, pause=0.005)
    return time.monotonic() - empty_until[0]


def metrics(raw: dict):
    wanted = [
        ("resident memory when idle", "MiB", "lower", "resident_mib"),
        ("processor time when idle", "% of a core", "lower", "cpu_percent"),
        ("start with an empty folder", "s", "lower", "start"),
        ("start with a chain", "s", "lower", "start_again"),
        ("sync of empty blocks", "1/s", "higher", "sync"),
    ]
    for name, unit, better, key in wanted:
        for peer in sides.PEERS:
            ours, theirs = ([one.get(key) for one in raw[side.key]] for side in (sides.OURS, peer))
            if None not in ours + theirs:
                yield report.metric(name, unit, better, ours, theirs, peer.name)
