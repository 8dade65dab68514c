"""JupyterLab on a lab's notebook, with this environment's Python as the kernel."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from mechgrade.course import Course
from mechgrade.course.modules import COURSE_VARIABLE

#: Seconds that JupyterLab and its kernels have to end.
_LONGEST = 20.0


def command(course: Course, path: Path, *, browser: bool) -> list[str]:
    """What starts JupyterLab in the course's directory, with the notebook open."""
    more = [] if browser else ["--no-browser"]
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        *(sys.executable, "-m", "jupyterlab", *more, *(["--allow-root"] if root else [])),
        "-y",  # Ctrl-C ends it; without this it waits for an answer, and goes on if there is none
        # Nothing is asked of the network: neither news nor whether there is a newer version.
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--ServerApp.root_dir={course.root}",
        f"--LabApp.default_url=/lab/tree/{quote(path.relative_to(course.root).as_posix())}",
    ]


def environment(course: Course) -> dict[str, str]:
    """The environment of JupyterLab and its kernels: a kernel of this name elsewhere does not go before this environment's."""
    return {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", COURSE_VARIABLE: str(course.root)}


def serve(course: Course, path: Path, *, browser: bool) -> int:
    """Run JupyterLab until it ends; its exit code. Ctrl-C ends it."""
    lab = subprocess.Popen(command(course, path, browser=browser), cwd=course.root, env=environment(course))
    try:
        return lab.wait()
    except KeyboardInterrupt:
        # The terminal has sent it to JupyterLab as well, which ends its kernels first.
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            lab.wait(_LONGEST)
        return 0
    finally:
        lab.kill()
        lab.wait()
