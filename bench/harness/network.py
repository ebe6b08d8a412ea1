"""Nodes as processes on loopback: started, asked, and ended one by one."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

AUTHORITIES = ["alice", "bob", "charlie", "dave"]
# The pool must hold all that is submitted, on both sides: it is not what is measured.
POOL = ["--pool-limit", "250000", "--pool-kbytes", "262144"]
START_SECONDS = 90


def free_ports(count: int) -> list[int]:
    """Ports that are free now; held until all are known, so that none is given twice."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Node:
    """One node, an authority if its name is one; ends with the `with` block."""

    def __init__(self, side, spec, folder: pathlib.Path, name: str, *, alone: bool, bootnodes=()):
        self.side, self.folder, self.name = side, folder, name
        self.port, self.rpc_port, self.exporter_port = free_ports(3)
        folder.mkdir(parents=True, exist_ok=True)
        command = [side.binary, "--chain", spec, "--base-path", folder / "data"]
        command += [f"--{name}"] if name in AUTHORITIES else ["--name", name]
        command += ["--listen-addr", self.address, "--rpc-port", self.rpc_port]
        command += ["--prometheus-port", self.exporter_port, "--no-mdns", "--no-telemetry"]
        command += ["--unsafe-force-node-key-generation", *POOL]
        # A single authority has no peers, and would otherwise wait for some.
        command += ["--force-authoring"] if alone else []
        for bootnode in bootnodes:
            command += ["--bootnodes", bootnode]
        self.started = time.monotonic()
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self) -> str:
        return f"/ip4/127.0.0.1/tcp/{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.rpc_port}"

    @property
    def exporter(self) -> str:
        return f"127.0.0.1:{self.exporter_port}"

    def call(self, method: str, *parameters):
        """A JSON-RPC call; the node's own error becomes an exception."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rpc_port}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            reply = json.load(answer)
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    def best(self) -> int:
        return int(self.call("chain_getHeader")["number"], 16)

    def finalized(self) -> int:
        head = self.call("chain_getFinalizedHead")
        return int(self.call("chain_getHeader", head)["number"], 16)

    def wait(self, what: str, condition, seconds: float = START_SECONDS, pause: float = 0.2):
        """Waits until `condition(self)` holds and returns the seconds since the start."""
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} of {self.side.name} ended: {self.last_words()}")
            try:
                if condition(self):
                    return time.monotonic() - self.started
            except (OSError, ValueError):
                pass  # Not listening yet.
            if time.monotonic() > deadline:
                words = self.last_words()
                raise RuntimeError(f"{self.name} of {self.side.name}: no {what}: {words}")
            time.sleep(pause)

    def last_words(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-1500:]

    def bootnode(self) -> str:
        return f"{self.address}/p2p/{self.call('system_localPeerId')}"

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def cpu_seconds(self) -> float:
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat[stat.rindex(")") + 2 :].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Ends this process and no other."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Network:
    """One authority, or four; ends with the `with` block."""

    def __init__(self, side, spec, folder: pathlib.Path, authorities: int):
        self.nodes = []
        alone = authorities == 1
        try:
            bootnodes = []
            for name in AUTHORITIES[:authorities]:
                node = Node(side, spec, folder / name, name, alone=alone, bootnodes=bootnodes)
                self.nodes.append(node)
                node.wait("answer", lambda node: node.call("system_health"))
                bootnodes.append(node.bootnode())
            for node in self.nodes:
                peers = authorities - 1
                node.wait("peers", lambda node: node.call("system_health")["peers"] >= peers)
            # Two final blocks: elections of voters and first rounds are over.
            self.nodes[0].wait("finality", lambda node: node.finalized() >= 2, 120)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for node in reversed(self.nodes):
            node.stop()

    @property
    def urls(self) -> list[str]:
        return [part for node in self.nodes for part in ("--url", node.url)]

    @property
    def pids(self) -> list[str]:
        return [part for node in self.nodes for part in ("--pid", str(node.process.pid))]


def run_timed(command) -> tuple[float, float]:
    """Runs a command to its end; wall seconds and processor seconds, its children's included."""
    command = [str(part) for part in command]
    start = time.monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    words = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {words[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime


# What a process uses at most includes what the one that started it used before: a small one stands between.
_PEAK = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", 1, 0)])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_mib(command) -> float:
    """Runs a command to its end and returns the most memory that it had resident, in MiB."""
    command = [sys.executable, "-S", "-c", _PEAK, *map(str, command)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[4:])}: {done.stderr[-2000:]}")
    return int(done.stdout) / 1024


def export_blocks(side, spec, base_path, out, last=None):
    """Writes the chain in `base_path` to a file; the node must have ended."""
    command = [side.binary, "export-blocks", "--chain", spec, "--base-path", base_path, "--binary"]
    run_timed(command + (["--to", last] if last else []) + [out])


def import_blocks(side, spec, base_path, blocks) -> tuple[float, float]:
    """Verifies and imports a file into an empty folder; wall and processor seconds."""
    command = [side.binary, "import-blocks", "--chain", spec, "--base-path", base_path, "--binary"]
    return run_timed(command + [blocks])
