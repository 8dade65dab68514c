"""Settings of nbgrader's commands in this directory: `pip install 'mechgrade[instructor]'` brings nbgrader."""

from pathlib import Path

from mechgrade.doors.nbgrader.config import configure

c = get_config()  # noqa: F821  nbgrader gives this name
configure(c, Path(__file__).parent)
c.CourseDirectory.course_id = "small-models-from-scratch"
