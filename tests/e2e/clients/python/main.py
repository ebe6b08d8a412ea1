#!/usr/bin/env python3
"""What a wallet does, through substrate-interface, against the node at $PARLANCE_URL.

Each function whose name begins with a verb below is one scenario; they run in order, print one line
each, and the last line counts them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from substrateinterface import Keypair, SubstrateInterface

TOKEN = 10**12
# A vote counts from the next election on and pays at the end of the era after it.
TWO_ERAS_SECONDS = 240


class Wallet:
    """The client, with the few words that every scenario needs."""

    def __init__(self, url):
        self.chain = SubstrateInterface(url=url)

    def key(self, uri):
        return Keypair.create_from_uri(uri, ss58_format=self.chain.ss58_format)

    def call(self, pallet, function, **arguments):
        return self.chain.compose_call(pallet, function, arguments)

    def transfer(self, to, amount):
        return self.call("Balances", "transfer_keep_alive", dest=to, value=amount)

    def vote(self, uri, stake):
        return self.call("Vdpos", "vote", names=[self.key(uri).ss58_address], stake=stake)

    def submit(self, signer, call):
        """Submits, waits for the final block, and returns the receipt of a success."""
        receipt = self.try_submit(signer, call)
        assert receipt.is_success, receipt.error_message
        return receipt

    def try_submit(self, signer, call):
        extrinsic = self.chain.create_signed_extrinsic(call, signer)
        return self.chain.submit_extrinsic(extrinsic, wait_for_finalization=True)

    def free(self, address):
        return self.chain.query("System", "Account", [address]).value["data"]["free"]

    def ask(self, method, *parameters):
        answer = self.chain.rpc_request(method, list(parameters))
        assert "error" not in answer, answer["error"]
        return answer["result"]


def event(receipt, pallet, name):
    """Attributes of the first event of that name."""
    names = []
    for record in receipt.triggered_events:
        value = record.value
        names.append(f"{value['module_id']}.{value['event_id']}")
        if names[-1] == f"{pallet}.{name}":
            return value["attributes"]
    raise AssertionError(f"no {pallet}.{name} among {names}")


def read_constants_and_storage(wallet):
    chain = wallet.chain
    assert chain.properties["tokenSymbol"] == "PARL", chain.properties
    assert chain.properties["tokenDecimals"] == 12, chain.properties
    assert chain.get_constant("Vdpos", "MaxVotes").value == 16
    assert chain.get_constant("Balances", "ExistentialDeposit").value > 0
    assert chain.query("Timestamp", "Now").value > 1_700_000_000_000
    assert wallet.free(wallet.key("//Bob").ss58_address) > TOKEN


def transfer_with_events(wallet):
    alice, to = wallet.key("//Alice"), wallet.key("//Bob//pay")
    receipt = wallet.submit(alice, wallet.transfer(to.ss58_address, 3 * TOKEN))
    seen = event(receipt, "Balances", "Transfer")
    assert seen["amount"] == 3 * TOKEN and seen["to"] == to.ss58_address, seen
    assert receipt.total_fee_amount > 0, "the transfer was free"
    assert wallet.free(to.ss58_address) == 3 * TOKEN


def batch_as_a_whole(wallet):
    bob, first, second = wallet.key("//Bob"), wallet.key("//Bob//one"), wallet.key("//Bob//two")

    def both(amount):
        calls = [wallet.transfer(first.ss58_address, TOKEN), wallet.transfer(second.ss58_address, amount)]
        return wallet.call("Utility", "batch_all", calls=calls)

    refused = wallet.try_submit(bob, both(10**9 * TOKEN))
    assert not refused.is_success and wallet.free(first.ss58_address) == 0, "half of a failed batch happened"
    event(wallet.submit(bob, both(2 * TOKEN)), "Utility", "BatchCompleted")
    assert wallet.free(first.ss58_address) == TOKEN
    assert wallet.free(second.ss58_address) == 2 * TOKEN


def share_an_account_two_of_three(wallet):
    members = [wallet.key(f"//{name}") for name in ("Alice", "Bob", "Charlie")]
    shared = wallet.chain.generate_multisig_account([m.ss58_address for m in members], 2)
    to = wallet.key("//Dave//shared")
    wallet.submit(members[2], wallet.transfer(shared.ss58_address, 10 * TOKEN))
    inner = wallet.transfer(to.ss58_address, 4 * TOKEN)
    weight = {"ref_time": 2_000_000_000, "proof_size": 100_000}
    for member, expected in ((members[0], "NewMultisig"), (members[1], "MultisigExecuted")):
        extrinsic = wallet.chain.create_multisig_extrinsic(inner, member, shared, max_weight=weight)
        receipt = wallet.chain.submit_extrinsic(extrinsic, wait_for_finalization=True)
        assert receipt.is_success, receipt.error_message
        seen = event(receipt, "Multisig", expected)
        assert seen["multisig"] == shared.ss58_address, seen
    assert wallet.free(to.ss58_address) == 4 * TOKEN, "the shared payment is missing"


def act_by_proxy(wallet):
    owner, agent, to = wallet.key("//Charlie"), wallet.key("//Dave"), wallet.key("//Dave//agent")
    inner = wallet.transfer(to.ss58_address, 5 * TOKEN)
    act = wallet.call("Proxy", "proxy", real=owner.ss58_address, force_proxy_type=None, call=inner)
    change = {"delegate": agent.ss58_address, "proxy_type": "Any", "delay": 0}
    wallet.submit(owner, wallet.call("Proxy", "add_proxy", **change))
    event(wallet.submit(agent, act), "Proxy", "ProxyExecuted")
    assert wallet.free(to.ss58_address) == 5 * TOKEN, "the payment is missing"
    wallet.submit(owner, wallet.call("Proxy", "remove_proxy", **change))
    refused = wallet.try_submit(agent, act)
    assert not refused.is_success and refused.error_message["name"] == "NotProxy", "a former proxy still acts"


def follow_final_blocks(wallet):
    heights = []

    def note(block, _number, _subscription):
        heights.append(block["header"]["number"])
        return heights if len(heights) == 5 else None

    wallet.chain.subscribe_block_headers(note, finalized_only=True)
    assert heights == list(range(heights[0], heights[0] + 5)), heights


def stand_as_a_candidate(wallet):
    candidate, voter = wallet.key("//Eve"), wallet.key("//Dave")
    made = wallet.ask("author_rotateKeysWithOwner", "0x" + candidate.public_key.hex())
    parts = [f"0x{made['keys'][2 + at:66 + at]}" for at in (0, 64, 128)]
    keys = dict(zip(("aura", "grandpa", "authority_discovery"), parts))
    wallet.submit(candidate, wallet.call("Session", "set_keys", keys=keys, proof=made["proof"]))
    register = wallet.call("Vdpos", "register", commission=50_000_000, bond=1_000 * TOKEN)
    event(wallet.submit(candidate, register), "Vdpos", "Registered")
    rows = {row["account"]: row for row in wallet.ask("parlance_producers")}
    assert int(rows[candidate.ss58_address]["bond"]) == 1_000 * TOKEN, rows
    # Small on purpose: elected, it would hold half of this chain's votes on finality, and one node can
    # cast only one.
    event(wallet.submit(voter, wallet.vote("//Eve", 10 * TOKEN)), "Vdpos", "Voted")


def read_the_block_of_a_registration(wallet):
    with tempfile.TemporaryDirectory() as folder:
        program = os.environ.get("BIMP_BIN") or str(Path(os.environ["PARLANCE_BIN"]).with_name("bimp"))
        made = subprocess.run(
            [program, "identity", "new", "--json", "--node", wallet.chain.url, "--trust", wallet.chain.get_block_hash(0)],
            env={**os.environ, "BIMP_FOLDER": folder, "BIMP_PASSPHRASE": "of a test"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert made.returncode == 0, made.stderr
    account = json.loads(made.stdout)["account"]
    number = wallet.ask("parlance_identityStanding", account)["registered"]
    block = wallet.chain.get_block(block_number=number)
    calls = [extrinsic.value["call"] for extrinsic in block["extrinsics"]]
    register = next(call for call in calls if (call["call_module"], call["call_function"]) == ("Accounts", "register"))
    arguments = {argument["name"]: argument["value"] for argument in register["call_args"]}
    assert arguments["registration"]["account"] == account, arguments
    assert 0 < arguments["registration"]["anchor"] < number, arguments


def claim_what_a_vote_earned(wallet):
    voter = wallet.key("//Ferdie")
    end = time.monotonic() + TWO_ERAS_SECONDS
    while (due := int(wallet.ask("parlance_claimable", voter.ss58_address))) == 0:
        assert time.monotonic() < end, "the voter earned nothing in two eras"
        time.sleep(1)
    seen = event(wallet.submit(voter, wallet.call("Vdpos", "claim")), "Vdpos", "Claimed")
    assert seen["amount"] >= due, f"{due} were due, {seen['amount']} were paid"


SCENARIOS = (
    read_constants_and_storage,
    transfer_with_events,
    batch_as_a_whole,
    share_an_account_two_of_three,
    act_by_proxy,
    follow_final_blocks,
    stand_as_a_candidate,
    read_the_block_of_a_registration,
    claim_what_a_vote_earned,
)


def main():
    wallet = Wallet(os.environ["PARLANCE_URL"])
    # Cast first: what it earns is claimed last.
    wallet.submit(wallet.key("//Ferdie"), wallet.vote("//Alice", 500 * TOKEN))
    failed = 0
    for scenario in SCENARIOS:
        name, start = scenario.__name__.replace("_", " "), time.monotonic()
        try:
            scenario(wallet)
            print(f"ok    python: {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception as error:  # one scenario that fails must not hide the others
            failed += 1
            print(f"FAIL  python: {name} ({time.monotonic() - start:.1f} s)\n      {error!r}", flush=True)
    print(f"{len(SCENARIOS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
