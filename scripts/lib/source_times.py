#!/usr/bin/env python3
"""Gives the files of a fresh checkout the times that they had in the last one at the same place.

    source_times.py ROOT TARGET

Cargo compiles again what is newer than its artefacts, and in a fresh checkout everything is new, also what the artefacts
in TARGET were made from. So the time of each file and folder is noted in TARGET with the hash of its content, and where
the content is the same as at the last checkout, the time is set back. What changed, or changed back, keeps its new time:
the note is of the last checkout only. Does nothing in a checkout with changes of its own. Prints one line.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path


def git(root: Path, *words: str) -> bytes:
    """What git prints."""
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True).stdout


def objects(root: Path) -> dict[str, str]:
    """Hash of the content of each tracked file and folder."""
    found = {}
    for entry in git(root, "ls-tree", "-r", "-t", "-z", "HEAD").split(b"\0"):
        if entry:
            about, path = entry.split(b"\t", 1)
            found[os.fsdecode(path)] = about.split()[2].decode()
    return found


def restore(root: Path, note: Path) -> tuple[int, int]:
    """How many of how many times were set back."""
    try:
        before = json.loads(note.read_text())
    except (OSError, ValueError):
        before = {}
    times, kept = {}, 0
    # Deepest first: nothing that is done inside changes a folder's time afterwards.
    for path, content in sorted(objects(root).items(), reverse=True):
        place = root / path
        known = before.get(path)
        if isinstance(known, list) and known[0] == content:
            os.utime(place, ns=(known[1], known[1]), follow_symlinks=False)
            kept += 1
        times[path] = [content, os.lstat(place).st_mtime_ns]
    note.parent.mkdir(parents=True, exist_ok=True)
    beside = note.with_suffix(".new")
    beside.write_text(json.dumps(times))
    beside.replace(note)
    return kept, len(times)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    root, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    try:
        if git(root, "status", "--porcelain"):
            print("times: this checkout has changes of its own, left as they are")
            return 0
        place = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        kept, of = restore(root, target / "source-times" / f"{place}.json")
    except (OSError, subprocess.CalledProcessError) as error:
        # Costs time, and nothing else.
        print(f"times: left as they are: {error}")
        return 0
    print(f"times: {kept} of {of} files and folders are as in the last checkout here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
