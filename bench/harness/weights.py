"""Weights measured and written into their sources: those of our pallets, and what every block, transaction
and state access costs."""

import argparse
import pathlib
import platform
import re
import subprocess
import tempfile

import report
import sides

OWN = ["accounts", "beacon", "issuance", "relay", "vdpos"]
BASE = "base"
# Accounts in the state under which access to it is measured.
ACCOUNTS = 200_000
CONSTANTS = pathlib.Path("runtime/main/src/configs/measured.rs")


def measure(words: list) -> int:
    arguments = argparse.ArgumentParser(prog="scripts/bench weights")
    arguments.add_argument("--node", required=True, type=pathlib.Path)
    arguments.add_argument("--steps", default="20")
    arguments.add_argument("--repeat", default="10")
    arguments.add_argument("names", nargs="*", metavar="PALLET", help=f"or '{BASE}'; all by default")
    options = arguments.parse_args(words)
    known = [*OWN, BASE]
    unknown = set(options.names) - set(known)
    if unknown:
        arguments.error(f"no such pallet of our own: {', '.join(sorted(unknown))}")
    for name in options.names or known:
        if name == BASE:
            write_base(options.node)
        else:
            write_pallet(options, name)
    return 0


def write_pallet(options, pallet: str):
    command = [options.node, "benchmark", "pallet", "--chain", "dev"]
    command += ["--pallet", f"pallet_{pallet}", "--extrinsic", "*"]
    command += ["--steps", options.steps, "--repeat", options.repeat]
    command += ["--template", "bench/weights.hbs"]
    command += ["--output", f"pallets/{pallet}/src/weights.rs"]
    run(command)


def run(command: list):
    subprocess.run([str(word) for word in command], check=True, cwd=report.ROOT)


def write_base(node: pathlib.Path):
    """What an empty block, an empty transaction, a read and a write cost, in nanoseconds."""
    with tempfile.TemporaryDirectory(prefix="parlance-weights-") as folder:
        folder = pathlib.Path(folder)
        run([node, "benchmark", "overhead", "--chain", "dev", "--weight-path", folder])
        block = average(folder / "block_weights.rs")
        extrinsic = average(folder / "extrinsic_weights.rs")
        spec = sides.Side("weights", "weights", str(node)).spec(folder, "dev", ACCOUNTS)
        command = [node, "benchmark", "storage", "--chain", spec, "--base-path", folder / "data"]
        # Without the node's cache, so that a read costs what it costs when the cache has been outgrown. Keys
        # are drawn at random, as transactions draw accounts, and written together, as a block writes.
        command += ["--state-version", "1", "--disable-pov-recorder", "--random-seed", 7]
        command += ["--keys-limit", 50_000, "--batch-size", 5_000]
        run([*command, "--weight-path", folder])
        text = (folder / "rocksdb_weights.rs").read_text()
        read, write = (number(text, rf"{kind}: ([\d_]+) \*") for kind in ("read", "write"))
    values = {
        "BASE_BLOCK": (block, "An empty block with its inherents"),
        "BASE_EXTRINSIC": (extrinsic, "A signed `System::remark` of no length, its signature check included"),
        "READ": (read, f"Reading a key of a state of {ACCOUNTS:,} accounts that is in no cache of the node"),
        "WRITE": (write, "Writing such a key together with others, its part of the state's root included"),
    }
    lines = [
        "//! Costs that every block pays, measured by `scripts/bench weights base`: do not edit.",
        "//!",
        f"//! Processor: {processor()}. Averages, in nanoseconds.",
        "",
    ]
    for name, (value, about) in values.items():
        lines += [f"/// {about}.", f"pub const {name}_NANOS: u64 = {value:_};"]
    (report.ROOT / CONSTANTS).write_text("\n".join(lines) + "\n")


def average(path: pathlib.Path) -> int:
    return number(path.read_text(), r"Average:\s+([\d_]+)")


def number(text: str, pattern: str) -> int:
    found = re.search(pattern, text)
    if not found:
        raise RuntimeError(f"nothing like {pattern} in:\n{text}")
    return int(found[1].replace("_", ""))


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
