"""Move the pins: `python scripts/pins.py torch==2.14.0 numpy` resolves constraints.txt anew, with some packages moved and the rest as they are.

A package alone moves to the newest release that pyproject.toml allows; `--all` moves every package. Nothing is installed: pip resolves as it would for a
fresh environment, and what changes is printed. Then run `.ci/run`, because new versions may move recorded data: `make record`, and look at the difference.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = "transformer-lens,instructor,cluster,dev"

#: What torch pins itself, for one kind of machine.
_LEFT_OUT = re.compile(r"nvidia-|triton$|cuda-")


def name_of(line: str) -> str:
    """The package of a requirement, as pip writes names; empty for a comment."""
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def loosened(text: str, moved: list[str], everything: bool = False) -> str:
    """The pins without those that move; a requirement with a version is taken over."""
    names = {name_of(each) for each in moved}
    kept = [] if everything else [line for line in text.splitlines() if name_of(line) and name_of(line) not in names]
    return "\n".join([*kept, *(each for each in moved if name_of(each) != each.lower().replace("_", "-"))]) + "\n"


def renewed(text: str, report: dict[str, object]) -> str:
    """The pins as pip's report has them, below the comments of the old ones; without local parts of versions."""
    comments = [line for line in text.splitlines() if line.startswith("#")]
    found = {}
    for each in report["install"]:  # type: ignore[attr-defined]  # pip's own format
        name = name_of(each["metadata"]["name"])
        if name != "mechgrade" and not _LEFT_OUT.match(name):
            found[name] = each["metadata"]["version"].partition("+")[0]
    return "\n".join([*comments, *sorted(f"{name}=={version}" for name, version in found.items())]) + "\n"


def changes(before: str, after: str) -> list[str]:
    """What differs, a line for each package."""
    old, new = (
        {name_of(line): line.partition("==")[2] for line in text.splitlines() if name_of(line)}
        for text in (before, after)
    )
    both = sorted({**old, **new})
    return [
        f"{name}: {old.get(name, 'new')} -> {new.get(name, 'gone')}" for name in both if old.get(name) != new.get(name)
    ]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*", help="packages to move, with or without a version")
    parser.add_argument("--all", action="store_true", help="move every package")
    parser.add_argument(
        "--write", action="store_true", help="write constraints.txt; without it only show what would change"
    )
    options = parser.parse_args()
    path = ROOT / "constraints.txt"
    before = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        pins, report = Path(folder, "pins.txt"), Path(folder, "report.json")
        pins.write_text(loosened(before, options.packages, options.all), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--report", str(report), "-c", str(pins), "-e", f".[{EXTRAS}]"]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            print("pip found no set of versions that fit; name fewer packages, or other versions", file=sys.stderr)
            return code
        after = renewed(before, json.loads(report.read_text(encoding="utf-8")))
    print("\n".join(changes(before, after)) or "nothing changes")
    if options.write:
        path.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
