"""JupyterLab with nbgrader in headless Chromium: a learner fills a cell, is told the mistake, mends it; an instructor sees scores.

Screenshots are written to outputs/screenshots, to be looked at.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, later

from mechgrade.course.source import read_source
from mechgrade.course.variants import programs

from .room import Class, make_course

nbformat = later("nbformat")

pytestmark = pytest.mark.long

SHOTS = ROOT / "outputs" / "screenshots"

#: The machine may be busy: what a quiet one does in seconds.
PATIENCE = 600_000


@contextlib.contextmanager
def lab_server(room: Class, who: str, folder: Path) -> Iterator[str]:
    """JupyterLab in a folder, with a token of its own; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}"]
    command += ["--IdentityProvider.token=tried", f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    env = room.environment(
        who, {"MECHGRADE_COURSE": str(room.course.root), "JUPYTER_CONFIG_DIR": str(room.home / who / "c")}
    )
    log = (room.home / f"{who}.log").open("w")
    server = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 900
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=tried", timeout=5).close()
                break
            assert server.poll() is None and time.monotonic() < deadline, (room.home / f"{who}.log").read_text()
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def shot(page: Any, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SHOTS / f"{name}.png"))


def short_notebook(room: Class, path: Path) -> None:
    """What is on the page is what the browser's tests click at: one exercise, and no more cells than it needs."""
    nb = nbformat.read(path, as_version=4)
    nb.cells = [
        cell
        for cell in nb.cells
        if cell.metadata["mechgrade"]["part"] == "title"
        or cell.metadata["mechgrade"].get("exercise") == "lab3/find_heads"
    ]
    nbformat.write(nb, path)


def test_a_learners_and_an_instructors_day(room: Class, chromium: Any) -> None:
    exercise = room.course.exercise("find_heads")
    mistake = next(each for each in programs(room.course, exercise) if each.kind == "misconception")
    right = read_source(room.course, exercise).reference
    room.nbgrader("release_assignment", "lab3")
    room.environment("ada")
    room.nbgrader("fetch_assignment", "lab3", who="ada")
    path = room.home / "ada/lab3" / room.slug("lab3")
    short_notebook(room, path)
    with lab_server(room, "ada", room.home / "ada") as address:
        page = chromium.new_page(viewport={"width": 1300, "height": 1600})
        page.set_default_timeout(PATIENCE)
        _accept_dialogs(page)
        page.goto(f"{address}/lab/tree/lab3/{path.name}?token=tried")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_selector("text=Idle", state="attached")
        shot(page, "1-fetched")
        _run(page, "from mechgrade.notebook import check, hint")
        _fill(page, mistake.source)
        checked = _run(page, 'check("lab3/find_heads")')
        report = checked.locator(".mechgrade").last
        assert report.count() == 1, checked.inner_text()
        told = re.sub(r"\s+", " ", report.inner_text())
        shot(page, "2-mistake")
        assert mistake.sentence.replace("`", "").split(".")[0] in told
        _fill(page, right)
        checked = _run(page, 'check("lab3/find_heads")')
        assert "✓ passed" in checked.inner_text()
        shot(page, "3-passed")
        assert page.get_by_text("What you found.").count() == 1
        page.keyboard.press("Control+s")
        page.wait_for_timeout(3000)
        page.close()
    saved = nbformat.read(path, as_version=4)
    assert right.strip() in [cell.source.strip() for cell in saved.cells]
    room.nbgrader("submit", "lab3", "--student", "ada", who="ada")
    room.nbgrader("collect", "lab3")
    room.nbgrader("autograde", "lab3")
    assert room.scores("lab3")["ada"]["find_heads-check"] == 5.0
    with lab_server(room, "instructor", room.course.root) as address:
        page = chromium.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/tree?token=tried")  # for the cookie, which the page's own requests need
        page.wait_for_load_state()
        page.goto(f"{address}/formgrader/gradebook/lab3/{path.stem}?token=tried")
        page.wait_for_selector("tbody a")
        shot(page, "4-formgrader")
        text = page.inner_text("body")
        assert re.search(r"5\s+/\s+15|5\.0|\b5\b", text), text
        link = page.locator("tbody a").first
        link.click()
        page.wait_for_selector(".mechgrade", state="attached")
        shot(page, "5-submission")
        assert "passed" in page.inner_text("body")
        page.close()


def test_a_learner_alone_works_in_a_notebook(tmp_path: Path, chromium: Any) -> None:
    """`mechgrade notebook open`: the plot stands under its cell, and after Ctrl-C the work is in exercises/."""
    course = make_course(tmp_path / "course", {"lab3": ("find_heads",)})
    exercise = course.exercise("find_heads")
    right = read_source(course, exercise).reference
    log = tmp_path / "log"
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env |= {"HOME": str(tmp_path / "home"), "MECHGRADE_HOME": str(tmp_path / "progress")}
    command = [sys.executable, "-m", "mechgrade.doors.cli", "notebook", "open", "--no-browser"]
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=course.root, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + PATIENCE / 1000
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/lab/tree/\S+token=\w+", log.read_text())):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        page = chromium.new_page(viewport={"width": 1300, "height": 1600})
        page.set_default_timeout(PATIENCE)
        _accept_dialogs(page)
        page.goto(found[0])
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_selector("text=Idle", state="attached")
        _run(page, "from mechgrade.notebook import check, hint")
        checked = _run(page, 'check("lab3/find_heads")')
        shot(page, "notebook-1-not-run")
        assert "run the cell with your code first" in checked.inner_text()
        _run(page, "import torch")
        _run(page, "def find_heads")
        checked = _run(page, 'check("lab3/find_heads")')
        shot(page, "notebook-2-not-started")
        assert "not started" in checked.inner_text()
        _fill(page, right)
        checked = _run(page, 'check("lab3/find_heads")')
        shot(page, "notebook-3-passed")
        assert checked.locator(".jp-OutputArea-output").count() == 1, checked.inner_text()
        demo = _run(page, 'if __name__ == "__main__"')
        picture = demo.locator(".jp-OutputArea-output img")
        picture.scroll_into_view_if_needed()
        shot(page, "notebook-4-demonstration")
        assert picture.count() == 1 and picture.evaluate("img => img.naturalWidth") > 600
        page.keyboard.press("Control+s")
        page.wait_for_timeout(3000)
        page.close()
        os.killpg(server.pid, signal.SIGINT)
        assert server.wait(PATIENCE / 1000) == 0, log.read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    assert "wrote exercises/lab3/find_heads.py" in log.read_text()
    assert right.strip() in course.stub_path(exercise).read_text()


def _accept_dialogs(page: Any) -> None:
    """A slow server makes JupyterLab ask something now and then, over the page: it is told to go on."""

    def accept(dialog: Any) -> None:
        print(f"JupyterLab asked: {dialog.inner_text()!r}")
        dialog.locator(".jp-mod-accept").last.click()

    page.add_locator_handler(page.locator("dialog.jp-Dialog"), accept)


def _cell(page: Any, starts: str) -> Any:
    """The code cell whose text begins so."""
    return page.locator(".jp-CodeCell", has=page.locator(".cm-content", has_text=starts)).first


def _prompt(cell: Any) -> str:
    """What stands beside a code cell: `[ ]:` not run, `[*]:` running, `[3]:` run as the third."""
    return str(cell.locator(".jp-InputPrompt").first.inner_text()).strip()


def _execute(page: Any, cell: Any) -> None:
    """Press Control+Enter until the page takes it, and wait for the cell's end.

    A key that arrives while the page still arranges its cells, or while the kernel connects anew, is lost. A person
    sees that nothing happens and presses again.
    """
    before = _prompt(cell)
    for _press in range(20):
        page.keyboard.press("Control+Enter")
        for _look in range(30):
            page.wait_for_timeout(200)
            if _prompt(cell) != before:
                break
        else:
            cell.locator(".cm-content").click()
            continue
        break
    deadline = time.monotonic() + PATIENCE / 1000
    while "*" in _prompt(cell):
        assert time.monotonic() < deadline, f"still running: {cell.inner_text()}"
        page.wait_for_timeout(200)
    assert _prompt(cell) != before, f"never run: {cell.inner_text()}"


def _run(page: Any, starts: str) -> Any:
    """Run the cell that begins so; the cell."""
    cell = _cell(page, starts)
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    _execute(page, cell)
    return cell


def _fill(page: Any, source: str) -> None:
    """Replace the solution's text, and run the cell."""
    cell = _cell(page, "def find_heads")
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    # As pasted: typed, the editor would indent by itself.
    page.evaluate("text => document.execCommand('insertText', false, text)", source)
    _execute(page, cell)
