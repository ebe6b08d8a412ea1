"""Network namespaces of tests: made, used, and gone again."""

import os
import subprocess


class Failure(Exception):
    """Something is missing or does not work; the text says what helps."""


def call(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Namespaces:
    """Network namespaces with names that nobody else has, and what runs in them."""

    def __init__(self, prefix):
        self.prefix = f"{prefix}{os.getpid()}"
        self.names, self.processes = [], []

    def add(self, name):
        full = f"{self.prefix}-{name}"
        call("ip", "netns", "add", full)
        self.names.append(full)
        self.run(name, "ip", "link", "set", "lo", "up")
        return full

    def run(self, name, *words, **options):
        return call("ip", "netns", "exec", f"{self.prefix}-{name}", *words, **options)

    def start(self, name, *words, **options):
        words = ["ip", "netns", "exec", f"{self.prefix}-{name}", *words]
        process = subprocess.Popen(words, text=True, **options)
        self.processes.append(process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.processes:
            self.processes.remove(process)

    def remove(self, names):
        for name in names:
            full = f"{self.prefix}-{name}"
            if full in self.names:
                call("ip", "netns", "del", full)
                self.names.remove(full)

    def close(self):
        for process in list(self.processes):
            self.end(process)
        for full in list(self.names):
            subprocess.run(["ip", "netns", "del", full], capture_output=True, check=False)
        self.names.clear()
