"""What a cell of a learner's notebook imports: ``from mechgrade.notebook import check, hint``."""

from mechgrade.course.modules import share_around
from mechgrade.doors.notebook.kernel import check, hint, submit_check

share_around()

__all__ = ["check", "hint", "submit_check"]
