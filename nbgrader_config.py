"""Settings of nbgrader's commands in this directory. The reasons are in mechgrade/doors/nbgrader/config.py."""

from pathlib import Path

from mechgrade.doors.nbgrader.config import configure

c = get_config()  # noqa: F821  nbgrader gives this name
configure(c, Path(__file__).parent)

# What you may want to change:
# c.CourseDirectory.course_id = "interp-2027"
# c.Exchange.root = "/srv/nbgrader/exchange"
# c.CourseDirectory.db_url = "postgresql://user@host/gradebook"  # several graders at once
# c.Sandbox.device = "cuda"
