"""Where nbgrader's exchange is, kept in files: the instructor's in the class's folder, the learner's in Jupyter's own settings.

So every nbgrader command works in a new terminal, without a variable and without options.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mechgrade.errors import CourseError
from mechgrade.files import write_atomic

FILE = "exchange.json"

#: What nbgrader calls the course, by default.
COURSE_ID = "mechgrade"

#: nbgrader reads this from Jupyter's folder of settings, as it does a .py of the same name.
LEARNERS = "nbgrader_config.json"


@dataclass(frozen=True)
class Place:
    """Where the exchange is.

    Attributes:
        root: the folder; empty for nbgrader's own.
        course_id: the course's folder in it.
    """

    root: str = ""
    course_id: str = COURSE_ID


def read_place(folder: Path) -> Place:
    """What is kept in a class's folder.

    Raises:
        CourseError: the file cannot be read.
    """
    path = folder / FILE
    try:
        return Place(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Place()
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(
            f"{path} cannot be read ({type(error).__name__}); write it again: mechgrade exchange"
        ) from None


def open_exchange(folder: Path, root: Path, course_id: str) -> Path:
    """Make the exchange's folder where it is missing, and keep its place in the class's folder; the file.

    Raises:
        CourseError: it cannot be made, or not everybody can write to it.
    """
    root = root.absolute()
    try:
        if not root.exists():
            root.mkdir(parents=True)
            root.chmod(0o777)
    except OSError as error:
        raise CourseError(f"{root} cannot be made: {error.strerror}; take a folder that you may write to") from None
    if not root.is_dir():
        raise CourseError(f"{root} is no folder; name another, or take it away")
    if root.stat().st_mode & 0o002 == 0:
        raise CourseError(f"not everybody can write to {root}; nbgrader needs that: chmod 777 {root}")
    path = folder / FILE
    write_atomic(path, json.dumps(asdict(Place(str(root), course_id)), indent=1) + "\n")
    return path


def join(root: Path, course_id: str) -> Path:
    """Keep the exchange's place in the learner's Jupyter settings; the file. Other settings in it stay.

    Raises:
        CourseError: there is no such folder, or the file cannot be read or written.
    """
    root = root.absolute()
    if not root.is_dir() or not os.access(root, os.W_OK):
        raise CourseError(f"{root} is no folder that you can write to; ask your instructor where the exchange is")
    # As Jupyter has it, whose own module a learner's machine need not have.
    home = os.environ.get("JUPYTER_CONFIG_DIR") or str(Path.home() / ".jupyter")
    path = Path(home) / LEARNERS
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        settings.setdefault("CourseDirectory", {})["course_id"] = course_id
        settings.setdefault("Exchange", {})["root"] = str(root)
        write_atomic(path, json.dumps(settings, indent=1) + "\n")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CourseError(f"{path} cannot be read or written ({error}); correct it by hand") from None
    return path
