"""The error that every command tells its user, on its own: course.py brings pydantic, which `--help` need not wait for."""

from __future__ import annotations


class CourseError(Exception):
    """The course or a name in it is not right. `mistakes` holds one sentence each; the text is all of them."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes
