#!/usr/bin/env python3
"""Reads every document of the tree and fails where one no longer tells the truth.

Checked: links between documents, commands that name a script or an option of one, paths in code spans, tests that are
named as proof (`crate::module::test`), SDK versions pinned in Cargo.toml, each SDK crate once in Cargo.lock, and that every script is
explained somewhere. Prints each fault with file and line.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python before 3.11
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
SCRIPT = re.compile(r"(?<![\w/.-])(?:\./)?((?:scripts|tests|docker|\.ci)/[\w./-]+)")
OPTION = re.compile(r"(?<!\S)(--[a-z][a-z-]+)")
SDK_CRATE = re.compile(r"^(sp|sc|frame|pallet|substrate)-")
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:root|work|home)/")
# The tree at the top, as documents write it.
TREE = (
    "node", "runtime", "pallets", "primitives", "client", "sdk", "bitup", "bench", "chain-specs", "docs", "docker", "scripts", "tests", ".ci",
)
# A test's name has several words.
TEST = re.compile(r"[a-z0-9_]+(?:::[a-z0-9_]+)*::([a-z0-9]+(?:_[a-z0-9]+){2,})")
FUNCTION = re.compile(r"\bfn ([a-z0-9_]+)")


def tracked_files():
    """Files of the tree that git knows or would take, and that exist."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def anchors(text):
    """Anchors that a renderer makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (path.parent / name).resolve() if name else path
            if not file.exists():
                yield number, f"link to {target}, which does not exist"
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
                yield number, f"link to {target}: no such heading"


def is_there(document, name):
    """Whether a file is named from the root of the tree, or from the document's own folder."""
    return (ROOT / name).exists() or (document.parent / name).exists()


def check_commands(path, text, help_texts):
    """Scripts and their options in code blocks and code spans."""
    in_block = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
            continue
        for code in [line] if in_block else CODE_SPAN.findall(line):
            for match in SCRIPT.finditer(code):
                name = match[1].rstrip("./")
                if not is_there(path, name):
                    yield number, f"names {name}, which does not exist"
                elif name in help_texts:
                    # Up to the next command of the line; what follows a lone -- is for another program.
                    rest = re.split(r"[|;&#]|\s--\s", code[match.end():])[0]
                    for option in OPTION.findall(rest):
                        if option not in help_texts[name] and option != "--help":
                            yield number, f"{name} has no option {option}"
        for code in CODE_SPAN.findall(line) if not in_block else []:
            if re.fullmatch(r"[\w./-]+/[\w./-]*", code) and code.split("/")[0] in TREE and not is_there(path, code):
                yield number, f"names {code}, which does not exist"


def functions(files):
    """Names of all functions of the tree, tests among them."""
    return {name for path in files if path.suffix == ".rs" for name in FUNCTION.findall(path.read_text())}


def check_tests(text, known):
    for number, line in enumerate(text.splitlines(), 1):
        for code in CODE_SPAN.findall(line):
            test = TEST.fullmatch(code)
            if test and test[1] not in known:
                yield number, f"names {code}, and there is no function {test[1]}"


def check_machine(text):
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATHS.search(line):
            yield number, "carries a path of one machine"


def script_helps():
    helps = {}
    for script in sorted((ROOT / "scripts").iterdir()):
        if script.is_file() and os.access(script, os.X_OK):
            name = str(script.relative_to(ROOT))
            helps[name] = subprocess.run([script, "--help"], capture_output=True, text=True, timeout=60).stdout
    return helps


def check_versions():
    """SDK crates: pinned exactly, and each once in Cargo.lock (docs/decisions/0001-base.md)."""
    dependencies = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["dependencies"]
    pinned = {}
    for name, value in dependencies.items():
        table = {"version": value} if isinstance(value, str) else value
        crate = table.get("package", name)
        if "path" in table or not SDK_CRATE.match(crate):
            continue
        pinned[crate] = table["version"]
        if not table["version"].startswith("="):
            yield "Cargo.toml", f"{crate} is not pinned exactly: {table['version']}"
    locked = {}
    for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]:
        locked.setdefault(package["name"], []).append(package["version"])
    for crate, versions in locked.items():
        if SDK_CRATE.match(crate) and len(versions) > 1:
            yield "Cargo.lock", f"{crate} stands there in {len(versions)} versions: {', '.join(versions)}"
    for crate, version in pinned.items():
        # What only optional features need may be absent from the lock file.
        if crate in locked and locked[crate] != [version.lstrip("=")]:
            yield "Cargo.lock", f"{crate} is locked at {locked[crate]}, pinned at {version}"


def main():
    faults = []
    files = tracked_files()
    documents = [path for path in files if path.suffix == ".md"]
    helps = script_helps()
    known = functions(files)
    for path in documents:
        text = path.read_text()
        checks = [check_links(path, text), check_commands(path, text, helps), check_tests(text, known), check_machine(text)]
        faults += [f"{path.relative_to(ROOT)}:{number}: {fault}" for check in checks for number, fault in check]
    faults += [f"{file}: {fault}" for file, fault in check_versions()]
    words = "\n".join(path.read_text() for path in documents)
    faults += [f"{script}: no document mentions it" for script in helps if script not in words]
    for fault in faults:
        print(fault)
    print(f"{len(documents)} documents and {len(helps)} scripts read, {len(faults)} faults")
    sys.exit(1 if faults else 0)


main()
