"""P8: the congestion controller over simulated links, beside those of the QUIC library."""

import json
import os
import subprocess
import sys

import report

ABOUT = {
    "title": "Transport",
    "text": "UDX and the QUIC library's CUBIC, BBRv3 and NewReno over simulated links, in simulated time: the library's own "
    "connections send, only the link and the clock are made up, so that a run depends on its seed and not on the machine "
    "(but for BBRv3, whose chance cannot be seeded). One value per seed. The rules, the links and what must hold on each: "
    "[udx.md](udx.md).",
    "goal": "each row of the table in udx.md",
}
# scripts/bench builds it.
PROGRAM = "parlance-link-sim"


def run(_folder, quick: bool, runs: int) -> dict:
    """Runs every link. The documents' table and pictures are of whole runs only."""
    target = os.environ.get("CARGO_TARGET_DIR") or report.ROOT / "target"
    command = [os.path.join(target, "release", PROGRAM), "--runs", str(runs), "--json"]
    if not quick:
        documents = report.DOCUMENT.parent
        command += ["--docs", str(documents), "--pictures", str(documents / "pictures")]
    print(f"P8 {PROGRAM}", file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    result = json.loads(done.stdout)
    return {"metrics": list(metrics(result["metrics"])), "raw": result["raw"]}


def metrics(rows: list):
    for row in rows:
        yield report.metric(
            row["name"], row["unit"], row["better"], row["ours"], row["peer"], row["peer_name"]
        )
