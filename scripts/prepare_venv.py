"""Make the virtual environment that `make setup` installs into, and decide which torch is in it. Standard library alone: nothing is installed yet.

A machine for GPUs often comes with a torch of its own (NVIDIA's containers for DGX Spark and GH200 do, built for just that machine), and pip's would
take its place without seeing the GPU. So a torch that sees one stays: the environment shows the system's packages, and the pins leave torch out.

    python3 scripts/prepare_venv.py --torch auto|pinned|system --venv .venv

writes VENV/constraints.txt, says what it chose and why, and exits with 2 where that cannot be done.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PROBE = "import json, torch; print(json.dumps([torch.__version__, torch.cuda.is_available()]))"


@dataclass(frozen=True)
class Torch:
    """A torch that is installed: its version, and whether it sees a GPU."""

    version: str
    sees_gpu: bool


def probe(python: str | Path) -> Torch | None:
    """The torch that an interpreter imports, if it imports one."""
    done = subprocess.run([str(python), "-c", _PROBE], capture_output=True, text=True, check=False)
    try:
        version, sees_gpu = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return None
    return Torch(str(version), bool(sees_gpu))


def choose(mode: str, own: Torch | None, system: Torch | None) -> tuple[Torch | None, str]:
    """Which torch stays (None: pip installs the pinned one), and the sentence that says so.

    Args:
        mode: ``auto``, ``pinned`` or ``system``.
        own: what the environment itself holds; ``system``: what the interpreter outside has.

    Raises:
        ValueError: ``system``, and there is none; the text says what to do.
    """
    if mode == "pinned":
        return None, "torch: the pinned version, because TORCH=pinned"
    if mode == "system":
        if system is None:
            raise ValueError(
                "TORCH=system, but this Python has no torch: install one, name another PYTHON=, or take TORCH=pinned"
            )
        return system, f"torch: the system's {system.version} stays, because TORCH=system"
    for where, found in (("environment's", own), ("system's", system)):
        if found is not None and found.sees_gpu:
            return (
                found,
                f"torch: the {where} {found.version} stays, because it sees a GPU (TORCH=pinned takes the pinned version)",
            )
    if system is not None:
        return None, f"torch: the pinned version; the system's {system.version} sees no GPU (TORCH=system keeps it)"
    return None, "torch: the pinned version; this Python has none of its own"


def constraints(text: str, kept: Torch | None) -> str:
    """The pins, with the torch that stays in place of the pinned one."""
    if kept is None:
        return text
    lines = [line for line in text.splitlines() if not re.match(r"(torch|triton)==", line)]
    return "\n".join([*lines, f"torch=={kept.version}"]) + "\n"


def prepare(venv: Path, mode: str) -> str:
    """Make or keep the environment, and write its constraints; what was chosen, as a sentence."""
    python = venv / "bin" / "python"
    usable = _is_here(venv)
    own, system = probe(python) if usable else None, probe(sys.executable)
    if own is not None and own == system:
        own = None  # the environment only shows the system's
    kept, sentence = choose(mode, own, system)
    shows_system = kept is not None and kept is not own
    if not usable or (shows_system and not _shows_system(venv)) or (mode == "pinned" and _shows_system(venv)):
        flags = ["--system-site-packages"] if shows_system else []
        subprocess.run([sys.executable, "-m", "venv", "--clear", *flags, str(venv)], check=True)
    (venv / "constraints.txt").write_text(constraints(Path("constraints.txt").read_text(encoding="utf-8"), kept))
    return sentence


def _is_here(venv: Path) -> bool:
    """Whether the environment works, and was made in this place: its scripts stop working where it is moved or copied."""
    done = (
        subprocess.run([str(venv / "bin" / "pip"), "--version"], capture_output=True, text=True, check=False)
        if (venv / "bin" / "pip").exists()
        else None
    )
    return done is not None and f"{venv.resolve()}/" in done.stdout


def _shows_system(venv: Path) -> bool:
    text = (venv / "pyvenv.cfg").read_text(encoding="utf-8") if (venv / "pyvenv.cfg").exists() else ""
    return re.search(r"include-system-site-packages\s*=\s*true", text) is not None


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--torch", default="auto", metavar="auto|pinned|system")
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    options = parser.parse_args()
    if options.torch not in ("auto", "pinned", "system"):
        print(f"there is no TORCH={options.torch}; there are auto, pinned and system", file=sys.stderr)
        return 2
    try:
        print(prepare(options.venv, options.torch))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
