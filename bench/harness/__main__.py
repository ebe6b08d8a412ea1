"""Runs one benchmark, or makes the table or the weights. Called by scripts/bench, which explains the use."""

import argparse
import pathlib
import shutil
import signal
import sys
import tempfile

import p1
import p3
import p5
import p6
import p8
import p9
import report
import weights

BENCHMARKS = {"P1": p1, "P3": p3, "P5": p5, "P6": p6, "P8": p8, "P9": p9}


def main():
    if sys.argv[1:2] == ["table"]:
        return report.write_table({name: module.ABOUT for name, module in BENCHMARKS.items()})
    if sys.argv[1:2] == ["weights"]:
        return weights.measure(sys.argv[2:])
    arguments = argparse.ArgumentParser(prog="scripts/bench")
    arguments.add_argument("id", choices=sorted(BENCHMARKS))
    arguments.add_argument("--quick", action="store_true", help="less load, and two runs")
    arguments.add_argument("--runs", type=int, help="runs per side (default: 5, or 2 with --quick)")
    arguments.add_argument("--keep", action="store_true", help="leave data and logs behind")
    options = arguments.parse_args()
    runs = options.runs or (2 if options.quick else 5)
    # Turned into an exception, so that the nodes are ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"parlance-bench-{options.id}-"))
    try:
        outcome = BENCHMARKS[options.id].run(folder, options.quick, runs)
    except Exception:
        print(f"failed; what it left is in {folder}", file=sys.stderr)
        raise
    report.write(options.id, outcome, options.quick, runs)
    if options.keep:
        print(f"data and logs: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return 0


sys.exit(main())
