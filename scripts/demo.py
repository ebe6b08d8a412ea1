#!/usr/bin/env python3
"""Shows a running network of four validators and its relays: producers, blocks, finality, a transfer, a vote, two people
who write to each other, the supply.

    demo.py [--json FILE] --testnet DIR   the demonstration; exit code 1 when something it shows does not hold. DIR is the
                                          folder of a network of scripts/testnet
    demo.py --follow URL                  heights and measured times of a running chain, until Ctrl-C

Started by scripts/run. The node is driven by substrate-interface, a client library nobody of this project
wrote, and by the node's own methods parlance_*. Every figure printed was measured or read from the chain.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import websocket
from scalecodec.utils.ss58 import ss58_decode
from substrateinterface import Keypair, SubstrateInterface
from substrateinterface.exceptions import SubstrateRequestException

from chat_story import ChatStory, Person

UNIT = 10**12
NAMES = ["Alice", "Bob", "Charlie", "Dave"]
# What finality is held against, in seconds.
FINALITY_LIMIT = 4.0
SLOT_SECONDS = 2
WATCH_SECONDS = 20


class Watcher(threading.Thread):
    """Follows best and final blocks of a node and keeps when each was first seen."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.socket = websocket.create_connection(url, timeout=60)
        self.seen = {}
        self.final = {}
        self.best_height = 0
        self.final_height = 0
        self.error = None

    def run(self):
        for number, method in enumerate(("chain_subscribeNewHeads", "chain_subscribeFinalizedHeads"), 1):
            self.socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": []}))
        try:
            while True:
                self.note(json.loads(self.socket.recv()), time.monotonic())
        except (OSError, websocket.WebSocketException) as error:
            self.error = error

    def note(self, message, now):
        kind = message.get("method")
        if kind == "chain_newHead":
            height = int(message["params"]["result"]["number"], 16)
            self.seen.setdefault(height, now)
            self.best_height = max(self.best_height, height)
        elif kind == "chain_finalizedHead":
            height = int(message["params"]["result"]["number"], 16)
            # Finality of a block is that of all before it; the node may name only the last.
            for earlier in range(self.final_height + 1 if self.final_height else height, height + 1):
                self.final.setdefault(earlier, now)
            self.final_height = max(self.final_height, height)

    def block_times(self):
        heights = sorted(self.seen)
        # The first message tells of a block made before.
        return [self.seen[b] - self.seen[a] for a, b in zip(heights[1:], heights[2:]) if b == a + 1]

    def finality_times(self):
        # The first block seen was made before this program looked.
        return [self.final[h] - self.seen[h] for h in sorted(self.seen)[1:] if h in self.final]


class Network:
    """A node as the demonstration asks it."""

    def __init__(self, url):
        self.chain = SubstrateInterface(url=url)
        self.keys = {name: Keypair.create_from_uri(f"//{name}", ss58_format=self.chain.ss58_format) for name in NAMES}
        self.names = {key.public_key.hex(): name for name, key in self.keys.items()}
        self.symbol = self.chain.token_symbol or "tokens"

    def ask(self, method, *params):
        answer = self.chain.rpc_request(method, list(params))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def name(self, account):
        return self.names.get(ss58_decode(account), account[:8])

    def producers(self):
        rows = self.ask("parlance_producers")
        for row in rows:
            row["name"] = self.name(row["account"])
            row["backing"], row["bond"] = int(row["backing"]), int(row["bond"])
        return sorted(rows, key=lambda row: (str(row["standing"]), row["name"]))

    def supply(self):
        return {name: int(value) for name, value in self.ask("parlance_supply").items()}

    def free(self, account):
        return self.chain.query("System", "Account", [account]).value["data"]["free"]

    def submit(self, key, pallet, function, arguments):
        """Submits a call and waits until it is final; returns seconds to the block, to finality, and the fee."""
        call = self.chain.compose_call(pallet, function, arguments)
        extrinsic = self.chain.create_signed_extrinsic(call, key)
        started, times = time.monotonic(), {}

        def handle(message, _number, subscription):
            status = message["params"]["result"]
            if isinstance(status, dict):
                for stage in ("inBlock", "finalized"):
                    if stage in status:
                        times.setdefault(stage, (time.monotonic() - started, status[stage]))
                if "finalized" in status:
                    self.chain.rpc_request("author_unwatchExtrinsic", [subscription])
                    return times
            if status in ("invalid", "dropped") or (isinstance(status, dict) and "usurped" in status):
                raise RuntimeError(f"{pallet}.{function}: the node refused the transaction: {status}")
            return None

        self.chain.rpc_request("author_submitAndWatchExtrinsic", [str(extrinsic.data)], result_handler=handle)
        receipt = self.chain.retrieve_extrinsic_by_hash(times["finalized"][1], "0x" + extrinsic.extrinsic_hash.hex())
        if not receipt.is_success:
            raise RuntimeError(f"{pallet}.{function} failed: {receipt.error_message}")
        return times["inBlock"][0], times["finalized"][0], receipt.total_fee_amount


class Testnet:
    """The network's nodes, as scripts/testnet rules them."""

    def __init__(self, command, place, rows):
        self.command, self.place = command, place
        self.relays = {row["name"]: row for row in rows if row["name"].startswith("relay")}

    def rule(self, verb, node):
        subprocess.run([*self.command, verb, node, *self.place], check=True, stderr=subprocess.DEVNULL)


class Demonstration:
    """The parts in their order; each prints for people and keeps figures and checks for --json."""

    def __init__(self, url, testnet):
        self.url = url
        self.testnet = testnet
        self.network = Network(url)
        self.watcher = Watcher(url)
        self.figures = {}
        self.checks = []

    def run(self):
        self.watcher.start()
        self.supply_at_start = self.network.supply()
        self.show_producers()
        self.show_blocks()
        self.show_transfer()
        # Newcomers solve their proofs of work while the vote is waiting for its election.
        genesis = self.network.ask("chain_getBlockHash", 0)
        with Person("ada", self.url, genesis) as ada, Person("ben", self.url, genesis) as ben:
            self.show_vote()
            self.show_newcomer(ada)
            heading("Two people and the relays between them")
            ChatStory(self, self.testnet, ada, ben).tell()
        self.show_supply()
        self.show_times()
        failed = [text for text, holds in self.checks if not holds]
        print()
        for text, holds in self.checks:
            print(f"  {'yes' if holds else 'NO '}  {text}")
        self.figures["checks"] = [{"text": text, "holds": holds} for text, holds in self.checks]
        self.figures["ok"] = not failed
        return not failed

    def check(self, text, holds):
        self.checks.append((text, bool(holds)))

    def tokens(self, amount):
        whole = f"{amount // UNIT:,}"
        part = f"{amount % UNIT:012d}"[:4] if amount < 1000 * UNIT else ""
        return f"{whole}{'.' + part if part else ''} {self.network.symbol}"

    def print_producers(self, rows):
        total = sum(row["slots"] for row in rows) or 1
        weights = [row["backing"] * row["quality"] for row in rows]
        print(f"  {'producer':<10}{'standing':<10}{'backing':>22}{'quality':>9}{'weight':>9}{'slots':>12}{'made':>10}")
        for row, weight in zip(rows, weights):
            standing = row["standing"] if isinstance(row["standing"], str) else "banned"
            print(
                f"  {row['name']:<10}{standing.lower():<10}{self.tokens(row['backing']):>22}"
                f"{row['quality'] / 1e9:>9.3f}{weight / (sum(weights) or 1):>9.1%}"
                f"{row['slots']:>5} {row['slots'] / total:>6.1%}{row['made']:>6}/{row['expected']}"
            )

    def show_producers(self):
        progress = self.network.ask("parlance_progress")
        rows = self.network.producers()
        heading(
            f"Elected producers (era {progress['era']}, epoch {progress['epoch']} of {progress['epochLength']} slots, "
            f"{progress['epochsPerEra']} epochs to an era)"
        )
        self.print_producers(rows)
        active = [row for row in rows if row["standing"] == "Active"]
        self.check("four elected producers share all slots", len(active) == 4 and all(row["slots"] for row in active))
        self.figures["producersBefore"] = public_rows(rows)

    def show_blocks(self):
        heading("Blocks as they come")
        until, shown = time.monotonic() + WATCH_SECONDS, self.watcher.best_height
        while time.monotonic() < until:
            if self.watcher.error:
                raise RuntimeError(f"the node at {self.url} went away: {self.watcher.error}")
            if self.watcher.best_height > shown:
                shown = self.watcher.best_height
                times = self.watcher.block_times()
                since = f"{times[-1]:4.1f} s after the one before" if times else ""
                print(f"  block {shown:>5}  {since:<28}final {self.watcher.final_height:>5}", flush=True)
            time.sleep(0.05)

    def show_transfer(self):
        network = self.network
        heading("A transfer")
        voter = self.voter = Keypair.create_from_uri("//Newcomer", ss58_format=network.chain.ss58_format)
        backing = [row["backing"] for row in network.producers() if row["standing"] == "Active"]
        # As much as makes one producer's backing about twice what it is, and a little for fees.
        self.stake = min(sum(backing) // len(backing), network.free(network.keys["Alice"].ss58_address) // 2)
        amount = self.stake + 10 * UNIT
        before = network.free(voter.ss58_address)
        in_block, final, fee = network.submit(
            network.keys["Alice"],
            "Balances",
            "transfer_keep_alive",
            {"dest": voter.ss58_address, "value": amount},
        )
        received = network.free(voter.ss58_address) - before
        print(f"  Alice pays {self.tokens(amount)} to a newcomer, for a fee of {self.tokens(fee)}")
        print(f"  in a block after {in_block:.1f} s, final after {final:.1f} s; the newcomer has {self.tokens(before + received)}")
        self.check("the transfer arrived in full and is final", received == amount)
        self.figures["transfer"] = {"inBlockSeconds": in_block, "finalSeconds": final, "fee": str(fee)}

    def show_vote(self):
        network = self.network
        heading("A vote")
        before = {row["account"]: row for row in network.producers() if row["standing"] == "Active"}
        # On a chain that goes on, the producer that gains is another one each time: the least backed.
        chosen = min(reversed(before.values()), key=lambda row: row["backing"])
        start = network.ask("parlance_progress")
        arguments = {"names": [chosen["account"]], "stake": self.stake}
        _, final, _ = network.submit(self.voter, "Vdpos", "vote", arguments)
        # An election that is under way no longer counts it; then the next one does, an era later.
        limit = (2 * start["epochsPerEra"] + 2) * start["epochLength"] * SLOT_SECONDS
        print(f"  the newcomer votes for {chosen['name']} with {self.tokens(self.stake)}: final after {final:.1f} s")
        print(f"  an election within {limit} s counts it", flush=True)
        after = self.wait_for_election(chosen, limit)
        self.print_producers(list(after.values()))
        share = [slot_share(rows, chosen["account"]) for rows in (before, after)]
        print(f"  {chosen['name']}'s part of the block slots went from {share[0]:.1%} to {share[1]:.1%}")
        self.check(f"the vote moved slots to {chosen['name']}", share[1] > share[0])
        self.figures["producersAfter"] = public_rows(after.values())
        self.figures["vote"] = {"for": chosen["name"], "shareBefore": share[0], "shareAfter": share[1]}

    def show_newcomer(self, newcomer):
        heading("An identity without tokens")
        identity, seconds = newcomer.identity(), newcomer.seconds
        print(f"  'bimp identity new' made the account {identity['account'][:8]}... which never had a token,")
        print(f"  solved its proof of work and registered: final and proven after {seconds:.1f} s, beside the vote")
        self.check("a newcomer without tokens has an identity", identity["registered"])
        self.check("it has no tokens", self.network.free(identity["account"]) == 0)
        self.figures["newcomer"] = {"seconds": seconds}

    def wait_for_election(self, chosen, seconds):
        until, told = time.monotonic() + seconds, time.monotonic()
        rows = {}
        while time.monotonic() < until:
            progress = self.network.ask("parlance_progress")
            rows = {row["account"]: row for row in self.network.producers() if row["standing"] == "Active"}
            now = rows.get(chosen["account"], chosen)
            if now["backing"] > chosen["backing"] and now["slots"] > chosen["slots"]:
                print(f"  era {progress['era']}, epoch {progress['epoch']}:")
                return rows
            if time.monotonic() - told > 15:
                told = time.monotonic()
                print(
                    f"    block {self.watcher.best_height}, era {progress['era']}, epoch {progress['epoch']}, "
                    f"at most {until - told:.0f} s more",
                    flush=True,
                )
            time.sleep(1)
        return rows

    def show_supply(self):
        network, before = self.network, self.supply_at_start
        heading("Supply and pay")
        alice = network.keys["Alice"]
        earned = int(network.ask("parlance_claimable", alice.ss58_address))
        self.check("the elected are paid: Alice has earned something", earned > 0)
        if earned:
            free = network.free(alice.ss58_address)
            _, _, fee = network.submit(alice, "Vdpos", "claim", {})
            paid = network.free(alice.ss58_address) - free + fee
            print(f"  Alice had earned {self.tokens(earned)} by making blocks; her claim paid {self.tokens(paid)}")
            self.check("a claim pays at least what was shown", paid >= earned)
        supply = network.supply()
        for text, name in (
            ("never more than", "cap"),
            ("at genesis", "genesis"),
            ("released by the schedule", "released"),
            ("minted out of that", "minted"),
            ("lapsed: nobody qualified", "lapsed"),
            ("in existence now", "issuance"),
        ):
            print(f"  {text:<28}{self.tokens(supply[name]):>34}")
        self.check("the schedule released tokens while you watched", supply["released"] > before["released"])
        self.check("no more was minted than released", supply["minted"] <= supply["released"])
        self.check("the supply is below its cap", supply["issuance"] <= supply["cap"])
        self.figures["supply"] = {name: str(value) for name, value in supply.items()}

    def show_times(self):
        blocks, finality = self.watcher.block_times(), self.watcher.finality_times()
        heading("Measured over the whole demonstration")
        print(f"  {len(blocks) + 1} blocks, one every {statistics.mean(blocks):.2f} s (longest {max(blocks):.2f} s)")
        p95 = sorted(finality)[int(len(finality) * 0.95)]
        print(f"  final {statistics.median(finality):.2f} s after a block was seen (median), {p95:.2f} s (95 of 100)")
        self.check(f"95 of 100 blocks are final within {FINALITY_LIMIT:.0f} s", p95 <= FINALITY_LIMIT)
        self.figures["blocks"] = {"count": len(blocks) + 1, "meanSeconds": statistics.mean(blocks), "maxSeconds": max(blocks)}
        self.figures["finality"] = {"p50Seconds": statistics.median(finality), "p95Seconds": p95}


def heading(text):
    print(f"\n{text}", flush=True)


def slot_share(rows, account):
    return rows[account]["slots"] / sum(row["slots"] for row in rows.values())


def public_rows(rows):
    return [{**row, "backing": str(row["backing"]), "bond": str(row["bond"])} for row in rows]


def follow(url):
    """One line per block, until the connection or the person ends it."""
    watcher = Watcher(url)
    watcher.start()
    shown = 0
    while not watcher.error:
        if watcher.best_height > shown:
            shown = watcher.best_height
            finality = watcher.finality_times()[-100:]
            text = f"block {shown}, final {watcher.final_height}"
            if finality:
                text += f", finality {statistics.median(finality):.1f} s (median of the last {len(finality)})"
            print(f"\r{text}   " if sys.stdout.isatty() else text, end="" if sys.stdout.isatty() else "\n", flush=True)
        time.sleep(0.1)
    print()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write all figures and checks to this file")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--follow", metavar="URL", help="only show heights of a node, until Ctrl-C")
    what.add_argument("--testnet", metavar="DIR", help="folder of the network")
    options = parser.parse_args()
    try:
        if options.follow:
            return follow(options.follow)
        testnet = [str(Path(__file__).with_name("testnet"))]
        place = ["--base-path", options.testnet]
        status = subprocess.run([*testnet, "status", "--json", *place], check=True, capture_output=True, text=True)
        rows = json.loads(status.stdout)
        demonstration = Demonstration(rows[0]["rpc"], Testnet(testnet, place, rows))
        ok = demonstration.run()
        if options.json:
            with open(options.json, "w") as file:
                json.dump(demonstration.figures, file, indent=2)
                file.write("\n")
        sys.exit(0 if ok else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, OSError, SubstrateRequestException, websocket.WebSocketException) as error:
        sys.exit(f"error: {error}")


main()
