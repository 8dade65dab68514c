"""The settings that the project's nbgrader_config.py takes over."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    GetGrades,
    LimitOutput,
    OverwriteKernelspec,
)
from sqlalchemy.exc import SAWarning
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from mechgrade.course import CourseError
from mechgrade.doors.nbgrader.collect import Collect, complete_before, settle
from mechgrade.doors.nbgrader.exchange import read_place
from mechgrade.doors.nbgrader.feedback import Page
from mechgrade.doors.nbgrader.reader import Reader
from mechgrade.doors.nbgrader.release import Stubs
from mechgrade.doors.nbgrader.restore import Restore
from mechgrade.doors.nbgrader.sandbox import Sandbox
from mechgrade.doors.nbgrader.written import Grades, SaveGrades

#: The class's directory under the course's: nbgrader's source/, release/, submitted/ …, and the gradebook.
CLASS = "gradebook"


def configure(c: Any, root: Path) -> None:
    """Make nbgrader's commands release and grade this course.

    Args:
        c: nbgrader's configuration.
        root: the course's directory.
    """
    # nbgrader makes a new gradebook by the command `alembic`, which is not in the PATH of who calls .venv/bin/nbgrader by its path.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    place = read_place(root / CLASS)
    c.CourseDirectory.course_id = place.course_id
    c.CourseDirectory.root = str(root / CLASS)
    if url := os.environ.get("MECHGRADE_DB"):
        c.CourseDirectory.db_url = url
    if exchange := os.environ.get("MECHGRADE_EXCHANGE") or place.root:
        c.Exchange.root = exchange
    # Beside notebooks nothing is graded: a file of the instructor's would go to learners as it is, solutions and all.
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py"]
    c.GenerateAssignment.preprocessors = [
        Stubs if each is ClearSolutions else each for each in GenerateAssignment().preprocessors
    ]
    c.Autograde.exporter_class = Reader
    c.Autograde.pre_convert_hook = settle
    c.Autograde.sanitize_preprocessors = [ClearOutput, OverwriteKernelspec, Restore, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [Sandbox, LimitOutput, SaveGrades, AssignLatePenalties, CheckCellMetadata]
    c.GenerateFeedback.exporter_class = Page
    c.GenerateFeedback.preprocessors = [
        Grades if each is GetGrades else each for each in GenerateFeedback().preprocessors
    ]
    c.ExchangeFactory.collect = Collect
    c.Sandbox.course_root = c.Restore.course_root = str(root)
    complete_before(Autograde)
    # SQLAlchemy's warnings are about nbgrader's models, and none of the instructor's.
    warnings.filterwarnings("ignore", category=SAWarning)


def database(root: Path) -> str:
    """The gradebook's URL, by the course's nbgrader_config.py.

    Raises:
        CourseError: there is none.
    """
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    except ConfigFileNotFound:
        raise CourseError(without_configuration(root)) from None
    return str(CourseDirectory(config=config).db_url)


def existing(root: Path) -> str:
    """The gradebook's URL, where there is a gradebook.

    Raises:
        CourseError: there is none.
    """
    url = database(root)
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.is_file():
        raise CourseError(f"there is no gradebook {path} yet; `mechgrade release LAB` begins one")
    return url


def without_configuration(root: Path) -> str:
    """What to say where nbgrader would not know the course."""
    return (
        f"there is no nbgrader_config.py in {root}, so nbgrader would not know this course; "
        "copy it from a course that `mechgrade init` makes"
    )
