"""From a save to its verdict on the page of `mechgrade learn`, in a browser, beside the exercise's own computing.

Run: ``python tests/benchmarks/bench_page.py [SAVES]``. Goal: the 95th percentile at most 0.5 s above the exercise's own computing,
which is what its scenarios take in the learner's process (the sum that the grader measures). It needs Chromium.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import write
from playwright.sync_api import sync_playwright
from support import ROOT, grade_folder

from mechgrade.course import load_course
from mechgrade.grading.worker import Worker

EXERCISES = ("repeated_tokens", "find_heads", "induction_scores")
#: The page notes down itself when the verdict is there: who asks from outside asks twice a second.
WATCH = """() => {
  window.seen = null;
  new MutationObserver((_, observer) => {
    if (!document.querySelector("#verdict h2.passed")) return;
    window.seen = Date.now();
    observer.disconnect();
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
COMMAND = [sys.executable, "-m", "mechgrade.doors.cli", "learn", "--no-browser", "--no-server"]


def main(saves: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for part in ("exercises", "graders", "interp"):
            shutil.copytree(ROOT / part, root / part)
        (root / "fixtures").symlink_to(ROOT / "fixtures")
        shutil.copy(ROOT / "course.yaml", root)
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder, "MECHGRADE_HOME": str(root / "home")}
        with subprocess.Popen(COMMAND, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as learn:
            assert learn.stdout is not None
            address = re.search(r"http://\S+", learn.stdout.readline())
            assert address
            try:
                measure(root, address[0], saves)
            finally:
                learn.terminate()


def measure(root: Path, address: str, saves: int) -> None:
    course = load_course(root)
    worker = Worker(course.limits.start_seconds)
    whole, own, over = [], [], []
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(address)
        for name in EXERCISES:
            page.goto(f"{address.partition('?')[0]}lab3/{name}")
            page.wait_for_selector("#verdict h2.not_started", timeout=300_000)  # the first loads the model
            path = course.stub_path(course.exercise(name))
            right = (ROOT / "solutions" / "lab3" / f"{name}.py").read_text(encoding="utf-8")
            for turn in range(-1, saves // len(EXERCISES)):
                path.write_text(f"{right}\nraise RuntimeError\n", encoding="utf-8")
                page.wait_for_selector("#verdict:not(.grading) h2.raised", timeout=300_000)
                time.sleep(0.5)
                page.evaluate(WATCH)
                started = time.time()
                path.write_text(right, encoding="utf-8")
                page.wait_for_selector("#verdict h2.passed", timeout=300_000)
                elapsed = page.evaluate("window.seen") / 1000 - started
                (entry,) = grade_folder(course, worker, root / "exercises", [course.exercise(name)]).exercises
                if turn >= 0:
                    whole.append(elapsed)
                    own.append(sum(check.seconds for check in entry.checks))
                    over.append(whole[-1] - own[-1])
        browser.close()
    worker.close()
    rows = {
        name: {"median": statistics.median(values), "p95": statistics.quantiles(values, n=20)[-1]}
        for name, values in (("save to page", whole), ("own computing", own), ("above it", over))
    }
    for name, row in rows.items():
        print(f"  {name:<18} median {row['median'] * 1e3:6.0f} ms   p95 {row['p95'] * 1e3:6.0f} ms")
    write("page", {"title": "learn: from a save to its verdict on the page", "saves": len(whole), "rows": rows})


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("saves", nargs="?", type=int, default=30)
    main(parser.parse_args().saves)
