#!/usr/bin/env python3
"""Two people at two terminals: drives `bimp chat` through pseudo-terminals, as hands and eyes would.

    terminal.py BIMP PEOPLE

PEOPLE is a JSON list of two objects: the name that the other one calls a person by, and the variables of the environment that
their `bimp` needs. Only the standard library is used. The last line counts what was checked.
"""

import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 120
CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
# Not in Python's termios.
CIBAUD = 0x100F0000
CHECKED = []


def checked(what):
    CHECKED.append(what)
    print(f"ok: {what}", flush=True)


def size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, arguments, variables):
        self.ours, self.theirs = os.openpty()
        size(self.ours, 24, 80)
        self.before = termios.tcgetattr(self.theirs)
        self.seen = b""
        self.process = subprocess.Popen(
            arguments,
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            env={**os.environ, **variables},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def read(self, seconds=0.05):
        """What the program has shown meanwhile is added to what was seen."""
        ready, _, _ = select.select([self.ours], [], [], seconds)
        if ready:
            try:
                self.seen += os.read(self.ours, 65536)
            except OSError:
                time.sleep(seconds)
        return self.seen

    def text(self, since=0):
        return CONTROL.sub(b"", self.seen[since:]).decode(errors="replace")

    def wait(self, words, since=0, others=(), meanwhile=None):
        """Until `words` are on the screen, while the others' screens are read as well and `meanwhile` is done every few seconds."""
        until = time.monotonic() + PATIENCE
        again = time.monotonic() + 3
        while words not in self.text(since):
            if meanwhile and time.monotonic() > again:
                meanwhile()
                again = time.monotonic() + 3
            if time.monotonic() > until:
                raise SystemExit(f"{words!r} does not come:\n{self.text(since)}")
            if self.process.poll() is not None and not self.left():
                raise SystemExit(f"it ended before {words!r}:\n{self.text(since)}")
            self.read()
            for other in others:
                other.read(0)
        return len(self.seen)

    def left(self):
        ready, _, _ = select.select([self.ours], [], [], 0)
        return bool(ready)

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def ended(self, code=0):
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            if time.monotonic() > until:
                raise SystemExit(f"it does not end:\n{self.text()}")
            self.read()
        while self.left():
            before = len(self.seen)
            self.read()
            if len(self.seen) == before:
                break
        if self.process.returncode != code:
            raise SystemExit(f"exit code {self.process.returncode}:\n{self.text()}")
        after = termios.tcgetattr(self.theirs)
        # Of the control flags without the input's speed, which the kernel fills in when they are set for the first time.
        kept = [[*flags[:2], flags[2] & ~CIBAUD, flags[3]] for flags in (self.before, after)]
        if kept[0] != kept[1]:
            raise SystemExit(f"the terminal is not as it was: {self.before} {after}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


def columns(line):
    """Columns of a line, where the letters of these tests are one wide."""
    return len(CONTROL.sub(b"", line).decode(errors="replace"))


def talk(bimp, anna, ben):
    one = Terminal([bimp, "chat", ben["name"]], anna["variables"])
    two = Terminal([bimp, "chat", anna["name"]], ben["variables"])
    both = (one, two)
    for terminal in both:
        terminal.wait("/help lists the commands", others=both)
    one.type("hello from a terminal\r")
    two.wait(f"{anna['name']}: hello from a terminal", others=both)
    one.wait("✓✓ read", others=both)
    checked("a line that is typed is on the other screen, and its marks say that it was read")

    # Such a sign is sent once and kept by nobody: one of them may be lost, and a person goes on typing.
    two.type("wait, I ")
    one.wait(f"{ben['name']} is typing", others=both, meanwhile=lambda: two.type("am "))
    checked("it is seen that the other side types")
    two.type("\x15")

    number = re.findall(r"(\d+)  \S+: hello from a terminal", two.text())[-1]
    at = len(two.seen)
    two.type("/rea\t")
    two.wait("/react ", at, both)
    since = len(one.seen)
    two.type(f"{number} +1\r")
    one.wait("hello from a terminal  +1", since, both)
    two.type(f"/reply {number} and back\r")
    one.wait("and back  (answers", since, both)
    two.type("/search TERMINAL\r")
    two.wait("hello from a terminal  +1", at, both)
    checked("the tab key completes, and reactions, answers and searches are shown")

    size(one.ours, 24, 40)
    time.sleep(0.5)
    since = len(one.read())
    one.type("x" * 120)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        one.read()
    lines = one.seen[since:].split(b"\r\x1b[J")[1:]
    drawn = [columns(line.split(b"\r")[0]) for line in lines]
    if not drawn or max(drawn) > 40 or max(drawn) < 30:
        raise SystemExit(f"lines of {drawn} columns in a terminal of 40")
    since = len(one.seen)
    size(one.ours, 24, 100)
    one.wait("x" * 60, since, both)
    checked("the line that is typed fits into the terminal, and is drawn anew when that has another size")

    # The first empties the line, the second ends.
    one.type("\x03")
    time.sleep(0.3)
    if one.process.poll() is not None:
        raise SystemExit("Ctrl-C on a line that is not empty has ended it")
    one.type("\x03")
    one.ended()
    os.kill(two.process.pid, signal.SIGTERM)
    two.ended()
    for terminal in both:
        terminal.close()
    checked("Ctrl-C and a signal leave the terminal as it was")


def without_trace(bimp, anna, ben):
    one = Terminal([bimp, "chat", ben["name"], "--no-trace"], anna["variables"])
    two = Terminal([bimp, "chat", anna["name"], "--no-trace"], ben["variables"])
    both = (one, two)
    for terminal in both:
        terminal.wait("* it has begun", others=both)
        if b"\x1b[?1049h" not in terminal.seen:
            raise SystemExit("it is shown where one can scroll back to it")
    one.type("quicksilver\r")
    two.wait(f"{anna['name']}: quicksilver", others=both)
    two.type("mercury\r")
    one.wait(f"{ben['name']}: mercury", others=both)
    checked("two talk without a trace")
    one.type("\x03")
    one.ended()
    two.wait("has ended it", others=(two,))
    two.ended()
    for terminal in both:
        if b"\x1b[?1049l" not in terminal.seen:
            raise SystemExit("the other screen stays")
        terminal.close()
    for person, other in ((anna, ben), (ben, anna)):
        said = subprocess.run(
            [bimp, "history", other["name"], "--limit", "500", "--json"],
            env={**os.environ, **person["variables"]},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        if "hello from a terminal" not in said:
            raise SystemExit(f"the ordinary history is gone: {said}")
        for word in ("quicksilver", "mercury"):
            if word in said:
                raise SystemExit(f"{word} is in the history: {said}")
    checked("it ends on both sides, and is in no history")


def main():
    bimp, people = sys.argv[1], json.loads(sys.argv[2])
    anna, ben = people
    talk(bimp, anna, ben)
    without_trace(bimp, anna, ben)
    print(f"{len(CHECKED)} passed, 0 failed")


if __name__ == "__main__":
    main()
