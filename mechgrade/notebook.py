"""What a cell of a learner's notebook imports: ``from mechgrade.notebook import check, hint``."""

from mechgrade.doors.notebook.kernel import check, hint

__all__ = ["check", "hint"]
