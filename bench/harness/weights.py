"""Weights of our pallets, measured and written into their sources."""

import argparse
import pathlib
import subprocess

import report

OWN = ["beacon", "issuance", "vdpos"]


def measure(words: list) -> int:
    arguments = argparse.ArgumentParser(prog="scripts/bench weights")
    arguments.add_argument("--node", required=True, type=pathlib.Path)
    arguments.add_argument("--steps", default="50")
    arguments.add_argument("--repeat", default="20")
    arguments.add_argument("pallets", nargs="*", metavar="PALLET")
    options = arguments.parse_args(words)
    unknown = set(options.pallets) - set(OWN)
    if unknown:
        arguments.error(f"no such pallet of our own: {', '.join(sorted(unknown))}")
    for pallet in options.pallets or OWN:
        command = [options.node, "benchmark", "pallet", "--chain", "dev"]
        command += ["--pallet", f"pallet_{pallet}", "--extrinsic", "*"]
        command += ["--steps", options.steps, "--repeat", options.repeat]
        command += ["--template", "bench/weights.hbs"]
        command += ["--output", f"pallets/{pallet}/src/weights.rs"]
        subprocess.run([str(word) for word in command], check=True, cwd=report.ROOT)
    return 0
