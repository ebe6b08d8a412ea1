"""Calls the load tool."""

import json
import subprocess

import sides


def measure(kind: str, *options, seconds: float) -> dict:
    """Runs `parlance-bench-load KIND OPTIONS` and returns its report; it may take `seconds`."""
    command = [sides.LOAD, kind, *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)
