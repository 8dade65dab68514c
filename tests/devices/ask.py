"""Asks the stand-in what it refuses, and `--portable`'s watch what it tells: of the programs of mixtures.py and of random ones. JSON on stdout.

outputs/standin/venv/bin/python tests/devices/ask.py [NUMBER OF RANDOM PROGRAMS]
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

# In this folder `standin` is the source without its extension.
sys.path[0] = str(Path(__file__).parents[1])
import torch  # noqa: E402  it loads the device

from devices.mixtures import REFUSED, TAKEN, drawn, program  # noqa: E402
from mechgrade.bench.torch.placement import NAME, Placement  # noqa: E402

#: What PyTorch says where tensors of two devices meet. Another error of a random program is no matter of devices.
WORDS = (
    "same device",
    "different devices",
    "indices should be either on",
    "device type for generator",
    "device type tensor to numpy",
)


def run(body: str, device: str) -> str:
    """What a program raises on a device; empty where it raises nothing."""
    names: dict[str, Any] = {}
    torch.manual_seed(0)
    try:
        exec(compile(program(body), "mix.py", "exec"), names)
        names["f"](torch.arange(9.0, device=device).reshape(3, 3), torch.arange(3, device=device))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def told(body: str) -> list[str]:
    """The kinds of what is told of a program on a CPU."""
    watch = Placement("mix.py", program(body))
    try:
        run(body, NAME)
    finally:
        watch.close()
    return [each.kind for each in sorted(watch.found)]


def main(count: int) -> None:
    """Print, for each program, what the device says and what is told."""
    warnings.simplefilter("ignore")
    bodies = [body for _, body in REFUSED] + TAKEN + [drawn(seed) for seed in range(count)]
    found = []
    for body in bodies:
        error = run(body, "standin")
        found.append(
            {"body": body, "error": error, "refused": any(word in error for word in WORDS), "told": told(body)}
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
