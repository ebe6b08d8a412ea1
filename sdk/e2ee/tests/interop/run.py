#!/usr/bin/env python3
"""Cross test of the classical mode against PyPI's X3DH and DoubleRatchet.

    pip install -r tests/interop/requirements.txt
    cargo build --release --example interop
    python3 tests/interop/run.py target/release/examples/interop [--seeds 20]

Both directions: each implementation begins sessions that the other accepts. Messages are lost, delayed,
reordered, repeated and damaged; states are written out and read back. Exits with 1 at the first difference.
"""

import argparse
import asyncio
import random

from peers import PythonPeer, Refused, RustPeer


async def begin(first, second):
    """X3DH, first message included. Some of the first messages are lost or late."""
    await first.initiate(await second.bundle(), second.identity)
    opening = [await first.encrypt(f"opening {index}".encode()) for index in range(4)]
    for index in (2, 0, 3):
        assert await second.decrypt(opening[index], first.identity) == f"opening {index}".encode()
    await refused(second, opening[2], first.identity)
    answer = await second.encrypt(b"answer")
    assert await first.decrypt(answer, second.identity) == b"answer"


async def refused(peer, message, identity):
    try:
        await peer.decrypt(message, identity)
    except Refused:
        return
    raise AssertionError("a message was accepted that must not be")


class Conversation:
    def __init__(self, first, second, seed):
        self.peers = (first, second)
        self.random = random.Random(seed)
        self.wire, self.read, self.counts = [], set(), {}
        self.number = 0

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    async def send(self):
        sender = self.random.randrange(2)
        text = f"{self.number}:".encode() + self.random.randbytes(self.random.randrange(100))
        message = await self.peers[sender].encrypt(text)
        fate = self.random.randrange(10)
        if fate == 0:
            self.count("lost")
        else:
            copies = 2 if fate == 1 else 1
            self.wire += [(1 - sender, self.number, text, message)] * copies
        self.number += 1

    async def deliver(self):
        place = self.random.randrange(min(len(self.wire), 12))
        receiver, number, text, message = self.wire.pop(place)
        peer, identity = self.peers[receiver], self.peers[1 - receiver].identity
        if number in self.read:
            self.count("repeated")
            return await refused(peer, message, identity)
        if self.random.randrange(8) == 0:
            damaged = bytearray(message)
            damaged[-1 - self.random.randrange(32)] ^= 1 << self.random.randrange(8)
            await refused(peer, bytes(damaged), identity)
            self.count("damaged")
        assert await peer.decrypt(message, identity) == text
        self.read.add(number)
        self.count("read")
        self.count("late" if place else "in order")

    async def run(self, steps):
        for _ in range(steps):
            choice = self.random.randrange(20)
            if choice < 9:
                await self.send()
            elif choice < 10:
                await self.peers[self.random.randrange(2)].store()
                self.count("stored")
            elif self.wire:
                await self.deliver()
        while self.wire:
            await self.deliver()


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=400)
    arguments = parser.parse_args()
    total = {}
    for seed in range(arguments.seeds):
        for rust_begins in (True, False):
            rust = RustPeer(arguments.binary, bytes([seed + 1] * 32), seed)
            python = PythonPeer(bytes([seed + 101] * 32))
            first, second = (rust, python) if rust_begins else (python, rust)
            await begin(first, second)
            conversation = Conversation(first, second, seed)
            await conversation.run(arguments.steps)
            rust.close()
            for what, count in conversation.counts.items():
                total[what] = total.get(what, 0) + count
    counts = ", ".join(f"{count} {what}" for what, count in sorted(total.items()))
    print(f"{2 * arguments.seeds} conversations, half begun by each side: {counts}")
    assert all(total.get(what) for what in ("read", "late", "lost", "repeated", "damaged", "stored"))


if __name__ == "__main__":
    asyncio.run(main())
