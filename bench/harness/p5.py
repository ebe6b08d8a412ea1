"""P5: relays: messages that are stored and delivered, a group, faults, idle subscribers, floods; beside an MQTT broker and an XMPP server."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import report
import sides

ABOUT = {
    "title": "Relays",
    "text": "Messages of 512 bytes from 128 senders to 64 recipients. *Five relays*: a static network of five processes on this machine; a "
    "message counts as stored when a quorum of three has it on disk, synchronised, and as delivered when its recipient has it; as many as can be, "
    "and 10,000 a second at their times. *One relay*: the same with one process, beside the MQTT broker Mosquitto with QoS 1 both ways and "
    "sessions that persist, without encryption. Mosquitto acknowledges out of its memory and writes all of it to a file every half hour; the row "
    "*saved* has it write and synchronise that file after each round of its loop in which something changed, which is the nearest to a "
    "synchronised disk that it can, though it still acknowledges before. *Recipients away*: one relay beside the XMPP server Prosody and its offline "
    "storage in files, which it does not synchronise, without TLS; messages are sent while nobody is there, and then fetched. "
    "*A group of 500* at five relays: maker and sender have the real encryption and their database on this disk, and so has one of the members, which opens "
    "each text; the 499 members are devices with a connection each, in the process of the load. Times count from writing the text. Creation in its "
    "parts, one after the other: key packages of all are fetched; encryption makes group, tree and commit, adds all at once and reads what was placed; the relays place group, tree and commit; a "
    "message goes to each member, as large as one with its invitation. Not in the sum, since members do it when they accept: all of them read the tree, at the same time (XMTP publishes for 400 members 111 ms until the "
    "sender is done, 173 ms until all have the text, 7.6 s for creation). *Faults*: five relays, of which again and again one or two are away for up to 4.3 s, killed with SIGKILL and started again, or stopped with SIGSTOP, "
    "so that they are cut off from everybody and then go on with what they had in hand; 2,000 messages a second from 512 senders to 64 recipients, who have the patience "
    "of our client (350 ms for an answer, 600 ms for a sign of life); fail-over counts from the fault, or from writing the message if that is later, until another "
    "relay has accepted it, and until a recipient is shown its next message. *Idle subscribers*: what the relay's resident memory grows by for each, with a socket and a key each, in other processes. *Floods*: 20 pairs of honest "
    "devices at a steady rate while 1,000 connections of ten other addresses, from a process of their own, send garbage, halves of frames, pings "
    "and requests; the relay has its default limits. The load takes its part of the same cores.",
    "goal": "five relays: at least 10,000/s, 95 % within 250 ms, on two cores; ahead of Mosquitto and Prosody; a group of 500: sender done within 100 ms, 95 % of deliveries within 300 ms, created within 1 s; of 10^6 messages under faults none lost or shown twice, fail-over within 2 s; "
    "at most 64 KiB for each of 10,000 idle subscribers; honest devices within twice their latency under floods",
}
GOAL_RATE, GOAL_P95_MS, GOAL_KIB, GOAL_FLOOD = 10_000, 250, 64, 2
GOAL_RECEIPT_MS, GOAL_GROUP_P95_MS, GOAL_CREATION_MS, GOAL_FAIL_OVER_MS = 100, 300, 1_000, 2_000
# The Welcome of MLS for all 499, with the tree; and that sent to each.
WHOLE_KB, WHOLE_MB = 1_325, 661
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or report.ROOT / "target") / "release"
RELAY = os.environ.get("RELAY_BIN") or TARGET / "parlance-relay"
LOAD = os.environ.get("RELAY_LOAD_BIN") or TARGET / "parlance-bench-relay"
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
PROSODY = shutil.which("prosody")
PORT = 24_433
# Above a relay's port; at the same number over TCP it passes packets on between devices.
FIGURES = 200
MQTT_PORT = 24_533
XMPP_PORT = 24_534
# A sender has 3,000 messages in five minutes, which bounds how long a run may be.
SECONDS = {False: 12, True: 6}
SUBSCRIBERS = {False: 10_000, True: 2_000}
FLOOD_SECONDS = {False: 30, True: 8}
MEMBERS = 500
# A run by hand goes on until 10^6: parlance-bench-relay faults --folder FOLDER --relay PROGRAM --seconds 3600
FAULT_SECONDS = {False: 120, True: 20}


def run(folder, quick: bool, runs: int) -> dict:
    if not MOSQUITTO:
        print("P5: mosquitto is not installed ('apt-get install mosquitto'): its rows are left out", file=sys.stderr)
    if not PROSODY:
        print("P5: prosody is not installed ('apt-get install prosody'): its rows are left out", file=sys.stderr)
    kinds = ["five", "paced", "one", *(["mosquitto", "saved"] if MOSQUITTO else [])]
    away = ["away", *(["prosody"] if PROSODY else [])]
    raw = {kind: [] for kind in ["five", "paced", "one", "mosquitto", "saved", "away", "prosody", "group", "faults", "idle", "flood"]}
    for number, kind in sides.in_turn(runs, kinds):
        place = folder / f"{kind}-{number}"
        through = through_mosquitto if kind in ("mosquitto", "saved") else through_relays
        one = through(place, kind, quick)
        raw[kind].append(one)
        latency = one["latency_ms"] or {"p95": float("nan")}
        print(
            f"P5 {kind}: {one['accepted_per_second']:.0f}/s stored, {one['delivered_per_second']:.0f}/s delivered, "
            f"p95 {latency['p95']:.0f} ms {one['refused'] or ''}",
            file=sys.stderr,
        )
        shutil.rmtree(place)
    for number, kind in sides.in_turn(runs, away):
        place = folder / f"{kind}-{number}"
        one = (through_prosody if kind == "prosody" else through_relays)(place, kind, quick)
        raw[kind].append(one)
        print(
            f"P5 {kind}: {one['stored_per_second']:.0f}/s stored, {one['fetched_per_second']:.0f}/s of {one['fetched']} fetched "
            f"{one['refused'] or ''}",
            file=sys.stderr,
        )
        shutil.rmtree(place)
    for number in range(min(runs, 3)):
        raw["group"].append(group(folder / f"group-{number}"))
    for number in range(1 if quick else min(runs, 3)):
        raw["faults"].append(faults(folder / f"faults-{number}", number, quick))
        raw["idle"].append(idle(folder / f"idle-{number}", quick))
        raw["flood"].append(flood(folder / f"flood-{number}", quick))
    return {"metrics": list(metrics(raw)), "raw": raw}


class Relays:
    """A static network of processes. Ends them all."""

    def __init__(self, folder: pathlib.Path, relays: int, accounts: int, *options: str):
        self.folder, self.relays, self.accounts, self.options = folder, relays, accounts, options
        self.processes = []

    def __enter__(self):
        size = ["--relays", self.relays, "--accounts", self.accounts]
        measure("prepare", "--folder", self.folder, *size, "--port", PORT, *self.options)
        for number in range(self.relays):
            log = open(self.folder / f"{number}.log", "wb")
            command = [RELAY, "--config", self.folder / f"{number}.json", "--log", "warn"]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        for number in range(self.relays):
            wait_for_port(PORT + FIGURES + number, self.processes[number])
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_port(port: int, process, seconds: float = 30):
    """Until something listens at a TCP port of the loopback interface."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens at port {port} after {seconds} s")


def measure(kind: str, *options, seconds: float = 120) -> dict:
    """Runs the load program and returns its report, if it makes one."""
    command = [LOAD, kind, *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr[-2000:]}")
    return json.loads(done.stdout) if done.stdout else {}


def through_relays(folder, kind: str, quick: bool) -> dict:
    pace = ["--rate", GOAL_RATE] if kind == "paced" else []
    with Relays(folder, 1 if kind in ("one", "away") else 5, 256):
        what = "offline" if kind == "away" else "throughput"
        return measure(what, "--folder", folder, "--seconds", SECONDS[quick], *pace)


def through_mosquitto(folder, kind: str, quick: bool) -> dict:
    folder.mkdir(parents=True)
    # Started by root it would become another user, who may not write here.
    config = [
        f"listener {MQTT_PORT} 127.0.0.1",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {folder}/",
        "max_queued_messages 0",
        "user root",
    ]
    if kind == "saved":
        config += ["autosave_on_changes true", "autosave_interval 1"]
    (folder / "mosquitto.conf").write_text("\n".join(config) + "\n")
    with open(folder / "log", "wb") as log:
        broker = subprocess.Popen([MOSQUITTO, "-c", folder / "mosquitto.conf"], stdout=log, stderr=log)
    try:
        wait_for_port(MQTT_PORT, broker)
        return measure("mqtt", "--broker", f"127.0.0.1:{MQTT_PORT}", "--seconds", SECONDS[quick])
    finally:
        broker.terminate()
        broker.wait(20)


def through_prosody(folder, _kind: str, quick: bool) -> dict:
    accounts = folder / "data" / "localhost" / "accounts"
    accounts.mkdir(parents=True)
    for number in range(256):
        (accounts / f"user{number}.dat").write_text('return { ["password"] = "secret" };\n')
    config = [
        "run_as_root = true",
        f'data_path = "{folder}/data"',
        f'pidfile = "{folder}/pid"',
        'modules_enabled = { "saslauth", "offline", "smacks" }',
        'modules_disabled = { "s2s", "tls" }',
        "c2s_require_encryption = false",
        "allow_unencrypted_plain_auth = true",
        'authentication = "internal_plain"',
        'storage = "internal"',
        f"c2s_ports = {{ {XMPP_PORT} }}",
        'c2s_interfaces = { "127.0.0.1" }',
        'log = { warn = "*console" }',
        'VirtualHost "localhost"',
    ]
    (folder / "prosody.lua").write_text("\n".join(config) + "\n")
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen([PROSODY, "--config", folder / "prosody.lua", "-F"], stdout=log, stderr=log)
    try:
        wait_for_port(XMPP_PORT, server)
        return measure("xmpp", "--server", f"127.0.0.1:{XMPP_PORT}", "--seconds", SECONDS[quick], seconds=300)
    finally:
        server.terminate()
        server.wait(20)


def group(folder) -> dict:
    with Relays(folder, 5, MEMBERS):
        one = measure("group", "--folder", folder, "--members", MEMBERS, seconds=300)
    made = one["creation"]
    print(
        f"P5 group: receipt p50 {one['receipt_ms']['p50']:.0f} ms, deliveries p95 {one['delivered_ms']['p95']:.0f} ms, {one['missing']} missing, "
        f"created in {creation(one):.0f} ms, of which encryption {made['encryption_ms']:.0f} ms, with {made['sent_bytes'] / 1e6:.1f} MB sent; "
        f"tree read by all in {made['trees_ms']:.0f} ms",
        file=sys.stderr,
    )
    shutil.rmtree(folder)
    return one


def creation(one: dict) -> float:
    """All parts that the maker waits for, ms."""
    parts = ("key_packages_ms", "encryption_ms", "order_ms", "messages_ms")
    return sum(one["creation"][part] for part in parts)


def faults(folder, seed: int, quick: bool) -> dict:
    options = ["--relay", RELAY, "--seed", seed, "--seconds", FAULT_SECONDS[quick]]
    one = measure("faults", "--folder", folder, *options, seconds=FAULT_SECONDS[quick] + 400)
    run = one["runs"][-1]
    print(
        f"P5 faults: {one['accepted']} accepted, {one['lost']} lost, {one['shown_twice']} shown twice; {run['killed']} killed, {run['stopped']} stopped; "
        f"fail-over p95 {most(run['sender_fail_over_ms'], 'p95'):.0f} and {most(run['recipient_fail_over_ms'], 'p95'):.0f} ms",
        file=sys.stderr,
    )
    shutil.rmtree(folder)
    return one


def most(spread: dict | None, which: str) -> float:
    """Of a spread that may be of nothing."""
    return spread[which] if spread else 0.0


def idle(folder, quick: bool) -> dict:
    with Relays(folder, 1, SUBSCRIBERS[quick] + 1) as relays:
        options = ["--subscribers", SUBSCRIBERS[quick], "--process", relays.processes[0].pid]
        one = measure("idle", "--folder", folder, *options, seconds=900)
    print(
        f"P5 idle: {one['connected']} subscribers, {one['each_kib']:.1f} KiB each, "
        f"{one['idle_cpu_percent']:.1f} % of a core",
        file=sys.stderr,
    )
    return one


def flood(folder, quick: bool) -> dict:
    with Relays(folder, 1, 1_001, "--own-limits") as relays:
        options = ["--process", relays.processes[0].pid, "--seconds", FLOOD_SECONDS[quick]]
        one = measure("flood", "--folder", folder, *options, seconds=300)
    before, meanwhile = (one[it]["latency_ms"] or {"p50": float("nan")} for it in ("before", "meanwhile"))
    print(
        f"P5 flood: {before['p50']:.2f} ms before, {meanwhile['p50']:.2f} ms meanwhile, "
        f"{one['most_mib'] - one['before_mib']:.0f} MiB more",
        file=sys.stderr,
    )
    return one


def metrics(raw: dict):
    def all_of(kind, *names):
        values = []
        for one in raw[kind]:
            for name in names:
                one = one[name]
            values.append(one)
        return values

    five = all_of("five", "delivered_per_second")
    yield report.metric("five relays: stored and delivered", "1/s", "higher", five, [GOAL_RATE], "the goal")
    p95 = all_of("five", "latency_ms", "p95")
    yield report.metric("five relays: delivered, 95 % within", "ms", "lower", p95, [GOAL_P95_MS], "the goal")
    paced = all_of("paced", "delivered_per_second")
    yield report.metric("five relays, sent 10,000/s: delivered", "1/s", "higher", paced, [GOAL_RATE], "what was sent")
    p95 = all_of("paced", "latency_ms", "p95")
    yield report.metric("five relays, sent 10,000/s: 95 % within", "ms", "lower", p95, [GOAL_P95_MS], "the goal")
    for broker, name in (("mosquitto", "Mosquitto, in memory"), ("saved", "Mosquitto, saved")):
        if raw[broker]:
            one, peer = (all_of(kind, "delivered_per_second") for kind in ("one", broker))
            yield report.metric("one relay: stored and delivered", "1/s", "higher", one, peer, name)
            one, peer = (all_of(kind, "latency_ms", "p95") for kind in ("one", broker))
            yield report.metric("one relay: delivered, 95 % within", "ms", "lower", one, peer, name)
    for what, name in (("stored", "stored"), ("fetched", "fetched when they come")):
        if raw["prosody"]:
            one, peer = (all_of(kind, f"{what}_per_second") for kind in ("away", "prosody"))
            yield report.metric(f"one relay, recipients away: {name}", "1/s", "higher", one, peer, "Prosody, files")
    for what, spread, which, goal in (
        ("the sender has its receipt, half of the texts within", "receipt_ms", "p50", GOAL_RECEIPT_MS),
        ("of that, encrypting and storing", "encrypted_ms", "p50", GOAL_RECEIPT_MS),
        ("delivered, half within", "delivered_ms", "p50", GOAL_GROUP_P95_MS),
        ("delivered, 95 % within", "delivered_ms", "p95", GOAL_GROUP_P95_MS),
        ("delivered, all within", "delivered_ms", "max", GOAL_GROUP_P95_MS),
    ):
        yield report.metric(f"group of 500: {what}", "ms", "lower", all_of("group", spread, which), [goal], "the goal")
    whole = [creation(one) for one in raw["group"]]
    yield report.metric("group of 500: created", "ms", "lower", whole, [GOAL_CREATION_MS], "the goal")
    for what, part in (
        ("key packages", "key_packages_ms"),
        ("encryption", "encryption_ms"),
        ("the relays' order", "order_ms"),
        ("a message to each", "messages_ms"),
    ):
        parts = all_of("group", "creation", part)
        yield report.metric(f"group of 500: created, {what}", "ms", "lower", parts, [GOAL_CREATION_MS], "the goal")
    sent = [one["creation"]["sent_bytes"] / 1e6 for one in raw["group"]]
    yield report.metric("group of 500: sent by its maker", "MB", "lower", sent, [WHOLE_MB], "the whole invitation to each")
    each = [one["creation"]["invitation_bytes"] / 1e3 for one in raw["group"]]
    yield report.metric("group of 500: an invitation", "kB", "lower", each, [WHOLE_KB], "the whole invitation")
    read = all_of("group", "creation", "trees_ms")
    yield report.metric("group of 500: its tree read by all", "ms", "lower", read, [GOAL_CREATION_MS], "the goal")
    accepted = all_of("faults", "accepted")
    yield report.metric("faults: messages accepted", "", "higher", accepted, [1_000_000], "the goal, in one run by hand")
    for what, name in (("lost", "lost"), ("shown twice, or to others", "shown_twice")):
        yield report.metric(f"faults: {what}", "", "lower", all_of("faults", name), [0], "the goal")
    for who in ("sender", "recipient"):
        for what, which in (("95 % within", "p95"), ("all within", "max")):
            times = [most(one["runs"][-1][f"{who}_fail_over_ms"], which) for one in raw["faults"]]
            yield report.metric(f"faults: {who} goes on, {what}", "ms", "lower", times, [GOAL_FAIL_OVER_MS], "the goal")
    each = all_of("idle", "each_kib")
    yield report.metric("an idle subscriber", "KiB", "lower", each, [GOAL_KIB], "the goal")
    slower = [
        one["meanwhile"]["latency_ms"]["p50"] / one["before"]["latency_ms"]["p50"] for one in raw["flood"]
    ]
    yield report.metric("flooded by 1,000: median latency grows to", "x", "lower", slower, [GOAL_FLOOD], "the goal")
    more = [one["most_mib"] - one["before_mib"] for one in raw["flood"]]
    # 256 MiB of budget, and what 1,000 connections themselves take.
    yield report.metric("flooded by 1,000: memory grows by", "MiB", "lower", more, [320], "the bound")
