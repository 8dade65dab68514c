"""`mechgrade learn`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.common import BackendOption, LabOption, ModelOption, ServerOption, stop, the_course
from mechgrade.doors.cli.learn import chosen, read_state
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course
    from mechgrade.doors.page.place import Place
    from mechgrade.grading.options import Options


def learn(
    exercise: Annotated[
        str | None, typer.Argument(help="The exercise to open: its name, LAB/NAME or file. [default: the current one]")
    ] = None,
    lab: LabOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in your browser.")] = True,
    server: ServerOption = True,
) -> None:
    """Open the course as a page on this machine: text and verdict side by side, new with each save.

    Ends with Ctrl-C. Started a second time in the same checkout, it opens the page of the first.
    """
    from mechgrade.course.devices import see_here
    from mechgrade.doors.page.place import Place
    from mechgrade.grading.options import resolve
    from mechgrade.progress.progress import Progress

    course = the_course()
    path = "/"
    if exercise is not None or lab is not None:
        found = chosen(course, read_state(Progress(course)), exercise, lab)
        path = f"/{found.lab}/{found.name}"
    place = Place(course.root)
    if not place.take():
        address = place.read()
        if address is None:
            stop("another `mechgrade learn` is just starting here: try again in a moment")
        typer.echo(f"mechgrade learn runs already (process {address.process}): {address.url(path)}")
        if browser:
            _open(address.url(path))
        return
    # As Ctrl-C does: what was begun is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        see_here(device)
        options = resolve(course, model=model, backend=backend, device=device, views=True)
        is_outdated = _serve(course, options, place, path, browser, server)
    except CourseError as error:
        stop(error)
    finally:
        place.close()
    if is_outdated:
        typer.echo("The engine, the model or course.yaml has changed: starting anew.")
        sys.stdout.flush()
        # The page that is open finds the new server by itself.
        command = [sys.executable, "-m", "mechgrade.doors.cli", *sys.argv[1:]]
        os.execv(sys.executable, command if "--no-browser" in command else [*command, "--no-browser"])
    typer.echo("\nThe page has ended. Your files and your progress are as you left them.")


def _serve(course: Course, options: Options, place: Place, path: str, browser: bool, warm: bool) -> bool:
    """Serve until Ctrl-C, or until engine or course have changed: whether that was it."""
    from mechgrade.doors.page.live import Live
    from mechgrade.doors.page.server import Server
    from mechgrade.doors.watch.saves import Saves
    from mechgrade.doors.workers import open_worker
    from mechgrade.grading.dependencies import held_by_command
    from mechgrade.grading.grade import Grading
    from mechgrade.grading.warm.fingerprint import fingerprint
    from mechgrade.sandbox import probe

    def ready() -> None:
        typer.echo(f"Your page: {address.url(path)}\nIt shows exercises/ as you save them. Ctrl-C ends it.")
        sys.stdout.flush()
        if browser:
            _open(address.url(path))

    level = probe().level
    held, before = held_by_command(course), fingerprint(course, level)
    worker = open_worker(course, options, warm=warm)
    chosen = course.exercises()
    try:
        grading = Grading(course, options, worker)
        if chosen:
            worker.start(options.spec(course, course.lab(chosen[0].lab)))  # it loads while the learner reads

        def is_current() -> bool:
            return held.unchanged() and fingerprint(course, level) == before

        live = Live(course, grading, chosen, is_current, lambda: server.end())
        listening, address = place.open()
        server = Server(live, address.token, ready)
        saves = Saves(course, live.submission.path, chosen, live.events.put)
        saves.start()
        live.start()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                server.run([listening])
        finally:
            saves.close()
            live.close()
    finally:
        worker.close()
    return live.outdated


def _open(url: str) -> None:
    """Open an address in the browser, where there is one that does not take over this terminal."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
    if sys.platform == "darwin" or any(os.environ.get(name) for name in screens):
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(url)
