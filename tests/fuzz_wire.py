"""Fuzz the wire's decoder, guided by coverage: ``python tests/fuzz_wire.py [SECONDS] [--runs N] [--corpus DIR]``.

What it finds is written to the current directory as ``crash-…`` or ``timeout-…``, and becomes a case in test_wire.py. Needs atheris
(in the extra ``dev``, on Linux x86-64).
"""

from __future__ import annotations

import argparse
import struct
import sys
import tempfile
from pathlib import Path

import atheris
import numpy as np

with atheris.instrument_imports(include=["mechgrade.protocol.wire", "json.decoder", "safetensors.numpy"]):
    from mechgrade.protocol import wire

SEEDS = [
    wire.encode(None),
    wire.encode(
        {"kind": "returned", "data": [1, 2.5, "text", True, None, (1, 2), {"a": float("nan"), 3: float("inf")}]}
    ),
    *(
        wire.encode({"x": wire.Array(np.ones((2, 3), "float32" if dtype == "bfloat16" else dtype), dtype)})
        for dtype in sorted(wire.DTYPES)
    ),
]


@atheris.instrument_func
def one(data: bytes) -> None:
    """A tree, or a WireError: any other exception is a finding, as are time and memory past libFuzzer's limits."""
    # As it stands; and with a right length, which chance would rarely find.
    for message in (data, struct.pack(">I", len(data)) + data, struct.pack(">I", 4) + b"null" + data):
        try:
            tree = wire.decode(message)
        except wire.WireError:
            continue
        # What was let in can be sent on, and says the same.
        wire.encode(tree)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the wire's decoder.")
    parser.add_argument("seconds", nargs="?", type=int, default=60)
    parser.add_argument("--runs", type=int, default=-1, help="stop after so many")
    parser.add_argument("--corpus", type=Path, help="a directory of inputs to begin with, that grows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        corpus = options.corpus or Path(temporary)
        corpus.mkdir(exist_ok=True)
        for number, seed in enumerate(SEEDS):
            (corpus / f"seed-{number}").write_bytes(seed)
        limits = [
            f"-max_total_time={options.seconds}",
            f"-runs={options.runs}",
            "-timeout=5",
            "-rss_limit_mb=2048",
            "-max_len=4096",
        ]
        atheris.Setup([sys.argv[0], str(corpus), *limits], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
