"""From `git clone` to the first failing verdict on the page, and to the first pass: commands, and seconds of this machine.

Run: ``python tests/benchmarks/bench_first.py [--install]``. A newcomer's way as README tells it: clone, ``make learn``, save a wrong
answer, save a right one. The clone is one of this checkout's last commit. Without ``--install`` the environment is the one that
runs this, and what `make` would install is left out and said to be. With it `uv` installs where there is one, else pip; both find
in their caches what was downloaded before (`UV_CACHE_DIR` and `PIP_CACHE_DIR`, set to empty folders, have them download all). The newcomer's own thinking is left out too. It needs Chromium.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import write
from playwright.sync_api import sync_playwright
from support import ROOT

LAB, NAME = "lab1", "describe_model"
#: What a newcomer writes first: something, and not the thing.
WRONG = "    return {}\n"


def main(install: bool) -> None:
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "mechgrade"
        rows["git clone, cd"] = {"commands": 2, "seconds": _seconds(["git", "clone", "--quiet", str(ROOT), str(root)])}
        command = [sys.executable, "-m", "mechgrade.doors.cli", "learn", "--no-browser", "--no-server"]
        if install:
            rows[f"make learn: installing, by {'uv' if shutil.which('uv') else 'pip'}"] = {
                "commands": 1,
                "seconds": _seconds(["make", "-C", str(root), "setup"]),
            }
            command[0] = str(root / ".venv/bin/python")
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder, "PYTHONPATH": str(root)}
        environment.pop("MECHGRADE_HOME", None)
        started = time.perf_counter()
        with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as learn:
            try:
                assert learn.stdout is not None
                address = re.search(r"http://\S+", learn.stdout.readline())
                assert address
                rows |= _saves(root, address[0], started, 0 if install else 1)
            finally:
                learn.terminate()
    verdict = [row for name, row in rows.items() if not name.endswith("passes")]
    for name, parts in (("to the first failing verdict", verdict), ("to the first pass", list(rows.values()))):
        rows[name] = {column: sum(row[column] for row in parts) for column in ("commands", "seconds")}
    for name, row in rows.items():
        print(f"  {name:<44} {row['commands']:2.0f} commands {row['seconds']:7.1f} s")
    about = "everything is installed already" if not install else "installing included"
    write("first", {"title": f"from git clone to the first verdicts; {about}", "rows": rows})


def _saves(root: Path, address: str, started: float, commands: int) -> dict[str, dict[str, float]]:
    """The page's part: until it shows the exercise, and for each save until it shows the verdict."""
    path = root / "exercises" / LAB / f"{NAME}.py"
    stub = path.read_text(encoding="utf-8")
    wrong = re.sub(r"    raise NotImplementedError.*\n", WRONG, stub)
    assert wrong != stub
    right = (ROOT / "solutions" / LAB / f"{NAME}.py").read_text(encoding="utf-8")
    found = {}
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#verdict h2.not_started", timeout=600_000)
        found["make learn: the page, the model loaded"] = _row(commands, started)
        for what, text, verdict in (("a save that fails", wrong, "wrong"), ("a save that passes", right, "passed")):
            started = time.perf_counter()
            path.write_text(text, encoding="utf-8")
            page.wait_for_selector(f"#verdict:not(.grading) h2.{verdict}", timeout=600_000)
            found[what] = _row(0, started)
        browser.close()
    return found


def _row(commands: int, started: float) -> dict[str, float]:
    return {"commands": commands, "seconds": time.perf_counter() - started}


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--install", action="store_true", help="install into the clone, as a newcomer's first `make` does"
    )
    main(parser.parse_args().install)
