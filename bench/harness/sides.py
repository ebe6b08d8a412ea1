"""The sides that are compared: our node, and the peer at our slot and at its own."""

import dataclasses
import os
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Side:
    """One node program with the settings it is measured under."""

    key: str
    name: str
    binary: str
    # Ends the names of its chains: `dev` and `local` with this behind.
    suffix: str = ""

    def spec(self, folder: pathlib.Path, chain: str, accounts: int = 0) -> pathlib.Path:
        """The raw specification of `dev` or `local`, with that many endowed accounts."""
        out = folder / f"{self.key}-{chain}-{accounts}.json"
        if out.exists():
            return out
        plain = folder / f"{self.key}-{chain}.raw.json"
        if not plain.exists():
            plain.write_text(self._export(chain + self.suffix))
        if not accounts:
            return plain
        endow = ["endow", "--spec", plain, "--out", out, "--accounts", accounts]
        subprocess.run([LOAD, *map(str, endow)], check=True)
        return out

    def _export(self, chain: str) -> str:
        command = [self.binary, "export-chain-spec", "--raw", "--chain", chain]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
        return done.stdout


LOAD = os.environ["LOAD_BIN"] if "LOAD_BIN" in os.environ else "parlance-bench-load"
OURS = Side("ours", "Parlance", os.environ.get("PARLANCE_BIN", "parlance"))
_STOCK = os.environ.get("STOCK_BIN", "parlance-bench-stock")
STOCK_2S = Side("stock-2s", "stock node, same 2 s slots", _STOCK, "-2s")
STOCK_6S = Side("stock-6s", "stock node, its own 6 s slots", _STOCK)
SIDES = [OURS, STOCK_2S, STOCK_6S]
PEERS = [STOCK_2S, STOCK_6S]


def in_turn(runs: int, sides=None):
    """(run, side) with the sides interleaved, the order turned round each time: what drifts hits all."""
    sides = SIDES if sides is None else sides
    for run in range(runs):
        for side in sides if run % 2 == 0 else reversed(sides):
            yield run, side
