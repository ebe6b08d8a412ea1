"""Two people and the relays between them: the part of the demonstration that scripts/demo.py calls.

Both run the user's client in folders of their own. One writes while the other is away and a relay is killed; then they
talk, and the relays that carried it are paid by the chain without anybody's help.
"""

import json
import os
import queue
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

TEXT = "The ferry leaves at six. Bring the blue coat."
# Of which a tenth is the deposit that makes relays be paid for somebody.
GIFT = 10**12
# Longest wait for any one step, seconds.
PATIENCE = 240
# For how long they talk, and how often one of them says something.
TALK_SECONDS = 45
PAUSE_SECONDS = 1.5


class Person:
    """Somebody with a data folder of the user's client."""

    def __init__(self, name, url, genesis):
        self.name = name
        self.program = os.environ.get("BIMP_BIN") or str(Path(os.environ["PARLANCE_BIN"]).with_name("bimp"))
        self.folder = tempfile.TemporaryDirectory(prefix=f"parlance-demo-{name}-")
        self.environment = {
            **os.environ,
            "BIMP_FOLDER": self.folder.name,
            "BIMP_PASSPHRASE": "only a demonstration",
            "BIMP_NODE": url,
            "BIMP_TRUST": genesis,
        }
        self.bot = None
        # A proof of work, beside the rest of the demonstration; the time is the command's own.
        self.started = time.monotonic()
        self.maker = self.start("identity", "new", "--json")
        self.waiter = threading.Thread(target=self.wait, daemon=True)
        self.waiter.start()

    def start(self, *arguments, **options):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([self.program, *arguments], env=self.environment, **{**pipes, **options})

    def wait(self):
        self.output, self.errors = self.maker.communicate()
        self.seconds = time.monotonic() - self.started

    def identity(self):
        self.waiter.join()
        if self.maker.returncode:
            raise RuntimeError(f"bimp identity new ({self.name}): {self.errors.strip()}")
        return json.loads(self.output)

    @property
    def account(self):
        return self.identity()["account"]

    def run(self, *arguments):
        """Runs a command to its end, and returns what it printed for programs."""
        process = self.start(*arguments, "--json")
        output, errors = process.communicate(timeout=PATIENCE)
        if process.returncode:
            raise RuntimeError(f"bimp {arguments[0]} ({self.name}): {errors.strip()}")
        return json.loads(output)

    def come(self):
        self.bot = Bot(self)

    def go(self):
        if self.bot:
            self.bot.end()
            self.bot = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.maker.kill()
        self.waiter.join()
        self.go()
        self.folder.cleanup()


class Bot:
    """`bimp bot` of a person who is there."""

    def __init__(self, person):
        self.person = person
        self.began = time.monotonic()
        self.events = queue.Queue()
        self.process = person.start("bot", "--stay", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=1)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.events.put((time.monotonic(), json.loads(line)))
        self.events.put((time.monotonic(), None))

    def say(self, to, text):
        order = {"do": "send", "with": to, "text": text, "ref": text[:100]}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def until(self, wanted, what):
        """The first event that `wanted` accepts, and when it came."""
        limit = time.monotonic() + PATIENCE
        trouble = ""
        while True:
            try:
                when, event = self.events.get(timeout=max(0.01, limit - time.monotonic()))
            except queue.Empty:
                raise RuntimeError(f"{self.person.name}: {what} did not come in {PATIENCE} s{trouble}") from None
            if event is None:
                raise RuntimeError(f"{self.person.name}: bimp bot has ended before {what} came{trouble}")
            if wanted(event):
                return when, event
            if event.get("error"):
                trouble = f" ({event['error']})"

    def arrived(self):
        """What has arrived so far, with times: texts of the other side."""
        while True:
            try:
                when, event = self.events.get_nowait()
            except queue.Empty:
                return
            if event and event["event"] == "message" and not event["message"]["own"]:
                yield when, event["message"]["text"]

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ChatStory:
    """The story, step by step. `demonstration` has the chain, the checks and the figures."""

    def __init__(self, demonstration, testnet, ada, ben):
        self.demo = demonstration
        self.network = demonstration.network
        self.testnet = testnet
        self.ada, self.ben = ada, ben
        self.figures = demonstration.figures["chat"] = {}

    def relays(self):
        rows = self.network.ask("parlance_relays")
        return {row["id"][2:34]: row for row in rows if row["member"] and row["id"]}

    def name(self, relay):
        """A relay's name, by its id on the wire or its account."""
        rows = sorted(self.relays().values(), key=lambda row: row["address"])
        for number, row in enumerate(rows, 1):
            if row["account"] == relay or (row["id"] and relay.startswith(row["id"][2:34])):
                return f"relay{number}"
        return relay[:8]

    def tell(self):
        self.meet()
        self.write_to_one_who_is_away()
        first = self.network.ask("chain_getHeader")["number"]
        self.talk()
        self.show_pay(int(first, 16))

    def meet(self):
        count = len(self.testnet.relays)
        print(f"  {count} relays have registered with a bond; Ada and Ben have identities, and get a token each for the deposit", flush=True)
        self.wait_for(lambda: len(self.relays()) == count, "the relays come into the roster")
        # Relays are paid for those who have a deposit, and here somebody makes it for them.
        alice, chain = self.network.keys["Alice"], self.network.chain
        calls = [
            chain.compose_call(pallet, function, arguments).value
            for person in (self.ada, self.ben)
            for pallet, function, arguments in (
                ("Balances", "transfer_keep_alive", {"dest": person.account, "value": GIFT}),
                ("Accounts", "back_identity", {"who": person.account}),
            )
        ]
        self.network.submit(alice, "Utility", "batch_all", {"calls": calls})
        self.ada.run("contact", "add", "ben", self.ben.account)
        self.ben.run("contact", "add", "ada", self.ada.account)
        # Once, so that others find his prekeys.
        self.ben.come()
        self.ben.bot.until(lambda event: event["event"] == "listening" and event["relay"], "a relay to listen at")
        time.sleep(3)
        self.ben.go()

    def write_to_one_who_is_away(self):
        began = time.monotonic()
        sent = self.ada.run("send", "ben", TEXT)
        seconds = time.monotonic() - began
        relays = sent["status"]["acceptedBy"]
        print(f"  Ben is away. Ada writes: {TEXT!r}")
        print(f"  {relays} relays have it on disk, after {seconds:.1f} s with passphrase, proofs and new session")
        self.demo.check("a quorum of relays keeps a message for somebody who is away", relays >= 3)
        victim = max(self.testnet.relays, key=self.uploads)
        self.testnet.rule("kill", victim)
        print(f"  {victim}, through which it went, is killed (SIGKILL)", flush=True)
        self.ben.come()
        wanted = lambda event: event["event"] == "message" and event["message"]["text"] == TEXT  # noqa: E731
        when, _ = self.ben.bot.until(wanted, "Ada's message")
        seconds = when - self.ben.bot.began
        print(f"  Ben comes back and has it {seconds:.1f} s after he started his client")
        self.demo.check("it arrives although that relay is dead", True)
        self.figures["away"] = {"acceptedBy": relays, "killed": victim, "arrivedAfterSeconds": seconds}
        self.victim = victim

    def uploads(self, name):
        """How many messages a relay took from senders, by its own figures."""
        url = self.testnet.relays[name]["prometheus"]
        answer = subprocess.run(["curl", "-fsS", "--max-time", "3", url], capture_output=True, text=True, check=False)
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in answer.stdout.splitlines()
            if line.split(" ")[0].split("{")[0] == "parlance_relay_accepted"
        )

    def talk(self):
        self.ada.come()
        self.ada.bot.until(lambda event: event["event"] == "listening" and event["relay"], "a relay to listen at")
        said, heard = {}, {}
        people = [(self.ada, "ben"), (self.ben, "ada")]
        end = time.monotonic() + TALK_SECONDS
        turn = 0
        while time.monotonic() < end:
            person, other = people[turn % 2]
            text = f"{person.name} says {turn}"
            said[text] = time.monotonic()
            person.bot.say(other, text)
            turn += 1
            time.sleep(PAUSE_SECONDS)
            self.hear(heard)
        limit = time.monotonic() + 20
        while len(heard) < len(said) and time.monotonic() < limit:
            time.sleep(0.1)
            self.hear(heard)
        times = sorted(heard[text] - said[text] for text in said if text in heard)
        p95 = times[int(len(times) * 0.95)] if times else 0
        print(f"  they talk: {len(said)} messages, {len(heard)} arrived, {statistics.median(times):.3f} s (median), {p95:.3f} s (95 of 100)")
        self.demo.check("every message of a conversation arrives, once", len(heard) == len(said) and not self.doubled)
        self.figures["talk"] = {"said": len(said), "arrived": len(heard), "p50Seconds": statistics.median(times), "p95Seconds": p95}
        self.testnet.rule("restart", self.victim)
        print(f"  {self.victim} is back")

    doubled = False

    def hear(self, heard):
        for person in (self.ada, self.ben):
            for when, text in person.bot.arrived():
                self.doubled |= text in heard
                heard.setdefault(text, when)

    def show_pay(self, first):
        print("  the relays claim, open what the beacon draws, and are paid, by themselves", flush=True)
        paid = {}
        block = first
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit and not paid:
            head = int(self.network.ask("chain_getHeader")["number"], 16)
            for block in range(block, head + 1):
                for relay, period, amount in self.payments(block):
                    paid.setdefault(relay, []).append((period, block, amount))
            block = head + 1
            time.sleep(1)
        for relay, rows in sorted(paid.items()):
            for period, at, amount in rows:
                print(f"    {self.name(relay):<8} period {period}: {self.demo.tokens(amount)} in block {at}")
        self.demo.check("relays were paid for what they carried", paid)
        self.figures["paid"] = [
            {"relay": relay, "period": period, "block": at, "amount": str(amount)}
            for relay, rows in paid.items()
            for period, at, amount in rows
        ]

    def payments(self, block):
        found = self.network.ask("chain_getBlockHash", block)
        for record in self.network.chain.get_events(found):
            event = record.value["event"]
            if (event["module_id"], event["event_id"]) == ("Relay", "Paid"):
                told = event["attributes"]
                yield told["relay"], told["period"], told["amount"]

    @staticmethod
    def wait_for(holds, what):
        limit = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > limit:
                raise RuntimeError(f"{what}: not within {PATIENCE} s")
            time.sleep(0.5)
