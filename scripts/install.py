"""Install into the virtual environment: one line of progress, the whole log in a file, `uv` where there is one. Standard library alone.

On Linux pip's torch is the one for GPUs, and brings gigabytes. So where no NVIDIA driver is, and no index was named by hand, torch's index of
builds for processors is asked first. Where that index is out of reach, pip's own torch is installed, and this is said.

    python3 scripts/install.py --venv .venv '.[transformer-lens]'

`scripts/prepare_venv.py` comes before: it makes the environment and writes the constraints.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

#: Builds of torch for processors. The environment may name a mirror.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
INDEX_VARIABLE = "TORCH_CPU_INDEX"
#: Variables by which a user has chosen an index; then the choice stands.
CHOSEN = (
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
)

#: What in pip's or uv's log names the package that is being worked on.
_WORKING = re.compile(r"\s*(Collecting|Downloading|Building|Installing|Preparing|Resolved|Prepared|Installed)\b\s*(.*)")


def has_driver() -> bool:
    """Whether this machine has an NVIDIA driver."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def index_for(environ: Mapping[str, str], system: str, driver: bool, keeps_torch: bool) -> tuple[str, str]:
    """The further index to install from, empty for none, and the sentence that says so.

    Args:
        environ: the user's environment.
        system: as :func:`platform.system` has it.
        driver: whether there is an NVIDIA driver.
        keeps_torch: whether the torch that is there stays.
    """
    if keeps_torch or system != "Linux" or driver:
        return "", ""
    if chosen := next((name for name in CHOSEN if environ.get(name)), None):
        return "", f"index: as {chosen} says"
    index = environ.get(INDEX_VARIABLE, CPU_INDEX).rstrip("/")
    try:
        with urllib.request.urlopen(f"{index}/torch/", timeout=8):
            return index, f"torch: the build for processors, from {index}, because there is no NVIDIA driver"
    except (OSError, ValueError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        return (
            "",
            f"torch: from the usual index, which may bring the build for GPUs, several gigabytes, because {index} is out of reach ({reason})",
        )


def command_for(venv: Path, wanted: str, index: str) -> list[str]:
    """What installs: uv where it is installed, or else pip."""
    uv = shutil.which("uv")
    constraints = ["-c", str(venv / "constraints.txt")]
    if uv is not None:
        # By default uv takes all of a package's versions from the first index that has one; torch's index has old ones of others.
        further = ["--extra-index-url", index, "--index-strategy", "unsafe-best-match"] if index else []
        return [uv, "pip", "install", "--python", str(venv / "bin/python"), *constraints, *further, "-e", wanted]
    further = ["--extra-index-url", index] if index else []
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    return [*pip, *constraints, *further, "-e", wanted]


def run(command: list[str], log: Path) -> int:
    """Run what installs, with its words in a log and one line of progress on a terminal; its exit code."""
    started = time.monotonic()
    terminal = sys.stdout.isatty()
    with log.open("w", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n")
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
        )
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            file.flush()
            if terminal and (found := _WORKING.match(line)):
                words = f"{found[1].lower()} {found[2].split(' ')[0].rpartition('/')[2]}"
                width = max(shutil.get_terminal_size().columns - 1, 20)
                print(
                    f"\r{f'installing, {time.monotonic() - started:.0f} s: {words}'[:width]:<{width}}",
                    end="",
                    flush=True,
                )
        code = process.wait()
    seconds = time.monotonic() - started
    begin = "\r\x1b[K" if terminal else ""
    if code == 0:
        print(f"{begin}installed in {seconds:.0f} s; the log is {log}")
        return 0
    print(f"{begin}installing failed after {seconds:.0f} s; the end of {log}:", file=sys.stderr)
    print("\n".join(log.read_text(encoding="utf-8").splitlines()[-12:]), file=sys.stderr)
    return code


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wanted", help="what pip is told to install, such as '.[transformer-lens]'")
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    options = parser.parse_args()
    # prepare_venv.py writes other constraints than the project's where a torch stays.
    pins = [path.read_text(encoding="utf-8") for path in (options.venv / "constraints.txt", Path("constraints.txt"))]
    index, sentence = index_for(os.environ, platform.system(), has_driver(), pins[0] != pins[1])
    if sentence:
        print(sentence)
    return run(command_for(options.venv, options.wanted, index), options.venv / "setup.log")


if __name__ == "__main__":
    sys.exit(main())
