#!/usr/bin/env python3
"""Registers relays of a test network: relays.py NODE_URL SURI=HOST:PORT=KEYFILE...

Each relay has an account of its own, which //Alice gives tokens for the bond; a relay that is registered with this
address and key is left as it is. Ends when all are final.
"""

import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from substrateinterface import Keypair, SubstrateInterface

TOKEN = 10**12
GIFT = 1_000 * TOKEN
# Bytes per period that a relay offers.
CAPACITY = 1 << 30
PATIENCE = 60


def public_key(file):
    secret = bytes.fromhex(Path(file).read_text().strip())
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def main():
    url, wanted = sys.argv[1], [argument.split("=") for argument in sys.argv[2:]]
    chain = SubstrateInterface(url=url)
    alice = Keypair.create_from_uri("//Alice", ss58_format=chain.ss58_format)
    rows = {row["account"]: row for row in chain.rpc_request("parlance_relays", [])["result"]}
    missing = []
    for suri, address, file in wanted:
        pair = Keypair.create_from_uri(suri, ss58_format=chain.ss58_format)
        key, row = public_key(file), rows.get(pair.ss58_address)
        if row is None:
            missing.append((pair, {"key": "0x" + key.hex(), "address": address}))
        elif (row["address"], row["key"]) != (address, "0x" + key.hex()):
            sys.exit(f"error: {suri} is registered with the address {row['address']} and the key {row['key']}; take a new --base-path")
    if not missing:
        return
    gifts = [
        chain.compose_call("Balances", "transfer_keep_alive", {"dest": pair.ss58_address, "value": GIFT}).value
        for pair, _ in missing
    ]
    gift = chain.compose_call("Utility", "batch_all", {"calls": gifts})
    receipt = chain.submit_extrinsic(chain.create_signed_extrinsic(gift, alice), wait_for_inclusion=True)
    if not receipt.is_success:
        sys.exit(f"error: the relays got no tokens: {receipt.error_message}")
    for pair, endpoint in missing:
        call = chain.compose_call("Relay", "register", {"endpoint": endpoint, "capacity": CAPACITY})
        chain.submit_extrinsic(chain.create_signed_extrinsic(call, pair))
    accounts = {pair.ss58_address for pair, _ in missing}
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        head = chain.rpc_request("chain_getFinalizedHead", [])["result"]
        there = {row["account"] for row in chain.rpc_request("parlance_relays", [head])["result"]}
        if accounts <= there:
            print(f"{len(missing)} relays registered", file=sys.stderr)
            return
        time.sleep(0.5)
    sys.exit(f"error: not registered after {PATIENCE} s: {', '.join(sorted(accounts - there))}")


main()
