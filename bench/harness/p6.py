"""P6: what encryption costs: conversations of two beside Olm, groups beside openmls alone."""

import json
import os
import subprocess
import sys

import report

ABOUT = {
    "title": "Encryption",
    "text": "Conversations of two: time per message, encrypted, encoded, decoded and decrypted, beside "
    "vodozemac's Olm, which has no protection against quantum computers. Groups: time per operation beside "
    "openmls with the same cryptography; ours stores every step encrypted on the disk and waits for it, openmls "
    "alone keeps its states in memory, so the ratio shows what the database costs. Both sides in one process, "
    "in turn.",
    "goal": "one chain at least as fast as Olm, ping-pong with the KEM ratchet at least 0.8 x Olm; a group of 500 "
    "made in 1 s, the sender done in 100 ms",
}
# scripts/bench builds them.
PROGRAMS = ("parlance-e2ee-bench", "parlance-groups-bench")


def run(_folder, quick: bool, runs: int) -> dict:
    raw = {program: measure(program, quick, runs) for program in PROGRAMS}
    return {"metrics": list(metrics(raw)), "raw": raw}


def measure(program: str, quick: bool, runs: int) -> dict:
    """One program: it measures both sides in turn, several times, and prints all values."""
    target = os.environ.get("CARGO_TARGET_DIR") or report.ROOT / "target"
    command = [os.path.join(target, "release", program), "--runs", str(runs), *(["--quick"] if quick else [])]
    print(f"P6 {program}", file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def metrics(raw: dict):
    for result in raw.values():
        for row in result["metrics"]:
            yield report.metric(
                row["name"], row["unit"], row["better"], row["ours"], row["peer"], row["peer_name"]
            )
